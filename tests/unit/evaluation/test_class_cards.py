"""mCSD, mOCD and overall diversity as cards of a run."""

import pytest
import torch

import ipose.evaluation.class_cards as module
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.errors import MissingWeightsError
from ipose.evaluation.class_cards import IMAGES, class_cards
from ipose.evaluation.class_diversity import ABSOLUTE_DIFFERENCE, class_diversity
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.lpips import PerceptualDistance
from ipose.training.config import TrainConfig
from ipose.training.run import Run

DATA = DataConfig(categories=("car",), objects=(1, 1), scenes=2, val_scenes=5, scene_size=32)
SIZE = (32, 32)


@pytest.fixture
def run(tmp_path):
    run = Run.create(
        tmp_path / "run", kind="tiny", config={"data": DATA}, train=TrainConfig(steps=1, batch_size=1), command="c"
    )
    run.model.mkdir()
    return run


@pytest.fixture
def painted():
    """Label maps that the sampler was given, by name."""
    return []


@pytest.fixture
def noise(painted):
    """`ClassNoise` of a generator that paints every class in a colour of its own noise."""

    def paint(scene, class_id, number):
        painted.append(scene.name)
        image = torch.zeros(3, *scene.size)
        for other in scene.label.unique().tolist():
            own = number if class_id in (other, None) else 0
            image[:, scene.label == other] = torch.rand((), generator=torch.Generator().manual_seed(97 * other + own))
        return image

    return lambda run, device: (paint, SIZE)


def options(**settings):
    return EvaluateOptions(**{"maps": 2, "pairs": 3, "features": None, **settings})


class TestClassCards:
    """class_cards(run, noise, options)."""

    def test_are_the_three_numbers_of_class_diversity(self, run, noise):
        found = class_cards(run, noise, options())
        val = open_scenes(DATA, "val", SIZE)
        scenes = [val[0], val[2]]  # every second of five
        expected = class_diversity(noise(run, "cpu")[0], scenes, ABSOLUTE_DIFFERENCE, images=IMAGES, pairs=3)
        assert {card.metric: card.value for card in found} == {
            "mCSD (mean absolute difference)": expected.own,
            "mOCD (mean absolute difference)": expected.others,
            "Diversity mean absolute difference": expected.overall,
        }
        assert expected.own > 0 == expected.others

    @pytest.mark.parametrize(("maps", "shown"), [(1, (0,)), (2, (0, 2)), (5, (0, 1, 2, 3, 4)), (9, (0, 1, 2, 3, 4))])
    def test_label_maps_are_spread_over_the_validation_set(self, run, noise, painted, maps, shown):
        found = class_cards(run, noise, options(maps=maps))
        names = [open_scenes(DATA, "val", SIZE)[i].name for i in shown]
        assert list(dict.fromkeys(painted)) == names
        assert found[0].counts == {"label maps": len(shown), "pairs a class": 3}

    def test_the_masking_is_the_protocols_name_and_what_is_measured(self, run, noise):
        by_masking = {name: class_cards(run, noise, options(masking=name))[0] for name in ("multiply", "map", "region")}
        assert [card.protocol for card in by_masking.values()] == [f"classes-{name}" for name in by_masking]
        assert by_masking["region"].value > by_masking["map"].value

    def test_a_stand_in_for_lpips_says_so(self, run, noise):
        for card in class_cards(run, noise, options()):
            assert card.features is None
            assert card.notes == ("a stand-in for LPIPS, which the paper uses",)

    def test_with_alexnets_file_it_is_lpips(self, run, noise, tmp_path, monkeypatch):
        loaded = []

        def load(weights, *, device):
            loaded.append(weights)
            return PerceptualDistance("alexnet@123", lambda a, b: (a - b).abs().amax((1, 2, 3)), device)

        monkeypatch.setattr(module, "load_lpips", load)
        found = class_cards(run, noise, options(lpips=tmp_path / "alexnet.pth", protocols=("classes",)))
        assert loaded == [tmp_path / "alexnet.pth"]
        assert [card.metric for card in found] == ["mCSD (LPIPS)", "mOCD (LPIPS)", "Diversity LPIPS"]
        assert all((card.features, card.notes) == ("alexnet@123", ()) for card in found)
        assert found[0].value != class_cards(run, noise, options())[0].value

    def test_a_file_that_is_not_there_is_named(self, run, noise, tmp_path):
        with pytest.raises(MissingWeightsError, match=r"alexnet\.pth"):
            class_cards(run, noise, options(lpips=tmp_path / "alexnet.pth", protocols=("classes",)))

    def test_say_which_run_and_code(self, run, noise):
        card = class_cards(run, noise, options())[0]
        assert card.images == str(run.folder)
        assert "training commit" in card.model
        assert card.versions
