"""Full precision for losses that bfloat16 makes useless: cross-entropy and earth mover's distance."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

HALF = (torch.bfloat16, torch.float16)


@contextmanager
def full_precision(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Turn autocast off, and convert half-precision tensors to float32. float32 and float64 stay as they are.

    Example:
        >>> with full_precision(torch.ones(2, dtype=torch.bfloat16)) as (x,):
        ...     x.dtype
        torch.float32
    """
    with torch.autocast(tensors[0].device.type, enabled=False):
        yield tuple(tensor.float() if tensor.dtype in HALF else tensor for tensor in tensors)
