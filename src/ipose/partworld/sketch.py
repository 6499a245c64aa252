"""An object before it is placed: strokes in a frame of its own. Strokes are shaded and patterned."""

import colorsys
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ipose.partworld.dice import Dice, Number
from ipose.partworld.outlines import Outline

Colours = NDArray[np.float32]
PATTERNS = ("plain", "stripes", "dots", "patches", "checks")


@dataclass(frozen=True)
class Paint:
    """The look of a stroke.

    Args:
        color: RGB in [0, 1].
        pitch: pattern period, relative to the object's size.
        slant: (dx, dy) along which stripes change.
        shade: how much lighter the top of the object is than its bottom.
    """

    color: tuple[Number, Number, Number]
    second: tuple[Number, Number, Number] = (0.0, 0.0, 0.0)
    pattern: str = "plain"
    pitch: Number = 0.12
    slant: tuple[Number, Number] = (1.0, 0.0)
    shade: Number = 0.35
    grain: Number = 0.08

    def at(
        self,
        u: NDArray[np.float32],
        v: NDArray[np.float32],
        grain: NDArray[np.float32],
        cloud: NDArray[np.float32],
    ) -> Colours:
        """Colours of pixels: float32 (p, 3) in [0, 255], not clipped.

        Args:
            u: place to the right, relative to the object's size, around its centre: (p,).
            v: place downwards, likewise.
            grain: white noise in [0, 1) at the pixels.
            cloud: smooth noise in [0, 1) at the pixels.
        """
        light = 255 * (1 - np.float32(self.shade) * v + np.float32(self.grain) * (grain - np.float32(0.5)))
        color = np.asarray(self.color, dtype=np.float32)
        if self.pattern == "plain":
            return light[:, None] * color
        second = np.asarray(self.second, dtype=np.float32)
        return light[:, None] * np.where(self._covered(u, v, cloud)[:, None], second, color)

    def _covered(self, u: NDArray[np.float32], v: NDArray[np.float32], cloud: NDArray[np.float32]) -> NDArray[np.bool_]:
        pitch = np.float32(1 / self.pitch)
        if self.pattern == "stripes":
            along = (u * np.float32(self.slant[0]) + v * np.float32(self.slant[1])) * pitch
            return np.asarray(along - np.floor(along) < 0.4)
        if self.pattern == "patches":
            return np.asarray(cloud > 0.55)
        x, y = u * pitch, v * pitch
        fx, fy = x - np.floor(x), y - np.floor(y)
        if self.pattern == "checks":
            return np.asarray((fx < 0.5) ^ (fy < 0.5))
        return np.asarray((fx - 0.5) ** 2 + (fy - 0.5) ** 2 < 0.09)  # dots


def hsv(hue: Number, saturation: Number, value: Number) -> tuple[Number, Number, Number]:
    """RGB in [0, 1] of a hue that may lie outside [0, 1]; the rest is clipped."""
    return colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0))


def look(
    dice: Dice, hue: Number, saturation: Number, value: Number, pattern: str = "plain", contrast: Number = 0.55
) -> Paint:
    """A paint of a colour family: jitter in hue, saturation and value; a pattern in a darker or lighter tone."""
    h, s, v = dice.around(hue, 0.025), dice.around(saturation, 0.08), dice.around(value, 0.08)
    turn = dice.integer(0, 3)
    slant = ((1.0, 0.0), (0.0, 1.0), (0.7, 0.7), (0.7, -0.7))[turn]
    return Paint(hsv(h, s, v), hsv(h, s, v * contrast), pattern, dice.uniform(0.08, 0.13), slant)


def flat(hue: Number, saturation: Number, value: Number) -> Paint:
    """A paint without variation, for small details."""
    return Paint(hsv(hue, saturation, value), shade=0.15, grain=0.04)


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
