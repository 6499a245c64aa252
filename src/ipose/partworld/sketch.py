"""An object before it is placed: strokes in a frame of its own."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ipose.partworld.dice import Number
from ipose.partworld.outlines import Outline
from ipose.partworld.paints import Paint


@dataclass(frozen=True)
class Stroke:
    """Outlines painted in one go: the part they belong to (1..8) and their look."""

    part: int
    paint: Paint
    outlines: tuple[Outline, ...]


@dataclass
class Sketch:
    """Strokes from back to front.

    Args:
        strokes: what to paint, in order.
        grounded: whether it stands on the ground (False: it may hang in the sky).
        mirror: whether it may be drawn facing left (False for things that bear a word).
        tilt: largest rotation when placed, in degrees.
    """

    strokes: list[Stroke] = field(default_factory=list)
    grounded: bool = True
    mirror: bool = True
    tilt: Number = 8.0

    def add(self, part: int, paint: Paint, *outlines: Outline | list[Outline]) -> None:
        """Paint outlines (their union) over what is there."""
        flat = [one for item in outlines for one in (item if isinstance(item, list) else [item])]
        self.strokes.append(Stroke(part, paint, tuple(flat)))

    def bounds(self) -> tuple[Number, Number, Number, Number]:
        """(left, top, right, bottom) of all strokes."""
        points = np.concatenate([one for stroke in self.strokes for one in stroke.outlines])
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    def mapped(self, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> "Sketch":
        """The sketch with all vertices (v, 2) moved by `change`, which must not fold an outline over.

        A change that mirrors turns every outline round; holes stay holes since all turn together.
        """
        strokes = [Stroke(s.part, s.paint, tuple(change(one) for one in s.outlines)) for s in self.strokes]
        return Sketch(strokes, self.grounded, self.mirror, self.tilt)

    def turned(self, degrees: Number) -> "Sketch":
        """Rotated clockwise on screen."""
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        # written out, since a matrix product may add in another order elsewhere
        return self.mapped(lambda p: np.stack([c * p[:, 0] - s * p[:, 1], s * p[:, 0] + c * p[:, 1]], axis=1))

    def stretched(self, across: Number, down: Number = 1.0) -> "Sketch":
        """Scaled by different factors; a negative one mirrors."""
        return self.mapped(lambda p: np.stack([across * p[:, 0], down * p[:, 1]], axis=1))

    def skewed(self, rise: Number) -> "Sketch":
        """Seen from the side: the right end lifted by `rise` times the distance from the middle."""
        return self.mapped(lambda p: np.stack([p[:, 0], p[:, 1] + rise * p[:, 0]], axis=1))
