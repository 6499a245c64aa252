"""Sheets of edits: what changed, where, and which object is which."""

from dataclasses import replace

import numpy as np
import torch

from ipose.part_annotations import SupportSet
from ipose.reports.edit_sheet import Painted, difference_picture, edit_sheet, numbered_objects
from ipose.reports.figures import instance_picture
from ipose.testing.tiny_scenes import SPEC, make_scene

NOTHING = SupportSet({}, {})


def painted(scene, value=0.0):
    return Painted(scene, torch.full((3, *scene.size), value), torch.zeros(scene.size, dtype=torch.uint8), NOTHING)


class TestDifference:
    """Black where equal, white where the difference is largest."""

    def test_is_black_where_two_images_agree_and_white_where_they_differ_most(self):
        before = torch.zeros(3, 4, 6)
        after = before.clone()
        after[:, 1, 2], after[:, 3, 5] = 0.4, -0.2
        picture = np.asarray(difference_picture(before, after))[..., 0]
        assert (picture[1, 2], picture[3, 5]) == (255, 128)
        assert np.count_nonzero(picture) == 2

    def test_equal_images_are_black(self):
        image = torch.rand(3, 4, 6)
        assert not np.asarray(difference_picture(image, image)).any()


class TestSheet:
    """Objects carry numbers; maps are shown twice where they changed."""

    def test_every_object_has_a_number_on_it(self):
        scene = make_scene(0)
        with_numbers = np.asarray(numbered_objects(scene, SPEC))
        without = np.asarray(numbered_objects(replace(scene, objects=()), SPEC))
        factor = without.shape[1] // scene.size[1]
        assert without.shape[1] == instance_picture(scene.label, scene.instance, SPEC).width * factor
        changed = (with_numbers != without).any(2)
        for item in scene.objects:
            box = [factor * side for side in item.box]
            assert changed[box[0] : box[1] + factor, box[2] : box[3] + factor].any()

    def test_another_map_gets_a_tile_of_its_own(self):
        scene = make_scene(0)
        moved = replace(scene, label=torch.ones_like(scene.label), objects=())
        same, other = (edit_sheet(painted(scene), painted(after), SPEC) for after in (scene, moved))
        assert other.width > same.width
