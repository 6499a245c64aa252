"""A value of another type, dtype or number of axes is refused by name, in one vocabulary."""

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.errors import ShapeMismatchError
from ipose.tensor_check import check_tensor, what_is


def test_what_fits_passes():
    check_tensor("label", torch.zeros(2, 3, dtype=torch.int64), torch.int64, 2)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (torch.zeros(2, 3), r"float32 tensor of shape \(2, 3\)"),
        (torch.zeros(2, dtype=torch.int64), r"int64 tensor of shape \(2,\)"),
        (np.zeros((2, 3), np.int64), r"int64 array of shape \(2, 3\)"),
        (None, "NoneType"),
    ],
    ids=["dtype", "axes", "numpy", "none"],
)
def test_what_does_not_fit_is_refused_by_name(value, found):
    with pytest.raises(ShapeMismatchError, match=rf"\[label\] .* found {found}, expected int64 tensor with 2 axes"):
        check_tensor("label", value, torch.int64, 2)


def test_words_for_an_image():
    assert what_is(Image.new("RGB", (4, 3))) == "RGB image of 3x4 (height x width)"
