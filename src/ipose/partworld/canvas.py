"""Integer-exact painting of outlines into an image and its label, instance and part maps."""

import numpy as np
from numpy.typing import NDArray

from ipose.partworld.dice import Dice, Number
from ipose.partworld.outlines import Outline
from ipose.partworld.sketch import Colours, Sketch, Stroke

SUBPIXEL = 64
"""Vertices are rounded to 1/64 of a pixel, so that the last bit of a sine cannot move an edge."""


def coverage(outlines: tuple[Outline, ...], height: int, width: int) -> tuple[int, int, NDArray[np.bool_]]:
    """Which pixel centres lie inside the union of outlines (nonzero winding).

    Returns:
        (top, left, mask): the mask of the part of the canvas where the outlines are; possibly empty.
    """
    starts = [np.rint(one * SUBPIXEL).astype(np.int64) for one in outlines]
    a = np.concatenate(starts)
    b = np.concatenate([part for one in starts for part in (one[1:], one[:1])])
    half = SUBPIXEL // 2
    low, high = a.min(axis=0), a.max(axis=0)
    left, right = max(int(low[0]) // SUBPIXEL, 0), min(int(high[0]) // SUBPIXEL + 1, width)
    top, bottom = max(int(low[1]) // SUBPIXEL, 0), min(int(high[1]) // SUBPIXEL + 1, height)
    if left >= right or top >= bottom:
        return 0, 0, np.zeros((0, 0), dtype=np.bool_)
    center = (np.arange(top, bottom, dtype=np.int64) * SUBPIXEL + half)[:, None]
    down, up = (a[:, 1] <= center) & (b[:, 1] > center), (b[:, 1] <= center) & (a[:, 1] > center)
    row, edge = np.nonzero(down | up)
    rise = b[edge, 1] - a[edge, 1]
    # x of the crossing times rise, then the first pixel whose centre is not left of it: all in integers
    run = a[edge, 0] * rise + (center[row, 0] - a[edge, 1]) * (b[edge, 0] - a[edge, 0])
    run, rise = np.where(rise < 0, -run, run), np.abs(rise)
    column = -((half * rise - run) // (SUBPIXEL * rise))
    column = np.clip(column - left, 0, right - left)
    step = np.where(down[row, edge], 1, -1)
    shape = (bottom - top, right - left + 1)
    crossings = np.bincount(row * shape[1] + column, weights=step, minlength=shape[0] * shape[1]).reshape(shape)
    return top, left, np.cumsum(crossings, axis=1)[:, :-1] != 0


def smooth_noise(dice: Dice, height: int, width: int, cells: int) -> NDArray[np.float32]:
    """Clouds: a grid of white noise, `cells` along the shorter side, bilinearly enlarged; float32 in [0, 1)."""
    pitch = min(height, width) / cells
    y, x = np.arange(height) / pitch, np.arange(width) / pitch
    grid = dice.field(int(y[-1]) + 2, int(x[-1]) + 2)
    fy, fx = (y - np.floor(y)).astype(np.float32)[:, None], (x - np.floor(x)).astype(np.float32)[None]
    rows = grid[y.astype(int)] * (1 - fy) + grid[y.astype(int) + 1] * fy
    return np.asarray(rows[:, x.astype(int)] * (1 - fx) + rows[:, x.astype(int) + 1] * fx)


class Canvas:
    """An image `supersampling` times larger than the scene, with its maps.

    Args:
        supersampling: canvas pixels per scene pixel along an axis.
    """

    def __init__(self, height: int, width: int, supersampling: int, dice: Dice) -> None:
        self.supersampling = supersampling
        self.height, self.width = height * supersampling, width * supersampling
        self.side = min(self.height, self.width)
        self.rgb = np.zeros((self.height, self.width, 3), dtype=np.uint8)
        self.label = np.zeros((self.height, self.width), dtype=np.uint8)
        self.instance = np.zeros((self.height, self.width), dtype=np.uint8)
        self.part = np.zeros((self.height, self.width), dtype=np.uint8)
        tile = dice.field(64, 64)
        self.grain = np.tile(tile, (self.height // 64 + 1, self.width // 64 + 1))[: self.height, : self.width]
        self.cloud = smooth_noise(dice, self.height, self.width, 10)

    def pour(self, rows: NDArray[np.int64], columns: NDArray[np.int64], colours: Colours) -> None:
        """Set pixels of the image: colours (p, 3) in [0, 255], clipped here."""
        self.rgb[rows, columns] = np.clip(colours, 0, 255).astype(np.uint8)

    def stroke(self, stroke: Stroke, label: int, instance: int, center: tuple[Number, Number], size: Number) -> None:
        """Paint one stroke of an object whose outlines are in canvas pixels."""
        top, left, mask = coverage(stroke.outlines, self.height, self.width)
        rows, columns = np.nonzero(mask)
        rows, columns = rows + top, columns + left
        u = ((columns - center[0]) / size).astype(np.float32)
        v = ((rows - center[1]) / size).astype(np.float32)
        colours = stroke.paint.at(u, v, self.grain[rows, columns], self.cloud[rows, columns])
        self.pour(rows, columns, colours)
        self.label[rows, columns], self.instance[rows, columns] = label, instance
        self.part[rows, columns] = stroke.part

    def shadow(self, outline: Outline, strength: Number = 0.35) -> None:
        """Darken the image inside an outline; the maps stay."""
        top, left, mask = coverage((outline,), self.height, self.width)
        region = self.rgb[top : top + mask.shape[0], left : left + mask.shape[1]]
        region[mask] = (region[mask] * np.float32(1 - strength)).astype(np.uint8)

    def object(self, sketch: Sketch, label: int, instance: int) -> None:
        """Paint a whole object, its outlines in canvas pixels."""
        left, top, right, bottom = sketch.bounds()
        center, size = ((left + right) / 2, (top + bottom) / 2), max(right - left, bottom - top)
        for stroke in sketch.strokes:
            self.stroke(stroke, label, instance, center, size)

    def ink(self, strength: Number = 0.45) -> None:
        """Darken the seams between objects and between parts, as a pen would."""
        key = self.instance.astype(np.int16) * 16 + self.part
        seam = np.zeros(key.shape, dtype=np.bool_)
        seam[:, :-1] |= key[:, :-1] != key[:, 1:]
        seam[:-1] |= key[:-1] != key[1:]
        self.rgb[seam] = (self.rgb[seam] * np.float32(1 - strength)).astype(np.uint8)

    def image(self) -> NDArray[np.uint8]:
        """The antialiased image: uint8 (3, height, width), integer means of the canvas pixels."""
        n = self.supersampling
        total = np.zeros((self.height // n, self.width // n, 3), dtype=np.uint16)
        for i in range(n):
            for j in range(n):
                total += self.rgb[i::n, j::n]
        return np.ascontiguousarray((total // (n * n)).astype(np.uint8).transpose(2, 0, 1))

    def crisp(self, canvas_map: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A map at the scene's size: the middle canvas pixel of each scene pixel."""
        n = self.supersampling
        return np.ascontiguousarray(canvas_map[n // 2 :: n, n // 2 :: n])
