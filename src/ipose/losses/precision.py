"""Losses in full precision: cross-entropy and the earth mover's distance lose their meaning in bfloat16."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

HALF = (torch.bfloat16, torch.float16)


@contextmanager
def full_precision(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Autocast off, and half-precision tensors brought to float32; float32 and float64 pass as they are.

    Example:
        >>> with full_precision(torch.ones(2, dtype=torch.bfloat16)) as (x,):
        ...     x.dtype
        torch.float32
    """
    with torch.autocast(tensors[0].device.type, enabled=False):
        yield tuple(tensor.float() if tensor.dtype in HALF else tensor for tensor in tensors)
