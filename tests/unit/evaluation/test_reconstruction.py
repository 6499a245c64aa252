"""How near photographs come back from their own codes, on models whose error is known beforehand."""

import pytest
import torch

from ipose.errors import ConfigError, DataError
from ipose.evaluation.lpips import PerceptualDistance
from ipose.evaluation.reconstruction import reconstruction, reconstruction_cards
from ipose.images import image_float
from ipose.testing.tiny_scenes import make_scene
from ipose.types import Scene

SCENES = [make_scene(i) for i in range(5)]


def perfect(scenes):
    return torch.stack([image_float(scene.image) for scene in scenes])


def grey(scenes):
    return torch.zeros(len(scenes), 3, *scenes[0].size)


def scene_of(value):
    image = torch.full((3, 4, 6), value, dtype=torch.uint8)
    return Scene(f"plain {value}", image, torch.zeros(4, 6, dtype=torch.int64), torch.zeros(4, 6, dtype=torch.int32))


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
        bare = Scene("bare", None, SCENES[0].label, SCENES[0].instance)
        with pytest.raises(DataError, match=r"bare.*codes are read from photographs"):
            reconstruction(grey, [bare])

    def test_no_scene_is_refused(self):
        with pytest.raises(ConfigError, match="no photograph to reconstruct"):
            reconstruction(grey, [])


class TestReconstructionCards:
    """reconstruction_cards: one card a number."""

    def test_are_l1_and_lpips_with_its_network(self):
        one, two = reconstruction_cards(grey, SCENES, FIRST_CHANNEL, {"images": "run"})
        assert (one.metric, two.metric) == ("Reconstruction L1", "Reconstruction LPIPS")
        assert (two.features, two.images, two.protocol, two.counts) == (
            "first@0123",
            "run",
            "reconstruction",
            {"photographs": 5},
        )
        assert one.value == reconstruction(grey, SCENES).l1

    def test_without_lpips_the_card_says_how_to_get_it(self):
        (card,) = reconstruction_cards(grey, SCENES, None, {})
        assert "LPIPS is left out: no file was named (--lpips FILE). Once, with a network, get https" in card.line()
