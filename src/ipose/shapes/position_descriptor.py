"""The shape-aware position descriptor (SPD): the place of each pixel of an object in its outline.

SAFM (Lv et al., CVPR 2022) gives it to a generator as object shape. iPOSE compares it with parts (fig. 1a, suppl. table
11).
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Int64
from numpy.typing import NDArray
from scipy import ndimage
from scipy.fft import next_fast_len
from torch import Tensor

from ipose.errors import ConfigError

_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, kw_only=True)
class PositionBins:
    """The bins of the histogram: rings that widen outwards, cut into equal sectors. Source: SAFM's released settings.

    Args:
        radius_bins: number of rings.
        angle_bins: number of sectors of a full turn. The first one begins where the outline lies to the right.
        r_inner: outer radius of the innermost ring, in units of half the object's largest distance.
        r_outer: outer radius of the outermost ring; 2 is the largest distance.
    Raises:
        ConfigError: bins that cannot work.
    """

    radius_bins: int = 6
    angle_bins: int = 12
    r_inner: float = 0.125
    r_outer: float = 2.0

    def __post_init__(self) -> None:
        for name, least in (("radius_bins", 2), ("angle_bins", 1)):
            if getattr(self, name) < least:
                raise ConfigError("too few bins", field=name, found=getattr(self, name), expected=f"{least} or more")
        if not 0 < self.r_inner < self.r_outer:
            radii = f"{self.r_inner} and {self.r_outer}"
            raise ConfigError("rings that do not widen", field="r_inner", found=radii, expected="0 < r_inner < r_outer")

    @property
    def channels(self) -> int:
        """D, numbers for each pixel: 72 by default."""
        return self.radius_bins * self.angle_bins


def position_descriptor(instance: Int[Tensor, "h w"], bins: PositionBins | None = None) -> Float[Tensor, "d h w"]:
    """For every pixel p of an object, a histogram of directions and distances to the object's outline.

    Each pixel c of the outline (`outer_contour`) counts once, in channel (ring - 1) * angle_bins + sector. The distance
    |p - c| is divided by half the largest distance between a pixel and an outline pixel of the object. The radii are
    logarithmically spaced from r_inner to r_outer. ring = the number of radii that are at least the distance, so the
    last ring is the nearest. Pixels beyond r_outer do not count. The sector is that of the angle atan2(p.row - c.row,
    c.col - p.col) in [0, 2 pi). A pixel of the outline itself counts in the nearest ring at the angle pi (as measured
    on the golden file).

    Source: SAFM (Lv et al., CVPR 2022); iPOSE fig. 1a, suppl. table 11. Distances are compared as whole squares, and
    angles lie on the edge of a sector only for whole offsets. So rounding never decides, and every device gives the
    same result.

    Args:
        instance: object of each pixel: ids above 0, 0 = none.
        bins: None = the published 6 rings x 12 sectors.
    Returns:
        float32, the histogram divided by its sum: the sum is 1 on objects and 0 elsewhere.
    Example:
        >>> position_descriptor(torch.ones(1, 2, dtype=torch.int32)).nonzero()[:, 0].tolist()
        [0, 6, 66, 66]
    """
    bins = bins or PositionBins()
    descriptor = torch.zeros(bins.channels, *instance.shape, device=instance.device)
    for number in torch.unique(instance[instance > 0]).tolist():
        rows, cols = (instance == number).nonzero(as_tuple=True)
        box = np.s_[rows.min().item() : rows.max().item() + 1, cols.min().item() : cols.max().item() + 1]
        shape = instance[box] == number
        part = descriptor[(slice(None), *box)]
        part[:, shape] = _histograms(shape, bins)[:, shape]
    return descriptor


def outer_contour(shape: Bool[Tensor, "h w"]) -> Bool[Tensor, "h w"]:
    """The outer boundary pixels of every connected piece of a shape. Holes have none.

    Pieces are connected over 8 neighbours. A boundary pixel has one of its 4 neighbours outside its piece (a hole
    counts as inside). A piece inside a hole of another one has its own outline.
    """
    left: NDArray[np.bool_] = np.pad(shape.cpu().numpy(), 1)  # the image's border is the outside
    pieces, _ = ndimage.label(left, _EIGHT_NEIGHBOURS)
    contour = np.zeros_like(left)
    while left.any():  # once a level of pieces within holes: once or twice
        outside = ~ndimage.binary_fill_holes(left)
        outline = left & ndimage.binary_dilation(outside)
        contour |= outline
        left &= ~np.isin(pieces, np.unique(pieces[outline]))
    return torch.from_numpy(contour[1:-1, 1:-1].copy()).to(shape.device)


def _histograms(shape: Bool[Tensor, "h w"], bins: PositionBins) -> Float[Tensor, "d h w"]:
    """The histogram of every pixel of the object's box, divided by its sum.

    An outline pixel c is counted in the channel of the offset p - c. So channel d counts, at p, the outline pixels at
    its offsets. This is the convolution of the outline with the set of these offsets, done by Fourier transform. The
    counts are whole numbers, so rounding makes them exact.
    """
    height, width = shape.shape
    channel = _channel_of_offset((height, width), _farthest_squared(shape), bins).to(shape.device)
    size = [next_fast_len(side, real=True) for side in channel.shape]  # no offset wraps onto another
    outline = torch.fft.rfft2(outer_contour(shape).double(), s=size)
    rings = []
    for first in range(0, bins.channels, bins.angle_bins):  # a ring at a time: bounds the memory
        numbers = torch.arange(first, first + bins.angle_bins, device=shape.device)
        offsets = torch.fft.rfft2((channel == numbers[:, None, None]).double(), s=size)
        counts = torch.fft.irfft2(outline * offsets, s=size)
        rings.append(counts[:, height - 1 : 2 * height - 1, width - 1 : 2 * width - 1].round().float())
    descriptor = torch.cat(rings)
    return descriptor / descriptor.sum(0).clamp(min=1)


def _farthest_squared(shape: Bool[Tensor, "h w"]) -> int:
    """The square of the largest distance between two pixels. Both are ends of their row (and on the outline)."""
    rows = shape.any(1).nonzero().flatten()
    filled = shape[rows].int()
    left, right = filled.argmax(1), shape.shape[1] - 1 - filled.flip(1).argmax(1)
    ends = torch.stack([rows.repeat(2), torch.cat([left, right])], dim=1)
    return int((ends[:, None] - ends).square().sum(-1).max())


def _channel_of_offset(size: tuple[int, int], farthest: int, bins: PositionBins) -> Int64[Tensor, "dh dw"]:
    """The channel of each offset p - c from (1-h, 1-w) to (h-1, w-1). The number of channels = beyond r_outer.

    On the CPU in float64. The bin of a pair depends only on its offset, so each offset is computed once.
    """
    rows, cols = (torch.arange(1 - side, side) for side in size)
    squared = rows[:, None].square() + cols.square()  # [dh, dw], whole numbers
    widening = (bins.r_outer / bins.r_inner) ** 2
    limits = [  # of the squared distance, radius by radius; exact where it is a whole number
        farthest * (bins.r_inner / 2) ** 2 * widening ** (i / (bins.radius_bins - 1)) for i in range(bins.radius_bins)
    ]
    ring = torch.stack([squared <= limit for limit in limits]).sum(0)
    angle = torch.atan2(rows[:, None].double(), -cols.double())
    angle = torch.where(squared == 0, math.pi, torch.where(angle < 0, angle + 2 * math.pi, angle))
    # An angle on a sector's edge (the four directions of the grid, say) must not fall short of it by rounding.
    sector = torch.floor(angle * (bins.angle_bins / (2 * math.pi)) + 1e-9).long() % bins.angle_bins
    return torch.where(ring > 0, (ring - 1) * bins.angle_bins + sector, bins.channels)
