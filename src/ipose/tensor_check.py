"""The one check of a tensor's type and axes, for types that are checked when they are made."""

from typing import Any

import torch

from ipose.errors import ShapeMismatchError
from ipose.images import size_in_words


def check_tensor(name: str, tensor: Any, dtype: torch.dtype, ndim: int) -> None:
    """Raises ShapeMismatchError, which calls the tensor `name`, for another type, dtype or number of axes."""
    if not isinstance(tensor, torch.Tensor) or tensor.dtype != dtype or tensor.ndim != ndim:
        expected = f"{_word(dtype)} tensor with {ndim} axes"
        raise ShapeMismatchError("tensor breaks its contract", field=name, found=what_is(tensor), expected=expected)


def what_is(value: Any) -> str:
    """What a value is, in words: "uint8 tensor of shape (64, 64)", "float64 array of shape (3,)", "str"."""
    if isinstance(value, torch.Tensor):
        return f"{_word(value.dtype)} tensor of shape {tuple(value.shape)}"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype} array of shape {tuple(value.shape)}"
    if hasattr(value, "mode") and hasattr(value, "size"):
        return f"{value.mode} image of {size_in_words(value.size[1], value.size[0])}"
    return type(value).__name__


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
