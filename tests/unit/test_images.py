"""Images between float in [-1, 1] and uint8 in 0..255."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from ipose.images import image_float, image_uint8, size_in_words


@given(st.integers(0, 255))
def test_every_grey_value_survives_the_way_to_float_and_back(value):
    image = torch.full((3, 1, 2), value, dtype=torch.uint8)
    assert torch.equal(image_uint8(image_float(image)), image)


def test_ends_of_the_range_are_black_and_white():
    ends = torch.tensor([-1.0, 0.0, 1.0]).expand(3, 1, 3)
    assert image_uint8(ends)[0, 0].tolist() == [0, 128, 255]
    assert image_float(torch.tensor([0, 255], dtype=torch.uint8).expand(3, 1, 2))[0, 0].tolist() == [-1.0, 1.0]


def test_values_outside_the_range_are_clamped_and_do_not_wrap_around():
    assert image_uint8(torch.tensor([-1.5, 1.5]).expand(3, 1, 2))[0, 0].tolist() == [0, 255]


def test_a_batch_is_converted_as_its_images_one_by_one():
    images = torch.linspace(-1, 1, 24).reshape(2, 3, 2, 2)
    assert torch.equal(image_uint8(images), torch.stack([image_uint8(image) for image in images]))


def test_a_size_in_words_names_its_order_where_the_order_matters():
    assert size_in_words(48, 64) == "48x64 (height x width)"
    assert size_in_words(64, 64) == "64x64"
