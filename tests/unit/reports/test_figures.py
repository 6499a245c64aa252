"""Claims about turning maps and images into pictures."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch

from ipose.data.object_index import NO_OBJECT
from ipose.data.palette import BARE, NOTHING, PART_COLORS
from ipose.errors import ShapeMismatchError
from ipose.reports.figures import instance_picture, label_picture, part_overlay, part_picture, photo


def pixel(picture, row: int, col: int) -> tuple[int, ...]:
    return picture.getpixel((col, row))


class TestPhoto:
    """photo shows an image as it is."""

    def test_bytes_stay_as_they_are(self):
        image = torch.arange(3 * 4 * 5, dtype=torch.uint8).reshape(3, 4, 5)
        assert np.array_equal(np.asarray(photo(image)).transpose(2, 0, 1), image.numpy())

    def test_minus_one_is_black_and_one_is_white_and_beyond_is_clipped(self):
        image = torch.tensor([-1.0, 0.0, 1.0, 7.0]).expand(3, 1, 4)
        assert np.asarray(photo(image))[0, :, 0].tolist() == [0, 128, 255, 255]


class TestLabelPicture:
    """label_picture paints each class in the spec's colour."""

    def test_each_pixel_has_the_colour_of_its_class(self, scene, spec):
        picture = label_picture(scene.label, spec)
        assert picture.size == (8, 8)
        for row in range(8):
            for col in range(8):
                assert pixel(picture, row, col) == spec.classes[int(scene.label[row, col])].color

    def test_a_class_outside_the_spec_is_refused(self, spec):
        with pytest.raises(ShapeMismatchError, match=r"spec 'small': found 0..4, expected 0..3"):
            label_picture(torch.tensor([[0, 4]]), spec)


class TestInstancePicture:
    """instance_picture gives every object a colour of its own."""

    def test_objects_of_one_class_differ_and_stuff_is_grey(self, scene, spec):
        picture = instance_picture(scene.label, scene.instance, spec)
        colors = {pixel(picture, 2, 1), pixel(picture, 2, 4), pixel(picture, 6, 7)}
        assert len(colors) == 3
        assert NOTHING not in colors
        assert pixel(picture, 0, 0) == pixel(picture, 7, 0) == NOTHING

    def test_the_same_id_in_another_class_is_another_object(self, scene, spec):
        picture = instance_picture(scene.label, scene.instance, spec)
        assert pixel(picture, 2, 1) != pixel(picture, 6, 7)  # both have id 1

    def test_ids_of_stuff_do_not_show(self, scene, spec):
        numbered = scene.instance.where(scene.label != 0, 55)
        picture = instance_picture(scene.label, numbered, spec)
        assert np.array_equal(picture, instance_picture(scene.label, scene.instance, spec))

    def test_where_two_objects_meet_there_is_a_dark_line(self, scene, spec):
        picture = instance_picture(scene.label, scene.instance, spec)
        assert sum(pixel(picture, 3, 2)) < 150  # the left car's last column
        assert pixel(picture, 3, 1) == pixel(picture, 2, 1)

    def test_in_cityscapes_form_small_ids_are_no_object(self, scene, spec):
        layout = replace(spec, instance_layout="cityscapes")
        picture = instance_picture(scene.label, scene.instance, layout)
        assert np.asarray(picture).reshape(-1, 3).tolist() == [list(NOTHING)] * 64
        assert pixel(instance_picture(scene.label, scene.instance + 1000, layout), 2, 1) != NOTHING

    def test_things_of_no_object_are_grey_as_stuff_is(self, scene, spec):
        picture = instance_picture(scene.label, torch.full_like(scene.instance, NO_OBJECT), spec)
        assert np.unique(np.asarray(picture).reshape(-1, 3), axis=0).tolist() == [list(NOTHING)]


class TestPartPicture:
    """part_picture paints parts in colours that can be told apart."""

    def test_each_part_has_its_colour_and_no_part_is_grey(self):
        picture = part_picture(torch.arange(9).reshape(3, 3))
        assert [pixel(picture, i // 3, i % 3) for i in range(9)] == list(PART_COLORS)

    def test_a_bare_object_pixel_is_told_from_the_background(self):
        picture = part_picture(torch.tensor([[0, 0, 5]]), torch.tensor([[True, False, True]]))
        assert [pixel(picture, 0, i) for i in range(3)] == [BARE, NOTHING, PART_COLORS[5]]

    def test_the_colours_of_any_two_parts_are_far_apart(self):
        for a, b in combinations([*PART_COLORS, BARE], 2):
            if {a, b} != {NOTHING, BARE}:
                assert sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 > 60

    def test_a_part_id_of_nine_is_refused(self):
        with pytest.raises(ShapeMismatchError, match=r"found 0\.\.9"):
            part_picture(torch.tensor([[0, 9]]))


class TestPartOverlay:
    """part_overlay tints the parts and leaves the rest alone."""

    def test_pixels_without_a_part_keep_the_image(self):
        image = photo(torch.full((3, 1, 2), 200, dtype=torch.uint8))
        overlay = part_overlay(image, torch.tensor([[0, 1]]))
        assert pixel(overlay, 0, 0) == (200, 200, 200)
        assert pixel(overlay, 0, 1) == tuple(round(0.45 * 200 + 0.55 * c) for c in PART_COLORS[1])

    def test_opacity_one_is_the_part_colour(self):
        image = photo(torch.zeros(3, 1, 1, dtype=torch.uint8))
        assert pixel(part_overlay(image, torch.tensor([[4]]), opacity=1.0), 0, 0) == PART_COLORS[4]

    def test_another_size_is_refused(self):
        image = photo(torch.zeros(3, 4, 6, dtype=torch.uint8))
        with pytest.raises(ShapeMismatchError, match=r"found \(6, 4\), expected \(4, 6\)"):
            part_overlay(image, torch.zeros(6, 4, dtype=torch.uint8))
