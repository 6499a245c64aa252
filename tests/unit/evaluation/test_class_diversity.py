"""mCSD and mOCD on generators whose numbers are known beforehand."""

import pytest
import torch

import ipose.evaluation.class_diversity as module
from helpers.defaults import defaults_of
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.errors import ConfigError, MissingWeightsError
from ipose.evaluation.class_diversity import ABSOLUTE_DIFFERENCE, IMAGES, ImageDistance, class_cards, class_diversity
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.lpips import PerceptualDistance
from ipose.testing.tiny_scenes import make_scene
from ipose.training.config import TrainConfig
from ipose.training.run import Run
from ipose.types import Scene

SCENES = [make_scene(0), make_scene(1)]
WHOLE_ONLY = ImageDistance("whole", ABSOLUTE_DIFFERENCE.whole)


def colour(class_id, number):
    return torch.rand((), generator=torch.Generator().manual_seed(1000 * class_id + number)).item()


def ignores_noise(scene, class_id, number):
    return scene.label.float().expand(3, -1, -1) / 10


def paints_each_region_from_its_own_code(scene, class_id, number):
    image = torch.zeros(3, *scene.size)
    for other in scene.label.unique().tolist():
        image[:, scene.label == other] = colour(other, number if class_id in (other, None) else 0)
    return image


def paints_all_from_one_code(scene, class_id, number):
    return torch.full((3, *scene.size), colour(0, number))


def plain_scene(name, label, *, other=None):
    """A map of one class, or of two halves."""
    labels = torch.full((4, 6), label)
    if other is not None:
        labels[:, 3:] = other
    return Scene(name, None, labels, torch.zeros(4, 6, dtype=torch.int32), ())


def diversity(sampler, **settings):
    return class_diversity(sampler, SCENES, **{"images": 6, "pairs": 4, **settings})


class TestClassDiversity:
    """class_diversity: the change inside the class whose noise changes (own), and in all others (others)."""

    @pytest.mark.parametrize("masking", ["multiply", "map", "region"])
    def test_is_0_for_a_generator_that_ignores_its_noise(self, masking):
        found = diversity(ignores_noise, masking=masking)
        assert found.own == found.others == found.overall == 0

    @pytest.mark.parametrize("masking", ["multiply", "map", "region"])
    def test_others_is_0_and_own_is_not_where_each_region_has_its_own_code(self, masking):
        found = diversity(paints_each_region_from_its_own_code, masking=masking)
        assert found.others == 0 < found.own

    def test_own_and_others_add_up_to_overall_where_one_code_paints_all(self):
        """The deduction from the paper's table: the two are averages over the whole area, not over the region's."""
        found = diversity(paints_all_from_one_code)
        assert found.own + found.others == pytest.approx(found.overall, rel=1e-5)
        assert found.others > found.own > 0

    def test_over_the_regions_own_area_both_are_the_overall_change(self):
        found = diversity(paints_all_from_one_code, masking="region")
        assert found.own == pytest.approx(found.overall, rel=1e-5)
        assert found.others == pytest.approx(found.overall, rel=1e-5)

    def test_a_map_of_distances_and_masked_images_agree_for_a_distance_of_pixels(self):
        one, other = (diversity(paints_each_region_from_its_own_code, masking=m) for m in ("multiply", "map"))
        assert one.own == pytest.approx(other.own, rel=1e-5)

    def test_from_black_to_white_is_1(self):
        """Given two images, black and white, and any number of pairs: none is of an image with itself."""

        def black_or_white(scene, class_id, number):
            return torch.full((3, *scene.size), 2.0 * number - 1)

        found = diversity(black_or_white, images=2, pairs=20, masking="region")
        assert found.own == found.others == found.overall == pytest.approx(1)
        assert diversity(black_or_white, images=2, pairs=20).own < 1

    def test_overall_is_of_images_whose_whole_noise_changes(self):
        asked = set()

        def watched(scene, class_id, number):
            asked.add(class_id)
            return paints_each_region_from_its_own_code(scene, class_id, number)

        scene = SCENES[0]
        found = class_diversity(watched, [scene], images=6, pairs=4)
        assert asked == {None, *scene.label.unique().tolist()}
        assert found.overall == pytest.approx(found.own * len(scene.label.unique()), rel=1e-4)  # areas add up

    def test_absent_classes_count_as_0_where_asked(self):
        """Class 0 is everywhere in one map, and class 1 in the other: each class loses half."""
        scenes = [plain_scene("zero", 0), plain_scene("one", 1)]
        settings = {"images": 6, "pairs": 4}
        present = class_diversity(paints_each_region_from_its_own_code, scenes, **settings)
        counted = class_diversity(paints_each_region_from_its_own_code, scenes, absent=True, num_classes=2, **settings)
        assert counted.own == pytest.approx(present.own / 2)

    def test_classes_weigh_alike_however_many_maps_show_them(self):
        """By hand: class 0 changes by 0.1 in three maps, class 1 by 0.5 in one: 0.6 / 2, not 0.8 / 4."""
        changes = {0: 0.1, 1: 0.5}

        def sampler(scene, class_id, number):  # the two images of the one pair differ by the class's change
            return torch.full((3, *scene.size), 2 * changes.get(class_id, 0.0) * number)

        scenes = [plain_scene(f"zero {i}", 0) for i in range(3)] + [plain_scene("one", 1)]
        found = class_diversity(sampler, scenes, images=2, pairs=5)
        assert found.own == pytest.approx(0.3)

    def test_the_others_change_is_a_mean_over_classes_too(self):
        """By hand: half of each map is class 2, which changes by 0.4 whenever another class is drawn anew."""

        def sampler(scene, class_id, number):
            image = torch.zeros(3, *scene.size)
            if class_id != 2:
                image[:, scene.label == 2] = 0.8 * number
            return image

        scenes = [plain_scene(f"zero {i}", 0, other=2) for i in range(3)] + [plain_scene("one", 1, other=2)]
        found = class_diversity(sampler, scenes, images=2, pairs=1)
        assert found.others == pytest.approx((0.2 + 0.2 + 0.0) / 3)  # over half of the area: 0.4 / 2

    def test_no_pair_is_of_an_image_with_itself(self):
        """Of two images, all 19 pairs are of both: the distance is that of the two, not 0 in half of the pairs."""
        found = class_diversity(paints_all_from_one_code, SCENES[:1], images=2, pairs=19)
        assert found.overall == pytest.approx(abs(colour(0, 0) - colour(0, 1)) / 2, rel=1e-5)

    def test_the_choice_of_pairs_is_a_function_of_the_seed(self):
        first, again, other = (diversity(paints_all_from_one_code, seed=seed) for seed in (0, 0, 1))
        assert first == again != other

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"images": 1}, "between images of one label map: found 1 images"),
            ({"pairs": 0}, "found 6 images, 0 pairs"),
            ({"distance": WHOLE_ONLY, "masking": "map"}, r"\[masking\].*found map, expected multiply"),
            ({"absent": True}, r"\[num_classes\]"),
        ],
    )
    def test_what_cannot_be_measured_is_refused(self, settings, words):
        with pytest.raises(ConfigError, match=words):
            diversity(ignores_noise, **settings)

    def test_no_scene_is_refused(self):
        with pytest.raises(ConfigError, match="no label map"):
            class_diversity(ignores_noise, [])


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


def test_100_images_19_pairs_and_masked_images_as_in_the_paper_unless_told_otherwise():
    defaults = defaults_of(class_diversity)
    assert (defaults["images"], defaults["pairs"], defaults["masking"]) == (100, 19, "multiply")
    assert defaults["distance"] is ABSOLUTE_DIFFERENCE
