"""The place of a part, from its points: centre, scale, and a heatmap around the centre (GANSeg sec. 3.1, eqs. 1-4)."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ipose.ganseg.presets import Grid, Heatmap

EPSILON = 1e-6
"""Added to the scales of the release, so that a part with equal points has a scale above 0."""


def part_centres(points: Float[Tensor, "b n 2"], parts: int) -> Float[Tensor, "b k 2"]:
    """The mean of each part's points. The points of part k are k*P, ..., k*P + P - 1."""
    centres: Tensor = points.unflatten(1, (parts, -1)).mean(2)
    return centres


def deviations(points: Float[Tensor, "b n 2"], parts: int) -> Float[Tensor, "b k p 2"]:
    """Each point minus its part's centre."""
    grouped: Tensor = points.unflatten(1, (parts, -1))
    return grouped - grouped.mean(2, keepdim=True)


def part_scales(points: Float[Tensor, "b n 2"], parts: int, mode: Heatmap = "cone") -> Float[Tensor, "b k"]:
    """The scale of each part.

    Args:
        points: (row, column) in [-1, 1], part by part.
        parts: K.
        mode: "cone" = mean absolute coordinate of the deviations (the published runs). "gauss-var" = unbiased variance
            of their norms (the release's default). Both add 1e-6. "gauss-paper" = sigma^2, the square of eq. 1, sigma =
            sqrt(sum of squared norms) / (P - 1).
    """
    apart = deviations(points, parts)
    if mode == "cone":
        return apart.abs().mean((2, 3)) + EPSILON
    if mode == "gauss-var":
        return apart.square().sum(-1).clamp_min(torch.finfo(apart.dtype).tiny).sqrt().var(-1, correction=1) + EPSILON
    return apart.square().sum((2, 3)) / (apart.shape[2] - 1) ** 2


def part_heatmaps(
    centres: Float[Tensor, "b k 2"],
    scales: Float[Tensor, "b k"],
    grid: Float[Tensor, "h w 2"],
    mode: Heatmap = "cone",
) -> Float[Tensor, "b k h w"]:
    """A heatmap for each part: 1 at its centre, falling with the distance d.

    Args:
        centres: (row, column).
        scales: from `part_scales` with the same mode.
        grid: (row, column) of the pixels.
        mode: "cone" = max(0, 1 - d/scale). Others = exp(-d^2/scale) (eq. 4).
    Returns:
        values in [0, 1].
    """
    squared = (grid - centres[:, :, None, None]).square().sum(-1)  # not expanded: that loses small distances
    scales = scales[:, :, None, None]
    if mode == "cone":
        return (1 - squared.clamp_min(1e-30).sqrt() / scales).clamp_min(0)  # the gradient of a root is infinite at 0
    return torch.exp(-squared / scales.clamp_min(1e-12))


def disk_areas(points: Float[Tensor, "b n 2"], parts: int, size: int) -> Float[Tensor, "b k"]:
    """Area in pixels of a disk as wide as each part's points: the release's target for the area of a part.

    pi * (t * size / 2)^2, with t = mean absolute coordinate of the deviations, without the 1e-6 of the scale.
    """
    spread = deviations(points, parts).abs().mean((2, 3))
    return math.pi * (spread * size / 2).square()


def axis(size: int, margin: int = 0, kind: Grid = "release") -> Float[Tensor, " n"]:
    """Coordinates of the pixels of one axis, with `margin` more pixels at both ends: float32, n = size + 2 margin.

    Args:
        size: pixels of the image along the axis; at least 2.
        margin: pixels beyond each end, with the same step.
        kind: "release" = -1 and 1 are the first and last pixel, step 2/(size-1). "pixel-centre" = (2i+1)/size - 1.
    """
    index = torch.arange(-margin, size + margin, dtype=torch.float64)
    coordinates = 2 * index / (size - 1) - 1 if kind == "release" else (2 * index + 1) / size - 1
    return coordinates.float()


def pixel_grid(size: int, margin: int = 0, kind: Grid = "release") -> Float[Tensor, "h w 2"]:
    """(row, column) of every pixel."""
    line = axis(size, margin, kind)
    return torch.stack(torch.meshgrid(line, line, indexing="ij"), dim=-1)


def crop(features: Float[Tensor, "b c h w"], margin: int) -> Float[Tensor, "b c h0 w0"]:
    """The maps without `margin` pixels at each side."""
    return F.pad(features, (-margin,) * 4) if margin else features


def doubled(features: Float[Tensor, "b c h w"], before: int, after: int) -> Float[Tensor, "b c h2 w2"]:
    """Twice the resolution (bilinear). Around the image there are `before` pixels now, and `after` of the new ones."""
    return crop(F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False), 2 * before - after)
