"""The one check of a tensor's dtype and axes, for types that are checked when they are made."""

import torch
from torch import Tensor

from ipose.errors import ShapeMismatchError


def check_tensor(name: str, tensor: Tensor, dtype: torch.dtype, ndim: int) -> None:
    """Raises ShapeMismatchError, which calls the tensor `name`, for another dtype or another number of axes."""
    if tensor.dtype != dtype or tensor.ndim != ndim:
        raise ShapeMismatchError(
            "tensor breaks its contract",
            field=name,
            found=f"{tensor.dtype} with shape {tuple(tensor.shape)}",
            expected=f"{dtype} with {ndim} axes",
        )
