"""Closed outlines from which every object is drawn: arrays of vertices (v, 2), x to the right, y down.

All outlines run the same way round, so that several of them painted together are one union (nonzero winding), and a
reversed one cuts a hole.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ipose.partworld.dice import Number

Outline = NDArray[np.float64]
Point = tuple[Number, Number]


def oriented(points: NDArray[np.float64]) -> Outline:
    """The same outline with positive signed area."""
    x, y = points.T.tolist()
    area = sum(x[i - 1] * y[i] - x[i] * y[i - 1] for i in range(len(x)))
    return points if area >= 0 else points[::-1]


def polygon(*points: Point, rounds: int = 0) -> Outline:
    """A polygon; `rounds` of Chaikin's corner cutting make it soft."""
    outline = np.asarray(points, dtype=np.float64)
    for _ in range(rounds):
        following = np.roll(outline, -1, axis=0)
        outline = np.stack([0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following], axis=1)
        outline = outline.reshape(-1, 2)
    return oriented(outline)


def box(left: Number, top: Number, right: Number, bottom: Number, rounds: int = 0) -> Outline:
    """An upright rectangle; `rounds` as in `polygon`, the corners cut at most 30 % of the shorter side."""
    if rounds == 0:
        return polygon((left, top), (right, top), (right, bottom), (left, bottom))
    cut = 0.3 * min(right - left, bottom - top)
    corners = [(left, top, 1, 1), (right, top, -1, 1), (right, bottom, -1, -1), (left, bottom, 1, -1)]
    points: list[Point] = []
    for index, (x, y, inward_x, inward_y) in enumerate(corners):
        ends = [(x, y + cut * inward_y), (x, y), (x + cut * inward_x, y)]
        points += ends if index % 2 == 0 else ends[::-1]
    return polygon(*points, rounds=rounds)


def ellipse(center: Point, radius_x: Number, radius_y: Number | None = None, angle: Number = 0.0) -> Outline:
    """An ellipse of 24 vertices, turned by `angle` (radians, clockwise on screen)."""
    turn = np.arange(24) * (2 * math.pi / 24)
    x, y = radius_x * np.cos(turn), (radius_x if radius_y is None else radius_y) * np.sin(turn)
    c, s = math.cos(angle), math.sin(angle)
    return oriented(np.stack([center[0] + c * x - s * y, center[1] + s * x + c * y], axis=1))


def hole(outline: Outline) -> Outline:
    """The outline the other way round: painted together with a larger one, it stays empty."""
    return outline[::-1]


def ring(center: Point, radius: Number, thickness: Number) -> list[Outline]:
    """A tyre: a disc with a hole."""
    return [ellipse(center, radius), hole(ellipse(center, radius - thickness))]


def limb(points: Sequence[Point], widths: Sequence[Number]) -> list[Outline]:
    """A chain of capsules through the joints: arms, legs, tails, tubes.

    Args:
        widths: full width at each joint; a single one serves all.
    """
    radii = [w / 2 for w in widths] if len(widths) == len(points) else [widths[0] / 2] * len(points)
    outlines = []
    for (x0, y0), (x1, y1), r0, r1 in zip(points, points[1:], radii, radii[1:], strict=False):
        heading = math.atan2(y1 - y0, x1 - x0)
        start = heading + math.pi / 2 + np.linspace(0, math.pi, 7)
        end = heading - math.pi / 2 + np.linspace(0, math.pi, 7)
        xs = np.concatenate([x0 + r0 * np.cos(start), x1 + r1 * np.cos(end)])
        ys = np.concatenate([y0 + r0 * np.sin(start), y1 + r1 * np.sin(end)])
        outlines.append(oriented(np.stack([xs, ys], axis=1)))
    return outlines


def walk(start: Point, *steps: tuple[Number, Number]) -> list[Point]:
    """Joints reached from `start` by steps of (length, heading): heading in degrees, 0 = right, 90 = down."""
    points = [start]
    for length, heading in steps:
        x, y = points[-1]
        a = math.radians(heading)
        points.append((x + length * math.cos(a), y + length * math.sin(a)))
    return points
