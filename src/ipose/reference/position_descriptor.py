"""The shape-aware position descriptor, literally: one pixel, one outline pixel at a time (SAFM; iPOSE fig. 1a)."""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Pixel = tuple[int, int]

FOUR = ((-1, 0), (1, 0), (0, -1), (0, 1))
EIGHT = (*FOUR, (-1, -1), (-1, 1), (1, -1), (1, 1))


def reachable(start: Pixel, allowed: set[Pixel], steps: tuple[Pixel, ...]) -> set[Pixel]:
    """Every pixel that a walk over allowed pixels reaches."""
    seen, todo = {start}, [start]
    while todo:
        row, col = todo.pop()
        for down, right in steps:
            pixel = (row + down, col + right)
            if pixel in allowed and pixel not in seen:
                seen.add(pixel)
                todo.append(pixel)
    return seen


def outer_contour(shape: Bool[Tensor, "h w"]) -> list[Pixel]:
    """Piece by piece: its pixels beside whatever can be reached from outside the image without entering the piece."""
    height, width = shape.shape
    left = {(row, col) for row, col in shape.nonzero().tolist()}
    contour = []
    while left:
        piece = reachable(min(left), left, EIGHT)
        left = left - piece
        frame = {(row, col) for row in range(-1, height + 1) for col in range(-1, width + 1)}
        outside = reachable((-1, -1), frame - piece, FOUR)
        contour += [p for p in piece if any((p[0] + down, p[1] + right) in outside for down, right in FOUR)]
    return sorted(contour)


def position_descriptor(
    instance: Int[Tensor, "h w"],
    *,
    radius_bins: int = 6,
    angle_bins: int = 12,
    r_inner: float = 0.125,
    r_outer: float = 2.0,
) -> Float[Tensor, "d h w"]:
    """Histogram of ring and sector of every outline pixel, around every object pixel, divided by its sum.

    Args:
        instance: 0 = no object.
        radius_bins: rings.
        angle_bins: sectors.
        r_inner: outer radius of the innermost ring, in units of half the object's largest distance.
        r_outer: of the outermost.
    """
    growth = math.log(r_outer / r_inner) / (radius_bins - 1)
    radii = [r_inner * math.exp(growth * i) for i in range(radius_bins)]
    descriptor = torch.zeros(radius_bins * angle_bins, *instance.shape)
    for number in sorted({int(i) for i in instance.flatten()} - {0}):
        pixels, contour = (instance == number).nonzero().tolist(), outer_contour(instance == number)
        half = max(math.dist(p, c) for p in pixels for c in contour) / 2
        for p in pixels:
            for c in contour:
                r = math.dist(p, c) / half if half else 0.0
                ring = sum(radius >= r - 1e-9 for radius in radii)
                angle = math.atan2(float(p[0] - c[0]), -float(p[1] - c[1])) % (2 * math.pi)
                sector = math.floor(angle / (2 * math.pi / angle_bins) + 1e-9) % angle_bins
                if ring > 0:
                    descriptor[(ring - 1) * angle_bins + sector, p[0], p[1]] += 1
            total = descriptor[:, p[0], p[1]].sum()
            descriptor[:, p[0], p[1]] /= max(float(total), 1.0)
    return descriptor
