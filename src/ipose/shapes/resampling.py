"""The source pixels of each pixel of a resized axis: index and weight tables for nearest and bilinear resizing.

Objects differ in size, so a batch of crops cannot use one `F.interpolate`. But resizing is separable: along one axis,
an output position reads one input position (nearest) or two (bilinear). These tables hold exactly what `F.interpolate`
computes for explicit sizes, with its float32 rounding, because the authors' crops were made with it. They are for many
objects of different sizes, and they can be composed for two resizes.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def nearest_index(
    position: Int[Tensor, "n p"], in_size: Int[Tensor, " n"], out_size: Int[Tensor, " n"]
) -> Int[Tensor, "n p"]:
    """The input position of a nearest resize: floor(position * in / out).

    Source: the release's crops, src = floor(dst*in/out), rounded in float32 like `F.interpolate(mode="nearest")`. If
    dst*in/out is a whole number, the result can be one less (64 -> 82 at 41: 31, not 32), as in the release.

    Args:
        position: in the output, any number for each object. A position beyond the output gives the last input position.
        in_size: length of the axis before the resize, >= 1.
        out_size: length after it, >= 1.
    Returns:
        int64 in 0..in_size-1.
    Example:
        >>> nearest_index(torch.arange(6)[None], torch.tensor([3]), torch.tensor([6]))
        tensor([[0, 0, 1, 1, 2, 2]])
    """
    scale = in_size.float() / out_size.float()
    source = (position.float() * scale[:, None]).floor().long()
    return torch.minimum(source, in_size[:, None] - 1)


def bilinear_taps(
    position: Int[Tensor, "n p"],
    in_size: Int[Tensor, " n"],
    out_size: Int[Tensor, " n"],
    dtype: torch.dtype = torch.float32,
) -> tuple[Int[Tensor, "n p 2"], Float[Tensor, "n p 2"]]:
    """The two input positions of a bilinear resize (align_corners off), and their weights.

    Source: source = (position + 1/2) * in / out - 1/2, not below 0. The weight of its right neighbour is the fraction.

    Args:
        position: in the output, any number for each object.
        in_size: length of the axis before the resize, >= 1.
        out_size: length after it, >= 1.
        dtype: of the weights. float32 rounds like `F.interpolate` on float32.
    Returns:
        positions, int64 in 0..in_size-1, and weights, >= 0, that sum to 1.
    Example:
        >>> bilinear_taps(torch.tensor([[1]]), torch.tensor([2]), torch.tensor([4]))
        (tensor([[[0, 1]]]), tensor([[[0.7500, 0.2500]]]))
    """
    scale = in_size.to(dtype) / out_size.to(dtype)
    source = ((position.to(dtype) + 0.5) * scale[:, None] - 0.5).clamp(min=0)
    last = in_size[:, None] - 1
    left = torch.minimum(source.floor().long(), last)
    right = torch.minimum(left + 1, last)
    fraction = (source - left).clamp(max=1)
    return torch.stack([left, right], dim=-1), torch.stack([1 - fraction, fraction], dim=-1)


def scatter_taps(index: Int[Tensor, "n p t"], weight: Float[Tensor, "n p t"], length: int) -> Float[Tensor, "n p side"]:
    """The taps as a matrix: entry (p, i) is the sum of the weights of input i for output p."""
    matrix = weight.new_zeros(*weight.shape[:2], length)
    return matrix.scatter_add(2, index, weight)
