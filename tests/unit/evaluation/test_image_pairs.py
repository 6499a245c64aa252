"""Generated and real images side by side: whole or object by object, and what a network makes of the pairs."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.errors import ConfigError, DataError, TooFewObjectsError
from ipose.evaluation.feature_networks import FeatureNetwork
from ipose.evaluation.image_pairs import (
    DataMaps,
    Fingerprint,
    LabelMaps,
    image_features,
    image_pairs,
    needed,
    pair_features,
    size_of,
)
from ipose.evaluation.protocols import EvaluationProtocol, object_crop, resized


@dataclass(frozen=True)
class Shown:
    """An image in memory."""

    image: torch.Tensor
    scene: str = "val/one"
    seed: int | None = None

    def pixels(self):
        return self.image


def random_image(seed, size=(8, 8)):
    return torch.randint(0, 256, (3, *size), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


@pytest.fixture
def maps(scene, spec):
    return DataMaps([scene], {"val/one": 0}, spec)


WHOLE = EvaluationProtocol(name="images", size=(4, 6))
OBJECTS = EvaluationProtocol(name="objects", level="objects", size=(5, 5))


class TestLabelMaps:
    """Maps from a folder, named as the scenes."""

    @pytest.fixture
    def folder(self, tmp_path, spec):
        label = np.zeros((4, 4), dtype=np.uint8)
        label[1:3, 1:3] = 1
        Image.fromarray(label).save(tmp_path / "street.png")
        return LabelMaps(tmp_path, spec)

    def test_a_scenes_map_is_read_with_its_objects(self, folder):
        scene = folder.scene("street", (4, 4))
        assert scene.label[1, 1] == 1
        assert [item.class_id for item in scene.objects] == [1]

    def test_and_brought_to_the_size_of_the_image(self, folder):
        scene = folder.scene("street", (8, 8))
        assert scene.size == (8, 8)
        assert int((scene.label == 1).sum()) == 16

    def test_a_missing_map_is_named(self, folder):
        with pytest.raises(DataError, match=r"field\.png: no label map of this image.*--labels"):
            folder.scene("field", (4, 4))


class TestDataMaps:
    """Maps of a data set's scenes, at the size of the images or not at all."""

    def test_a_scene_is_found_by_its_name(self, maps, scene):
        assert maps.scene("val/one", (8, 8)) is scene

    def test_another_size_is_refused(self, maps):
        with pytest.raises(
            DataError, match=r"val/one: image and maps differ in size: found \(4, 4\), expected \(8, 8\)"
        ):
            maps.scene("val/one", (4, 4))


class TestFingerprint:
    """A hash of names, sizes and pixels, in their order."""

    def of(self, *pairs):
        seen = Fingerprint()
        for name, pixels in pairs:
            seen.add(name, pixels)
        return seen.hex()

    def test_the_same_scenes_have_the_same_one_of_16_digits(self):
        a, b = ("a", random_image(0)), ("b", random_image(1))
        assert self.of(a, b) == self.of(a, b)
        assert len(self.of(a)) == 16

    def test_any_difference_shows(self):
        image = random_image(0)
        changed = image.clone()
        changed[0, 0, 0] ^= 1
        a, b = ("a", image), ("b", random_image(1))
        others = [(a,), (b, a), (("c", image), b), (("a", changed), b), (("a", image.reshape(3, 4, 16)), b)]
        assert len({self.of(a, b), *(self.of(*other) for other in others)}) == 6

    def test_how_the_numbers_lie_in_memory_does_not_matter(self):
        image = random_image(0)
        turned = image.permute(1, 2, 0).contiguous().permute(2, 0, 1)
        assert self.of(("a", turned)) == self.of(("a", image))


class TestNeeded:
    """needed(maps): the maps, or how to name them."""

    def test_maps_that_are_there_pass(self, maps):
        assert needed(maps) is maps

    def test_where_there_are_none_it_says_how_to_name_them(self):
        with pytest.raises(ConfigError, match=r"\[labels\].*expected --labels DIR --spec NAME"):
            needed(None)


class TestWholeImages:
    """Both images of each scene at one size."""

    def test_both_are_resized_to_the_protocols_size(self):
        fake, real = random_image(0), random_image(1, (16, 12))
        ((a, b),) = image_pairs(WHOLE, None, [(Shown(fake), Shown(real))])
        assert torch.equal(a, resized(fake, (4, 6), WHOLE))
        assert torch.equal(b, resized(real, (4, 6), WHOLE))

    def test_or_to_the_generated_images_own(self):
        protocol, fake, real = replace(WHOLE, size=None), random_image(0), random_image(1, (16, 12))
        ((a, b),) = image_pairs(protocol, None, [(Shown(fake), Shown(real))])
        assert torch.equal(a, fake)
        assert torch.equal(b, resized(real, (8, 8), protocol))

    def test_scenes_come_in_order(self):
        images = [(Shown(random_image(i)), Shown(random_image(9 - i))) for i in range(3)]
        found = list(image_pairs(replace(WHOLE, size=None), None, images))
        assert all(torch.equal(pair[0], shown[0].image) for pair, shown in zip(found, images, strict=True))

    def test_the_fingerprint_takes_the_real_ones_as_they_are(self):
        seen, alone, real = Fingerprint(), Fingerprint(), random_image(1, (16, 12))
        list(image_pairs(WHOLE, None, [(Shown(random_image(0)), Shown(real, "val/one"))], seen))
        alone.add("val/one", real)
        assert seen.hex() == alone.hex()


class TestObjects:
    """Every object's box in both images."""

    def test_each_object_is_cropped_by_its_box_in_both(self, maps, scene):
        fake, real = random_image(0), random_image(1)
        found = list(image_pairs(OBJECTS, maps, [(Shown(fake), Shown(real))]))
        assert len(found) == len(scene.objects) == 3
        for (a, b), item in zip(found, scene.objects, strict=True):
            assert torch.equal(a, resized(object_crop(fake, item.box), (5, 5), OBJECTS))
            assert torch.equal(b, resized(object_crop(real, item.box), (5, 5), OBJECTS))

    def test_a_photograph_of_another_size_is_first_brought_to_the_generated_one(self, maps, scene):
        fake, real = random_image(0), random_image(1, (16, 16))
        found = list(image_pairs(OBJECTS, maps, [(Shown(fake), Shown(real))]))
        small = resized(real, (8, 8), OBJECTS)
        expected = [resized(object_crop(small, item.box), (5, 5), OBJECTS) for item in scene.objects]
        assert all(torch.equal(b, crop) for (_, b), crop in zip(found, expected, strict=True))

    @pytest.mark.parametrize(("least", "count"), [(1, 3), (2, 2), (3, 0)])
    def test_small_ones_are_left_out(self, maps, least, count):
        """The cars are 4x2 pixels, the cat 1x2."""
        images = [(Shown(random_image(0)), Shown(random_image(1)))]
        assert len(list(image_pairs(replace(OBJECTS, min_side_px=least), maps, images))) == count

    def test_without_maps_it_says_how_to_name_them(self):
        with pytest.raises(ConfigError, match="--labels"):
            list(image_pairs(OBJECTS, None, [(Shown(random_image(0)), Shown(random_image(1)))]))


class TestPairFeatures:
    """Features of both sides, in order, in batches of one size."""

    def network(self):
        """The mean colour; `sizes` notes each batch."""
        sizes = []

        def mean(images):
            sizes.append(tuple(images.shape))
            return images.float().mean((2, 3))

        return FeatureNetwork("mean", "0" * 64, mean), sizes

    @pytest.mark.parametrize("batch_size", [1, 2, 3, 7])
    def test_rows_are_those_of_the_images_whatever_the_batch(self, batch_size):
        pairs = [(random_image(i), random_image(i + 9)) for i in range(5)]
        fake, real = pair_features(self.network()[0], pairs, batch_size)
        assert torch.equal(fake, torch.stack([a.float().mean((1, 2)) for a, _ in pairs]))
        assert torch.equal(real, torch.stack([b.float().mean((1, 2)) for _, b in pairs]))

    def test_a_batch_is_full_or_ends_where_the_size_changes(self):
        network, sizes = self.network()
        shapes = [(4, 4), (4, 4), (4, 4), (2, 6), (4, 4)]
        pairs = [(random_image(i, shape), random_image(i, shape)) for i, shape in enumerate(shapes)]
        fake, _ = pair_features(network, pairs, batch_size=2)
        assert len(fake) == 5
        assert sizes[::2] == [(2, 3, 4, 4), (1, 3, 4, 4), (1, 3, 2, 6), (1, 3, 4, 4)]

    @pytest.mark.parametrize("count", [0, 1])
    def test_fewer_than_two_pairs_are_an_error_of_its_own(self, count):
        pairs = [(random_image(0), random_image(1))] * count
        match = f"too few objects to compare.*found {count}, expected 2 or more.*--spec and --instances"
        with pytest.raises(TooFewObjectsError, match=match):
            pair_features(self.network()[0], pairs, 4)


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_features_of_one_set_are_those_of_its_images_whatever_the_batch(batch_size):
    network = FeatureNetwork("mean", "0" * 64, lambda images: images.float().mean((2, 3)))
    images = [random_image(i, (4, 4) if i < 3 else (2, 6)) for i in range(5)]
    found = image_features(network, iter(images), batch_size)
    assert torch.equal(found, torch.stack([image.float().mean((1, 2)) for image in images]))


def test_the_size_of_an_image_is_height_then_width():
    assert size_of(torch.zeros(3, 4, 7, dtype=torch.uint8)) == (4, 7)
