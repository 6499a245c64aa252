"""Class images: of every class its own pixels, cropped to their box and enlarged."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.groupdnet.label_tensor import make_class_images
from ipose.reference import cg_norm as reference
from ipose.testing.law import law


def random_case(seed, h, w, classes, absent):
    generator = torch.Generator().manual_seed(seed)
    label = torch.randint(0, classes, (2, h, w), generator=generator)
    label[label == absent] = (absent + 1) % classes
    return torch.rand(2, 3, h, w, generator=generator) + 0.1, label


class TestClassImages:
    """make_class_images(image, label, C): (b, 3C, h, w), channel 3c + k is colour k of class c."""

    @law(seed=st.integers(0, 99), h=st.integers(1, 6), w=st.integers(1, 6), classes=st.integers(2, 3))
    def test_cropped_ones_are_those_of_the_loops(self, seed, h, w, classes):
        image, label = random_case(seed, h, w, classes, absent=0)
        assert torch.equal(make_class_images(image, label, classes), reference.class_images(image, label, classes))

    def test_masked_ones_add_up_to_the_image(self):
        image, label = random_case(0, 5, 7, 3, absent=2)
        masked = make_class_images(image, label, 3, "mask")
        torch.testing.assert_close(masked.unflatten(1, (3, 3)).sum(1), image)
        assert torch.equal(masked[:, 3:6] != 0, (label == 1)[:, None].expand(-1, 3, -1, -1))

    def test_whole_ones_are_the_image_for_every_class(self):
        image, label = random_case(0, 5, 7, 3, absent=2)
        assert torch.equal(make_class_images(image, label, 3, "whole"), torch.cat([image] * 3, 1))

    def test_a_class_that_fills_the_frame_is_the_image_itself(self):
        image = torch.rand(1, 3, 4, 6)
        assert torch.equal(make_class_images(image, torch.ones(1, 4, 6, dtype=torch.int64), 2)[:, 3:], image)

    def test_an_absent_class_is_0(self):
        image, label = random_case(0, 4, 4, 3, absent=1)
        assert not make_class_images(image, label, 3)[:, 3:6].any()

    @pytest.mark.parametrize("form", ["crop", "mask"])
    def test_pixels_of_other_classes_do_not_enter(self, form):
        image, label = random_case(0, 6, 6, 3, absent=0)
        other = torch.where((label == 1)[:, None], torch.rand_like(image), image)
        before, after = (make_class_images(x, label, 3, form) for x in (image, other))
        assert torch.equal(before[:, 6:], after[:, 6:])
        assert not torch.equal(before[:, 3:6], after[:, 3:6])
