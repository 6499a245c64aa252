"""How near photographs come back from their own codes, on models whose error is known beforehand."""

import pytest
import torch

import ipose.evaluation.reconstruction as module
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError, DataError, MissingWeightsError
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.lpips import PerceptualDistance
from ipose.evaluation.reconstruction import reconstruction, reconstruction_cards
from ipose.images import image_float
from ipose.testing.tiny_scenes import make_scene
from ipose.training.config import TrainConfig
from ipose.training.run import Run
from ipose.types import Scene

SCENES = [make_scene(i) for i in range(5)]


def perfect(scenes):
    return torch.stack([image_float(scene.image) for scene in scenes])


def grey(scenes):
    return torch.zeros(len(scenes), 3, *scenes[0].size)


def scene_of(value):
    image = torch.full((3, 4, 6), value, dtype=torch.uint8)
    return Scene(
        f"plain {value}", image, torch.zeros(4, 6, dtype=torch.int64), torch.zeros(4, 6, dtype=torch.int32), ()
    )


FIRST_CHANNEL = PerceptualDistance("first@0123", lambda a, b: (a - b)[:, :1].square().mean((1, 2, 3)))
"""Stands in for LPIPS."""


class TestReconstruction:
    """reconstruction(reconstruct, scenes, perceptual): L1 in [0, 1] and LPIPS, means over photographs."""

    def test_is_0_for_a_model_that_gives_photographs_back(self):
        found = reconstruction(perfect, SCENES, FIRST_CHANNEL)
        assert (found.l1, found.lpips, found.photographs) == (0, 0, 5)

    def test_matches_a_hand_count(self):
        """Grey is 128 of 255. It is 128 from black and 127 from white: 0.5 on average."""
        found = reconstruction(grey, [scene_of(0), scene_of(255)], FIRST_CHANNEL)
        assert found.l1 == pytest.approx((128 + 127) / 2 / 255)
        assert found.lpips == pytest.approx(((128 / 127.5) ** 2 + (127 / 127.5) ** 2) / 2)

    def test_without_lpips_there_is_no_such_number(self):
        assert reconstruction(grey, SCENES).lpips is None

    def test_a_scene_without_photograph_is_refused(self):
        bare = Scene("bare", None, SCENES[0].label, SCENES[0].instance, ())
        with pytest.raises(DataError, match=r"bare.*codes are read from photographs"):
            reconstruction(grey, [bare])

    def test_no_scene_is_refused(self):
        with pytest.raises(ConfigError, match="no photograph to reconstruct"):
            reconstruction(grey, [])


class TestReconstructionCards:
    """reconstruction_cards(run, coder, options, data): one card a number, of the photographs of a split."""

    @pytest.fixture
    def run(self, tmp_path):
        data = DataConfig(categories=("car",), objects=(1, 1), scenes=2, val_scenes=5, scene_size=32)
        train = TrainConfig(steps=1, batch_size=1)
        run = Run.create(tmp_path / "run", kind="tiny", config={"data": data}, train=train, command="c")
        run.model.mkdir()
        return run

    def cards(self, run, **options):
        return reconstruction_cards(run, lambda run, device: (grey, (32, 48)), EvaluateOptions(**options))

    def test_without_lpips_the_card_of_l1_says_how_to_get_it(self, run):
        (card,) = self.cards(run, limit=3)
        assert (card.metric, card.protocol, card.counts) == ("Reconstruction L1", "reconstruction", {"photographs": 3})
        assert "LPIPS is left out: no file was named (--lpips FILE). Once, with a network, get https" in card.line()

    def test_lpips_stands_beside_it_with_its_network(self, run, monkeypatch, tmp_path):
        monkeypatch.setattr(module, "load_lpips", lambda file, device: FIRST_CHANNEL)
        one, two = self.cards(run, lpips=tmp_path / "alexnet.pth")
        assert (one.metric, two.metric, two.features) == ("Reconstruction L1", "Reconstruction LPIPS", "first@0123")
        assert one.counts == two.counts == {"photographs": 5}
        assert "left out" not in one.line()

    def test_a_missing_file_says_what_to_do(self, run, tmp_path):
        with pytest.raises(MissingWeightsError, match=r"no weights of LPIPS's AlexNet.*Once, with a network, get http"):
            self.cards(run, lpips=tmp_path / "nothing.pth")
