"""GANSeg's points, scales and heatmaps in plain loops (GANSeg sec. 3.1, eqs. 1-4; the release's forms)."""

import math

import torch
from torch import Tensor


def axis(size: int, margin: int, kind: str) -> list[float]:
    """Coordinates of the pixels of an axis, margin included."""
    if kind == "release":
        return [-1 + i * 2 / (size - 1) for i in range(-margin, size + margin)]
    return [(2 * i + 1) / size - 1 for i in range(-margin, size + margin)]


def centre(points: list[tuple[float, float]]) -> tuple[float, float]:
    """The mean of the points of one part."""
    return sum(row for row, _ in points) / len(points), sum(column for _, column in points) / len(points)


def scale(points: list[tuple[float, float]], mode: str) -> float:
    """How far one part reaches."""
    row, column = centre(points)
    apart = [(r - row, c - column) for r, c in points]
    if mode == "cone":
        return sum(abs(r) + abs(c) for r, c in apart) / (2 * len(points)) + 1e-6
    norms = [math.hypot(r, c) for r, c in apart]
    if mode == "gauss-var":
        mean = sum(norms) / len(norms)
        return sum((norm - mean) ** 2 for norm in norms) / (len(norms) - 1) + 1e-6
    sigma = math.sqrt(sum(norm**2 for norm in norms)) / (len(norms) - 1)  # eq. 1
    return sigma**2


def height(distance: float, scale: float, mode: str) -> float:
    """A heatmap's value at a distance from its centre."""
    return max(0.0, 1 - distance / scale) if mode == "cone" else math.exp(-(distance**2) / scale)


def part_heatmaps(
    points: Tensor, parts: int, size: int, margin: int = 0, kind: str = "release", mode: str = "cone"
) -> Tensor:
    """Heatmaps (b, k, s + 2 margin, s + 2 margin) of points (b, n, 2), part by part."""
    line = axis(size, margin, kind)
    found = torch.zeros(len(points), parts, len(line), len(line), dtype=torch.float64)
    for b, row_of_points in enumerate(points.tolist()):
        each = len(row_of_points) // parts
        for k in range(parts):
            own = [tuple(point) for point in row_of_points[k * each : (k + 1) * each]]
            (row, column), reach = centre(own), scale(own, mode)
            for i, y in enumerate(line):
                for j, x in enumerate(line):
                    found[b, k, i, j] = height(math.hypot(y - row, x - column), reach, mode)
    return found
