"""Cards of generated images: which there are, what each says, and that its number is the metric's."""

from dataclasses import dataclass, replace

import pytest
import torch

from ipose.errors import ConfigError, DataError, TooFewObjectsError
from ipose.evaluation.diversity import feature_diversity
from ipose.evaluation.feature_distances import frechet_distance, kernel_distance
from ipose.evaluation.feature_networks import FeatureNetwork
from ipose.evaluation.image_cards import image_cards, semantic_cards
from ipose.evaluation.image_pairs import DataMaps
from ipose.evaluation.judges import Judges
from ipose.evaluation.lpips import PerceptualDistance
from ipose.evaluation.protocols import EvaluationProtocol
from ipose.evaluation.segmenters import ClassMap, Segmenter

pytestmark = pytest.mark.filterwarnings("ignore::ipose.evaluation.feature_distances.FewSamplesWarning")

WHOLE = EvaluationProtocol(name="images")
OBJECTS = EvaluationProtocol(name="objects", level="objects", size=(4, 4))
FACTS = {"images": "generated", "real": "photographs", "commit": "abc"}


@dataclass(frozen=True)
class Shown:
    """An image in memory."""

    scene: str
    seed: int | None
    image: torch.Tensor

    def pixels(self):
        return self.image


def random_image(seed):
    return torch.randint(0, 256, (3, 8, 8), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def corners(images):
    """Four colours of the image as features."""
    return images.float()[:, :, ::7, 0].flatten(1)


NETWORK = FeatureNetwork("corners", "f" * 64, corners)
INCEPTION = replace(NETWORK, is_inception=True)


@pytest.fixture
def generated():
    """Three scenes with the seeds 0 and 4."""
    return [Shown(f"scene{i}", seed, random_image(10 * i + seed)) for i in range(3) for seed in (0, 4)]


@pytest.fixture
def real():
    return [Shown(f"scene{i}", None, random_image(100 + i)) for i in range(3)]


@pytest.fixture
def maps(scene, spec):
    return DataMaps([scene] * 3, {f"scene{i}": i for i in range(3)}, spec)


def cards_of(judges, generated, real, maps=None, protocol=WHOLE):
    return {card.metric: card for card in image_cards(protocol, judges, generated, real, maps, facts=FACTS)}


def first_of(images):
    return corners(torch.stack([shown.image for shown in images if shown.seed in (0, None)])).double()


class TestDistances:
    """Frechet and kernel distance between the first image of each scene and its photograph."""

    def test_are_those_of_the_features(self, generated, real):
        found = cards_of(Judges(features=NETWORK), generated, real)
        fake, true = first_of(generated), first_of(real)
        name = f"features {NETWORK.label}"
        assert found[f"Frechet distance ({name})"].value == pytest.approx(frechet_distance(fake, true).item())
        assert found[f"Kernel distance ({name})"].value == pytest.approx(kernel_distance(fake, true).item())

    def test_under_inception_they_are_called_fid_and_kid(self, generated, real, maps):
        assert {"FID", "KID"} <= set(cards_of(Judges(features=INCEPTION), generated, real))
        found = cards_of(Judges(features=INCEPTION), generated, real, maps, OBJECTS)
        assert set(found) == {"object FID", "object KID"}

    def test_say_what_was_compared_how_and_by_whom(self, generated, real):
        card = cards_of(Judges(features=INCEPTION), generated, real)["FID"]
        assert (card.protocol, card.features, card.seeds) == ("images", NETWORK.label, (0,))
        assert card.counts == {"images": 3, "real": 3}
        assert "299x299" in card.resize
        assert (card.images, card.real, card.commit) == ("generated", "photographs", "abc")

    def test_without_inception_nothing_is_said_of_its_size(self, generated, real):
        assert all("299" not in card.resize for card in cards_of(Judges(features=NETWORK), generated, real).values())

    def test_few_samples_are_noted_and_subsets_or_the_whole_told(self, generated, real):
        found = cards_of(Judges(features=INCEPTION), generated, real)
        assert any("3 samples" in note for note in found["FID"].notes)
        assert found["KID"].notes == ("of the whole sets",)

    def test_the_fingerprint_is_of_the_photographs_alone(self, generated, real):
        judges = Judges(features=INCEPTION)
        before = cards_of(judges, generated, real)["FID"].data
        other = [replace(shown, image=255 - shown.image) for shown in generated]
        assert cards_of(judges, other, real)["FID"].data == before
        assert cards_of(judges, generated, [*real[:2], replace(real[2], image=random_image(7))])["FID"].data != before

    def test_objects_are_counted(self, generated, real, maps):
        card = cards_of(Judges(features=INCEPTION), generated, real, maps, OBJECTS)["object FID"]
        assert card.counts == {"images": 3, "real": 3, "objects": 9}

    def test_maps_without_objects_are_an_error_of_their_own(self, generated, real, scene, spec):
        empty = DataMaps([replace(scene, objects=())] * 3, {f"scene{i}": i for i in range(3)}, spec)
        with pytest.raises(TooFewObjectsError):
            cards_of(Judges(features=NETWORK), generated, real, empty, OBJECTS)


def brightness_apart(a, b):
    return (a - b).abs().mean((1, 2, 3))


LPIPS = PerceptualDistance("alexnet@123", brightness_apart)


class TestBetweenSeeds:
    """How far apart the images of one scene are, with whole images alone."""

    def test_is_the_diversity_of_the_features(self, generated, real):
        found = cards_of(Judges(features=NETWORK), generated, real)
        card = found[f"Diversity between seeds (features {NETWORK.label})"]
        features = corners(torch.stack([shown.image for shown in generated])).reshape(3, 2, -1)
        assert card.value == pytest.approx(feature_diversity(features).item())
        assert (card.counts, card.seeds) == ({"images": 6, "scenes": 3}, (0, 4))
        assert card.notes == ("1 - cosine, not LPIPS",)

    def test_is_lpips_where_its_network_looks(self, generated, real):
        found = cards_of(Judges(perceptual=LPIPS), generated, real)
        assert set(found) == {"LPIPS between seeds"}
        pairs = [(generated[2 * i].image, generated[2 * i + 1].image) for i in range(3)]
        expected = sum((a.float() - b.float()).abs().mean().item() / 127.5 for a, b in pairs) / 3
        assert found["LPIPS between seeds"].value == pytest.approx(expected, rel=1e-5)
        assert found["LPIPS between seeds"].features == "alexnet@123"

    def test_of_one_image_a_scene_there_is_none(self, generated, real):
        found = cards_of(Judges(features=NETWORK), generated[::2], real)
        assert not any("seeds" in name for name in found)

    def test_but_lpips_asks_for_more(self, generated, real):
        with pytest.raises(ConfigError, match=r"\[lpips\].*--count 2"):
            cards_of(Judges(perceptual=LPIPS), generated[::2], real)

    def test_of_objects_there_is_none(self, generated, real, maps):
        judges = Judges(features=NETWORK, perceptual=LPIPS)
        assert not any("seeds" in name for name in cards_of(judges, generated, real, maps, OBJECTS))

    def test_scenes_of_different_seeds_are_refused(self, generated, real):
        with pytest.raises(DataError, match="different seeds"):
            cards_of(Judges(features=NETWORK), generated[:-1], real)


class Reads(Segmenter):
    """A segmenter that reads class ids from the red channel, and parts from the green one; it needs no file."""

    def __init__(self, parts=False):
        self.label, self.input_size, self.tells_parts = "reads@123", None, parts
        self._maps, self._ignored = (ClassMap("all", (0, 1, 2, 3)),), ()

    def regions(self, image):
        return image[0].long(), image[1].long() if self.tells_parts else None


class TestSemanticCards:
    """mIoU and pixel accuracy of the first image of each scene against its label map."""

    def images(self, scene, wrong=0):
        """Images whose red is the scene's label map; in the first, some pixels of the road are called sky."""
        red = [scene.label.clone() for _ in range(3)]
        red[0][7, :wrong] = 0
        shown = [Shown(f"scene{i}", 0, label.to(torch.uint8).expand(3, 8, 8)) for i, label in enumerate(red)]
        later = [Shown(f"scene{i}", 1, torch.zeros(3, 8, 8, dtype=torch.uint8)) for i in range(3)]  # does not count
        return [shown for pair in zip(shown, later, strict=True) for shown in pair]

    def test_of_a_perfect_answer_both_are_1(self, scene, maps):
        miou, accuracy = semantic_cards(Reads(), maps, self.images(scene), FACTS)
        assert (miou.metric, miou.value) == ("mIoU (segmenter reads@123)", 1.0)
        assert (accuracy.metric, accuracy.value) == ("Pixel accuracy (segmenter reads@123)", 1.0)
        assert miou.breakdown == {"sky": 1.0, "car": 1.0, "cat": 1.0, "road": 1.0}

    def test_match_a_hand_count(self, scene, maps):
        """Of 3 x 8 road pixels 4 are called sky, which has 3 x 38 of its own."""
        miou, accuracy = semantic_cards(Reads(), maps, self.images(scene, wrong=4), FACTS)
        road, sky = 20 / 24, 114 / 118
        assert miou.breakdown["road"] == pytest.approx(road)
        assert miou.breakdown["sky"] == pytest.approx(sky)
        assert miou.value == pytest.approx((road + sky + 1 + 1) / 4)
        assert accuracy.value == pytest.approx(188 / 192)
        assert miou.counts == {"images": 3, "pixels": 192, "classes": 4}

    def test_of_a_segmenter_of_parts_there_is_a_card_of_parts(self, scene, spec):
        """Of two parts of four and three pixels, one pixel of the second is called the first: IoU 4/5 and 2/3."""
        label, part = torch.zeros_like(scene.label), torch.zeros(8, 8, dtype=torch.uint8)
        label[:2], part[0, :4], part[1, :3] = 1, 1, 2
        scene = replace(scene, label=label, part=part)
        found = part.clone()
        found[1, 0], found[5] = 1, 2  # row 5 has no part, and does not count
        image = Shown("a", 0, torch.stack([label.to(torch.uint8), found, found]))
        maps = DataMaps([scene], {"a": 0}, spec)
        *_, parts = semantic_cards(Reads(parts=True), maps, [image], FACTS)
        assert parts.metric == "Part mIoU (segmenter reads@123)"
        assert parts.value == pytest.approx((4 / 5 + 2 / 3) / 2)
        assert parts.counts == {"images": 1, "pixels": 7}
        without = DataMaps([replace(scene, part=None)], {"a": 0}, spec)
        assert len(semantic_cards(Reads(parts=True), without, [image], FACTS)) == 2

    def test_the_unknown_class_does_not_count(self, scene, maps):
        known = replace(maps, spec=replace(maps.spec, unknown=3))
        miou, accuracy = semantic_cards(Reads(), known, self.images(scene, wrong=4), FACTS)
        assert miou.value == accuracy.value == 1.0
        assert miou.ignored_ids == (3,)
        assert "road" not in miou.breakdown
        assert miou.counts["pixels"] == 168

    def test_come_with_the_others_where_there_are_maps(self, scene, maps, generated, real):
        judges = Judges(features=NETWORK, segmenter=Reads())
        images = [replace(shown, image=shown.image.clamp(max=3)) for shown in generated]
        assert sum("mIoU" in name for name in cards_of(judges, images, real, maps)) == 1

    def test_without_maps_it_says_how_to_name_them(self, generated, real):
        with pytest.raises(ConfigError, match="--labels"):
            cards_of(Judges(segmenter=Reads()), generated, real)
