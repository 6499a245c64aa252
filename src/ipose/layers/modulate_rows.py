"""Scale and shift of features where many pixels share one row of scale and shift, then LeakyReLU, in one pass.

The plain form, `F.leaky_relu(x * scale[number] + shift[number])`, makes five tensors as large as x. This one works on
pieces that fit into the processor's cache, and makes only the result. Backward it keeps x and the rows, and computes
the rest anew.
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor
from torch.autograd.function import once_differentiable

PIECE = 2**17
"""Numbers of x in one piece, on the CPU: half a megabyte."""


def modulate_rows(
    x: Float[Tensor, "b c h w"],
    rows: Float[Tensor, "n 2 c"],
    number: Int64[Tensor, "b h w"],
    slope: float | None = None,
) -> Float[Tensor, "b c h w"]:
    """x * scale + shift at each pixel, and LeakyReLU if a slope is given.

    Args:
        x: features. Channels-last memory saves a copy; the result has it.
        rows: scale and shift for each row number.
        number: the row of each pixel.
        slope: of LeakyReLU below 0. None = no activation.
    """
    if torch.is_grad_enabled() and (x.requires_grad or rows.requires_grad):
        result: Tensor = _ModulateRows.apply(x, rows.to(x.dtype), number, slope)
        return result
    return _forward(x, rows.to(x.dtype), number, slope)


def _forward(x: Tensor, rows: Tensor, number: Tensor, slope: float | None) -> Tensor:
    result = torch.empty_like(x, memory_format=torch.channels_last)
    flat = rows.flatten(1)
    for pixels, x_piece, out in _pieces(x, number, result):
        scale, shift = flat.index_select(0, pixels).chunk(2, 1)
        torch.addcmul(shift, x_piece, scale, out=out)
        if slope is not None:
            F.leaky_relu_(out, slope)
    return result


class _ModulateRows(torch.autograd.Function):
    """The gradient: of x, the scale of each pixel; of the rows, sums over the pixels that share them."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor, number: Tensor, slope: float | None) -> Tensor:
        ctx.save_for_backward(x, rows, number)
        ctx.slope = slope
        return _forward(x, rows, number, slope)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x, rows, number = ctx.saved_tensors
        grad_x = torch.empty_like(x, memory_format=torch.channels_last)
        flat, channels = rows.flatten(1), x.shape[1]
        grad_rows = flat.new_zeros(flat.shape)
        for pixels, x_piece, g, out in _pieces(x, number, grad, grad_x):
            scale, shift = flat.index_select(0, pixels).chunk(2, 1)
            if ctx.slope is not None:
                before = torch.addcmul(shift, x_piece, scale)
                g = torch.ops.aten.leaky_relu_backward(g, before, ctx.slope, False)
            both = g.new_empty(len(g), 2 * channels)
            torch.mul(g, x_piece, out=both[:, :channels])
            both[:, channels:] = g
            grad_rows.index_add_(0, pixels, both)
            torch.mul(g, scale, out=out)
        return grad_x, grad_rows.view_as(rows), None, None


def _pieces(x: Tensor, number: Tensor, *others: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The row numbers of some pixels, and their features (pixels, c) in each tensor: views."""
    flat = [t.permute(0, 2, 3, 1).reshape(-1, x.shape[1]) for t in (x, *others)]
    size = max(1, PIECE // x.shape[1]) if x.device.type == "cpu" else max(1, number.numel())
    yield from zip(number.flatten().split(size), *(tensor.split(size) for tensor in flat), strict=True)
