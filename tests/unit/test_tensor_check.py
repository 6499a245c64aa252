"""A tensor of another dtype or number of axes is refused by name."""

import pytest
import torch

from ipose.errors import ShapeMismatchError
from ipose.tensor_check import check_tensor


def test_what_fits_passes():
    check_tensor("label", torch.zeros(2, 3, dtype=torch.int64), torch.int64, 2)


@pytest.mark.parametrize("tensor", [torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64)], ids=["dtype", "axes"])
def test_another_dtype_or_number_of_axes_is_refused_by_name(tensor):
    with pytest.raises(ShapeMismatchError, match=r"\[label\] .* found torch.* expected torch\.int64 with 2 axes"):
        check_tensor("label", tensor, torch.int64, 2)
