"""Pixel coordinates, with and without the margin around the image. Every 2-vector is (row, column).

Source: GANSeg eq. 12 and its release. The release's grid has the first and the last pixel centre at -1 and 1; the
pixel-centre grid sees the image as the square from -1 to 1, so that grids of all sizes nest.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ipose.ganseg.presets import Grid


def axis(size: int, margin: int = 0, kind: Grid = "release") -> Float[Tensor, " n"]:
    """Coordinates of the pixels of one axis, continued by `margin` pixels at both ends: float32, n = size + 2 margin.

    Args:
        size: pixels of the image along the axis; at least 2.
        margin: pixels beyond each end, at the same step.
        kind: "release": -1 and 1 are the first and last pixel, step 2/(size-1); "pixel-centre": (2i+1)/size - 1.
    """
    index = torch.arange(-margin, size + margin, dtype=torch.float64)
    coordinates = 2 * index / (size - 1) - 1 if kind == "release" else (2 * index + 1) / size - 1
    return coordinates.float()


def pixel_grid(size: int, margin: int = 0, kind: Grid = "release") -> Float[Tensor, "h w 2"]:
    """(row, column) of every pixel."""
    line = axis(size, margin, kind)
    return torch.stack(torch.meshgrid(line, line, indexing="ij"), dim=-1)


def crop(features: Float[Tensor, "b c h w"], margin: int) -> Float[Tensor, "b c h0 w0"]:
    """Without `margin` pixels at each side."""
    return F.pad(features, (-margin,) * 4) if margin else features


def double_within_margin(features: Float[Tensor, "b c h w"], margin: int) -> Float[Tensor, "b c h2 w2"]:
    """Twice the resolution, the margin again of `margin` pixels: s + 2m -> 2s + 4m -> 2s + 2m (bilinear)."""
    return crop(F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False), margin)
