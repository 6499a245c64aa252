"""ipose evaluate --images A --real B: what it is told, and that folders become the cards of their images."""

import json

import numpy as np
import pytest
from PIL import Image

from ipose.errors import ConfigError, DataError
from ipose.evaluation.evaluate_images import ImageEvaluation, evaluate_images
from ipose.evaluation.image_cards import ONE_SCENE

pytestmark = pytest.mark.filterwarnings("ignore::ipose.evaluation.feature_distances.FewSamplesWarning")

SPEC = """
name = "two"
[[classes]]
id = 0
name = "sky"
[[classes]]
id = 1
name = "car"
thing = true
"""


@pytest.fixture
def folders(tmp_path):
    """Three scenes: photographs, two generated images each, label maps with a car, and their spec."""
    draw = np.random.default_rng(0)
    for name in ("real", "fake", "labels"):
        (tmp_path / name).mkdir()
    for i in range(3):
        Image.fromarray(draw.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(tmp_path / "real" / f"s{i}.jpg")
        for seed in range(2):
            pixels = draw.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "fake" / f"s{i}_seed{seed}.png")
        label = np.zeros((16, 16), dtype=np.uint8)
        label[4:12, 2 + i : 10] = 1
        Image.fromarray(label).save(tmp_path / "labels" / f"s{i}.png")
    (tmp_path / "dataset.toml").write_text(SPEC)
    return tmp_path


def job(folders, **settings):
    return ImageEvaluation(**{"images": folders / "fake", "real": folders / "real", "features": "random", **settings})


def with_maps(folders, **settings):
    return job(folders, labels=folders / "labels", spec=str(folders / "dataset.toml"), **settings)


class TestImageEvaluation:
    """Options that cannot work together are refused before any work."""

    def test_another_protocol_is_answered_with_those_there_are(self, folders):
        with pytest.raises(ConfigError, match=r"\[protocol\].*expected images"):
            job(folders, protocol="fid")

    def test_lpips_is_between_whole_images(self, folders):
        with pytest.raises(ConfigError, match=r"\[lpips\] LPIPS is between whole images"):
            job(folders, protocol="objects-128", lpips=folders / "alexnet.pth")

    @pytest.mark.parametrize("settings", [{"batch_size": 0}, {"class_map": "map.json"}])
    def test_what_judges_cannot_use_is_refused_as_for_runs(self, folders, settings):
        given = {key: folders / value if isinstance(value, str) else value for key, value in settings.items()}
        with pytest.raises(ConfigError, match=next(iter(settings))):
            job(folders, **given)


class TestEvaluateImages:
    """evaluate_images: the cards of two folders."""

    def test_whole_images_have_distances_and_diversity_between_their_seeds(self, folders):
        found = evaluate_images(job(folders))
        assert [card.measure for card in found] == ["Frechet distance", "Kernel distance", "Diversity between seeds"]
        assert {(card.images, card.real) for card in found} == {(str(folders / "fake"), str(folders / "real"))}
        assert all(card.versions for card in found)

    def test_a_folder_beside_itself_is_no_distance_apart(self, folders):
        frechet, *_ = evaluate_images(job(folders, images=folders / "real"))
        assert frechet.value == pytest.approx(0, abs=1e-6)
        assert evaluate_images(job(folders))[0].value > 1e-3

    def test_objects_are_cut_out_by_the_label_maps(self, folders):
        found = evaluate_images(with_maps(folders, protocol="objects-128"))
        assert [card.measure for card in found] == ["Object Frechet distance", "Object kernel distance"]
        assert all(card.counts["objects"] == 3 for card in found)

    @pytest.mark.parametrize("settings", [{"protocol": "objects-128"}, {"labels": "labels"}])
    def test_maps_without_their_spec_are_refused(self, folders, settings):
        given = {key: folders / value if key == "labels" else value for key, value in settings.items()}
        with pytest.raises(ConfigError, match=r"\[labels\].*--labels DIR --spec NAME"):
            evaluate_images(job(folders, **given))

    def test_of_one_scene_there_is_what_needs_no_other(self, folders):
        for path in [*folders.glob("*/s1*"), *folders.glob("*/s2*")]:
            path.unlink()
        assert [(card.measure, card.left_out) for card in evaluate_images(job(folders))] == [
            ("Diversity between seeds", (ONE_SCENE,))
        ]
        with pytest.raises(DataError, match=r"real: nothing to judge by.*they need two scenes or more"):
            evaluate_images(job(folders, images=folders / "real"))

    def test_images_that_do_not_pair_are_named(self, folders):
        (folders / "real" / "s1.jpg").unlink()
        with pytest.raises(DataError, match="do not pair by name: found no s1 here"):
            evaluate_images(job(folders))

    def test_a_card_survives_json(self, folders):
        card = evaluate_images(job(folders))[0]
        assert json.loads(card.to_json())["value"] == card.value
