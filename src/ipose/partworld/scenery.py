"""Stuff: sky, grass, road, wall and water, laid out around a horizon."""

import numpy as np
from numpy.typing import NDArray

from ipose.partworld.canvas import Canvas
from ipose.partworld.config import STUFF
from ipose.partworld.dice import Dice, Number
from ipose.partworld.sketch import Colours, hsv

Field = NDArray[np.float32]
SKY, GRASS, ROAD, WALL, WATER = range(len(STUFF))


def _mix(light: Field, color: tuple[Number, Number, Number]) -> Colours:
    return np.asarray(255 * light[:, None] * np.asarray(color, dtype=np.float32))


def _saw(x: Field) -> Field:
    return np.asarray(x - np.floor(x))


class Scenery:
    """Colours of the stuff classes, with one set of hues for a scene.

    Places are relative to the image's shorter side; `horizon` in the same unit.
    """

    def __init__(self, dice: Dice, horizon: Number) -> None:
        self.horizon = np.float32(max(horizon, 0.05))
        self.sky = hsv(dice.around(0.57, 0.03), dice.uniform(0.35, 0.6), 0.95)
        self.grass = hsv(dice.around(0.27, 0.04), dice.uniform(0.55, 0.75), dice.uniform(0.5, 0.7))
        self.road = hsv(0.65, 0.06, dice.uniform(0.42, 0.58))
        self.lane = np.float32(dice.uniform(0.08, 0.16))
        self.wall = hsv(dice.choice((0.02, 0.06, 0.1)), dice.uniform(0.3, 0.55), dice.uniform(0.62, 0.85))
        self.brick = np.float32(1 / dice.uniform(0.06, 0.1))
        self.water = hsv(dice.around(0.55, 0.02), dice.uniform(0.6, 0.8), dice.uniform(0.55, 0.75))

    def colours(self, stuff: int, x: Field, y: Field, grain: Field, cloud: Field) -> Colours:
        """Colours (p, 3) in [0, 255] of pixels of one class.

        Args:
            x, y: place to the right and downwards, relative to the shorter side: (p,).
            grain: white noise in [0, 1) at the pixels.
            cloud: smooth noise in [0, 1) at the pixels.
        """
        depth = y - self.horizon  # > 0 on the ground
        if stuff == SKY:
            white = np.clip(0.75 * (y / self.horizon) - 0.15 + 0.9 * (cloud - 0.5), 0, 1)[:, None].astype(np.float32)
            return np.asarray((1 - white) * (255 * np.asarray(self.sky, dtype=np.float32)) + white * np.float32(245))
        if stuff == GRASS:
            return _mix(0.7 + 0.35 * cloud + 0.45 * (grain - 0.5) + 0.2 * depth, self.grass)
        if stuff == ROAD:
            colours = _mix(0.9 + 0.16 * (grain - 0.5) + 0.12 * cloud, self.road)
            dash = np.abs(depth - self.lane) < 0.012 + 0.04 * self.lane
            colours[dash & (_saw(x * np.float32(4)) < 0.6)] = 232
            return colours
        if stuff == WALL:
            row = np.floor(y * self.brick)
            column = x * self.brick * np.float32(0.5) + row * np.float32(0.5)
            mortar = (_saw(y * self.brick) < 0.16) | (_saw(column) < 0.08)
            tone = _saw(np.floor(column) * np.float32(0.37) + row * np.float32(0.61))
            return _mix(np.where(mortar, np.float32(1.18), 0.8 + 0.25 * tone) + 0.1 * (grain - 0.5), self.wall)
        wave = _saw(depth * np.float32(14) / (1 + depth) + cloud + np.float32(0.35) * x)
        return _mix(0.82 + 0.5 * np.abs(wave - 0.5) + 0.3 * (0.5 - depth) + 0.08 * (grain - 0.5), self.water)


def paint_scenery(canvas: Canvas, dice: Dice) -> float:
    """Fill the canvas with stuff: something far above a horizon, something to stand on below, sometimes a band between.

    Returns:
        The horizon's row in canvas pixels.
    """
    horizon = dice.uniform(0.35, 0.6) * canvas.height / canvas.side
    far, ground = dice.choice(
        ((SKY, GRASS), (SKY, GRASS), (SKY, ROAD), (SKY, WATER), (WALL, ROAD), (WALL, GRASS), (SKY, GRASS))
    )
    row, column = np.arange(canvas.height)[:, None], np.arange(canvas.width)[None]
    x, y = np.broadcast_arrays((column / canvas.side).astype(np.float32), (row / canvas.side).astype(np.float32))
    label = np.where(y < np.float32(horizon), far, ground).astype(np.uint8)
    slope = np.float32(dice.around(0, 0.12))
    band = np.float32(dice.uniform(0.06, 0.16))
    if far == SKY and dice.chance(0.55):  # hills or a far wall behind the ground
        behind = dice.choice([stuff for stuff in (GRASS, WALL, WATER) if stuff != ground])
        rise = slope * (x - np.float32(0.5)) if behind == GRASS else np.float32(0)
        label[(y < np.float32(horizon)) & (y > np.float32(horizon) - band + rise)] = behind
    if dice.chance(0.4):  # the near strip is another ground
        near = dice.choice([stuff for stuff in (GRASS, ROAD, WATER) if stuff != ground])
        start = np.float32(horizon + dice.uniform(0.2, 0.35))
        label[y > start + slope * (x - np.float32(0.5))] = near
    scenery = Scenery(dice, horizon)
    canvas.label[:] = label
    for stuff in (SKY, GRASS, ROAD, WALL, WATER):
        rows, columns = at = np.nonzero(label == stuff)
        if rows.size:
            colours = scenery.colours(stuff, x[at], y[at], canvas.grain[at], canvas.cloud[at])
            canvas.pour(rows, columns, colours)
    return horizon * canvas.side
