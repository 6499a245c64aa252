"""Objects by instance id alone, counted by hand: label and instance map disagree about some pixels."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ipose.data.object_index import NO_OBJECT, OTHER_LABEL, by_instance_alone, index_objects
from ipose.data.published.maps import published_instances
from ipose.label_spec import LabelClass, LabelSpec
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.parts_without_partnet import parts_function
from ipose.partnet.presets import PartNetConfig
from ipose.partnet.scene_parts import infer_scene_parts
from ipose.types import Box, Scene, SceneBatch

ROAD, CAR, DOG = 0, 1, 2
SPEC = LabelSpec(
    "street",
    (
        LabelClass("road", 0, (0, 0, 0)),
        LabelClass("car", 1, (255, 0, 0), thing=True, part_category="car"),
        LabelClass("dog", 2, (0, 255, 0), thing=True, part_category="dog"),
    ),
)

# 12 x 12 pixels. Instance 5 is a car at rows and columns 2..9 (8 x 8 = 64 pixels). In its middle, 2 x 2 pixels are
# road, as behind a window: a hole of another label. Its outline is one pixel off: row 9 and column 9 have a dog's label
# (15 pixels), as where a polygon reaches over the edge of a neighbour.
INSTANCE = torch.zeros(12, 12, dtype=torch.int32)
INSTANCE[2:10, 2:10] = 5
LABEL = torch.where(INSTANCE == 5, CAR, ROAD).long()
LABEL[5:7, 5:7] = ROAD
LABEL[9, 2:10] = LABEL[2:10, 9] = DOG


def scene(label=LABEL, instance=INSTANCE):
    return Scene("street", None, label, instance, index_objects(label, instance, SPEC))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=1, k=1)).eval()


@pytest.fixture(scope="module")
def supports():
    maps = torch.zeros(1, 64, 64, dtype=torch.uint8)
    maps[:, 8:32, 8:56], maps[:, 32:56, 12:50] = 1, 2
    names = dict.fromkeys(("car", "dog"), ("top", "bottom"))
    return SupportSet(names, dict.fromkeys(names, maps))


class TestBatch:
    """One object of each instance id, with the box of all its pixels."""

    def test_the_index_by_label_and_instance_has_a_smaller_car_and_a_strip_of_dog(self):
        car, dog = scene().objects
        assert (car.class_id, car.box) == (CAR, Box(2, 8, 2, 8))
        assert (dog.class_id, dog.instance_id) == (DOG, 5)

    def test_by_instance_alone_there_is_one_car_with_all_its_pixels(self):
        (car,) = by_instance_alone(SceneBatch.from_scenes([scene()])).objects
        assert (car.class_id, car.part_category, car.instance_id) == (CAR, "car", 5)
        assert car.box == Box(2, 10, 2, 10)

    def test_images_keep_their_objects(self):
        plain = scene(torch.where(INSTANCE == 5, DOG, ROAD).long())
        batch = by_instance_alone(SceneBatch.from_scenes([plain, scene(), plain]))
        assert [item.class_id for item in batch.objects] == [DOG, CAR, DOG]
        assert batch.image_index.tolist() == [0, 1, 2]

    def test_without_disagreement_nothing_changes(self):
        plain = SceneBatch.from_scenes([scene(torch.where(INSTANCE == 5, CAR, ROAD).long())])
        assert by_instance_alone(plain).objects == plain.objects

    @pytest.mark.parametrize("instance", [0, NO_OBJECT])
    def test_a_scene_without_objects_stays_so(self, instance):
        """ADE20K's landscapes have NO_OBJECT everywhere."""
        nothing = SceneBatch.from_scenes([scene(torch.zeros_like(LABEL), torch.full_like(INSTANCE, instance))])
        assert by_instance_alone(nothing).objects == ()

    def test_a_class_without_parts_can_be_the_largest(self):
        """Given an instance that is mostly of a thing without parts, its strip of dog has none either."""
        spec = replace(SPEC, classes=(SPEC.classes[0], replace(SPEC.classes[1], part_category=None), SPEC.classes[2]))
        objects = index_objects(LABEL, INSTANCE, spec)
        (item,) = by_instance_alone(SceneBatch.from_scenes([replace(scene(), objects=objects)])).objects
        assert item.part_category is None


class TestSilhouette:
    """The 64x64 silhouettes, counted in the pixels of the scene."""

    # By the release's rule the box is rows and columns 2..9, of even size 2..10, so that the crop is [0, 12): 12 x 12
    # pixels, of which 64 are the object's. By label and instance the box is 2..8, and the crop [0, 10): 10 x 10 pixels,
    # of which the car has 7 x 7 without the hole of 4, 45 pixels.
    def area(self, shapes, side):
        """Pixels of a crop that the first silhouette covers: the middle of each, in the 64x64 frame."""
        middles = ((torch.arange(side) + 0.5) * 64 / side).long()
        return int(shapes[0, 0][middles][:, middles].sum())

    def test_by_instance_alone_hole_and_edge_belong_to_the_object(self, network, supports):
        found = infer_scene_parts(network, SceneBatch.from_scenes([scene()]), supports, object_shape="instance")
        assert [item.part_category for item in found.objects] == ["car"]
        assert self.area(found.shapes, 12) == 64

    def test_by_label_and_instance_they_do_not(self, network, supports):
        found = infer_scene_parts(network, SceneBatch.from_scenes([scene()]), supports)
        assert [item.part_category for item in found.objects] == ["car", "dog"]
        assert self.area(found.shapes, 10) == 7 * 7 - 4

    @pytest.mark.parametrize(("rule", "shown"), [("instance", 64), ("label_and_instance", 7 * 7 - 4 + 15)])
    def test_position_descriptors_follow_the_same_rule(self, rule, shown):
        """By label and instance the strip of dog is an object of its own."""
        parts = parts_function("position_descriptor", rule)(SceneBatch.from_scenes([scene()]))
        assert int(parts.mask.sum()) == shown

    @pytest.mark.parametrize(("rule", "written"), [("instance", 64), ("label_and_instance", 7 * 7 - 4)])
    def test_own_pixels_are_written_by_the_same_rule(self, network, supports, rule, written):
        one = replace(scene(), objects=scene().objects[:1])
        batch = SceneBatch.from_scenes([one])
        found = infer_scene_parts(network, batch, supports, paste="own_pixels", object_shape=rule)
        assert int((found.logits.abs().sum(1) > 0).sum()) == written


class TestPublishedNumbers:
    """ADE20K's instance annotation names class and number of each object pixel; the label map may say otherwise."""

    NUMBERS = np.where(INSTANCE.numpy() == 5, CAR * 1000 + 5, 0).astype(np.int32)

    def test_disagreeing_pixels_are_no_object_by_label_and_instance(self):
        instance = torch.from_numpy(published_instances(self.NUMBERS, LABEL.numpy().astype(np.int32)))
        assert instance[9, 3] == OTHER_LABEL - 5
        assert instance[0, 0] == NO_OBJECT
        (car,) = scene(instance=instance).objects
        assert car.box == Box(2, 8, 2, 8)

    def test_and_belong_to_their_object_by_instance_alone(self, network, supports):
        instance = torch.from_numpy(published_instances(self.NUMBERS, LABEL.numpy().astype(np.int32)))
        batch = SceneBatch.from_scenes([scene(instance=instance)])
        exact = infer_scene_parts(network, SceneBatch.from_scenes([scene()]), supports, object_shape="instance")
        found = infer_scene_parts(network, batch, supports, object_shape="instance")
        assert by_instance_alone(batch).objects[0].box == Box(2, 10, 2, 10)
        assert torch.equal(found.shapes, exact.shapes)
        assert torch.equal(found.logits, exact.logits)
