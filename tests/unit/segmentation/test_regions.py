"""Regions: one id for each class and each of its parts."""

from dataclasses import replace

import pytest
import torch

from ipose.errors import DataError
from ipose.label_spec import LabelClass, LabelSpec
from ipose.segmentation.regions import Regions
from ipose.testing.tiny_scenes import CAR, SPEC, make_scene

NAMES = {"car": ("body", "wheel"), "dog": ("fur", "tail")}


def test_a_class_without_parts_is_one_region_and_another_one_has_its_parts_behind_it():
    classes = (
        LabelClass("sky", 7, (0, 0, 255)),
        LabelClass("car", 9, (200, 0, 0), thing=True, part_category="car"),
        LabelClass("void", 0, (0, 0, 0)),
    )
    regions = Regions(LabelSpec("three", classes, unknown=2), NAMES)
    assert regions.pairs == ((0, 0), (1, 0), (1, 1), (1, 2), (2, 0))
    named = regions.region_spec
    assert [item.name for item in named.classes] == ["sky", "car", "car body", "car wheel", "void"]
    assert named.unknown == 4
    assert len({item.color for item in named.classes}) == 5


def test_each_pixel_has_the_region_of_its_class_and_part():
    scene, regions = make_scene(0), Regions(SPEC, NAMES)
    part = torch.where(scene.label == CAR, 2, 0).to(torch.uint8)
    found = regions.of(replace(scene, part=part))
    expected = torch.tensor([regions.pairs.index((i, 2 if i == CAR else 0)) for i in range(SPEC.num_classes)])
    assert (scene.label == CAR).any()
    assert torch.equal(found, expected[scene.label])


def test_without_a_part_map_there_are_classes_alone():
    scene, regions = replace(make_scene(0), part=None), Regions(SPEC, NAMES)
    assert {regions.pairs[i] for i in regions.of(scene).unique().tolist()} == {
        (i, 0) for i in scene.label.unique().tolist()
    }


def test_scenes_of_regions_keep_image_and_name_and_have_no_parts_left():
    scene, regions = make_scene(0), Regions(SPEC, NAMES)
    found = regions.scene(scene)
    assert (found.name, found.image is scene.image, found.part, found.objects) == ("scene000", True, None, ())
    assert torch.equal(found.label, regions.of(scene))


def test_a_part_that_the_class_does_not_have_is_named():
    scene, regions = make_scene(0), Regions(SPEC, {"car": ("body",), "dog": ("fur", "tail")})
    with pytest.raises(DataError, match=r"scene000.*part 2 of car, expected body"):
        regions.of(scene)
