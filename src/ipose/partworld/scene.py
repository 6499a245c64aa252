"""Scenes of PartWorld: stuff, and objects that stand, fly and hide one another; all maps true by construction."""

import math
from collections.abc import Sequence
from typing import overload

import numpy as np
import torch

from ipose.data.object_index import index_objects
from ipose.errors import ConfigError
from ipose.partworld.canvas import Canvas
from ipose.partworld.categories import DRAW, PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.dice import Dice, Number
from ipose.partworld.outlines import ellipse
from ipose.partworld.scenery import paint_scenery
from ipose.partworld.sketch import Sketch
from ipose.types import Scene

CLASS_ID = {c.name: number for number, c in enumerate(PARTWORLD.classes)}
Bounds = tuple[Number, Number, Number, Number]


def _sized(dice: Dice, sketch: Sketch, longest: Number) -> Sketch:
    """Turned, perhaps mirrored, its longer side `longest` canvas pixels, its upper left corner at the origin."""
    if sketch.mirror and dice.chance(0.5):
        sketch = sketch.stretched(-1)
    sketch = sketch.turned(dice.around(0, sketch.tilt))
    left, top, right, bottom = sketch.bounds()
    scale = longest / max(right - left, bottom - top)
    corner = np.asarray([left, top])
    return sketch.mapped(lambda points: (points - corner) * scale)


def _overlap(a: Bounds, b: Bounds) -> float:
    """Area shared by two boxes, relative to the smaller one."""
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(wide, 0.0) * max(tall, 0.0) / smaller


def _place(dice: Dice, canvas: Canvas, sketch: Sketch, horizon: Number, others: Sequence[Bounds]) -> Sketch:
    """Move a sized sketch to the spot, out of six, where it hides least; up to 8 % of it may leave the image."""
    _, _, wide, tall = sketch.bounds()
    slack = 0.08
    best, least = np.zeros(2), float("inf")
    for _ in range(6):
        left = dice.uniform(-slack * wide, max(canvas.width - (1 - slack) * wide, 0.0))
        if sketch.grounded:
            low = min(max(tall, horizon + 0.05 * canvas.side), 0.98 * canvas.height)
            bottom = dice.uniform(low, 0.98 * canvas.height)
        else:
            bottom = dice.uniform(tall, max(0.75 * canvas.height, tall + 0.02 * canvas.height))
        box = (left, bottom - tall, left + wide, bottom)
        hidden = max((_overlap(box, other) for other in others), default=0.0)
        if hidden < least:
            best, least = np.asarray([left, bottom - tall]), hidden
    return sketch.mapped(lambda points: points + best)


def _objects(dice: Dice, canvas: Canvas, config: PartWorldConfig, horizon: Number) -> list[tuple[str, Sketch, Bounds]]:
    """Category, sketch and bounds of all objects, in canvas pixels; farthest (highest foot) first."""
    placed: list[tuple[str, Sketch, Bounds]] = []
    for _ in range(dice.integer(*config.objects)):
        category = dice.choice(config.category_names)
        sketch = _sized(dice, DRAW[category](dice), dice.uniform(*config.object_scale) * canvas.side)
        sketch = _place(dice, canvas, sketch, horizon, [bounds for *_, bounds in placed])
        placed.append((category, sketch, sketch.bounds()))
    return sorted(placed, key=lambda item: item[2][3])


def _draw(dice: Dice, config: PartWorldConfig) -> Canvas:
    height, width = config.size
    canvas = Canvas(height, width, 3 if min(config.size) < 96 else 2, dice)
    horizon = paint_scenery(canvas, dice)
    objects = _objects(dice, canvas, config, horizon)
    for number, (category, sketch, (left, _, right, bottom)) in enumerate(objects, start=1):
        if sketch.grounded:
            canvas.shadow(ellipse(((left + right) / 2, bottom), (right - left) * 0.48, 0.03 * canvas.side))
        canvas.object(sketch, CLASS_ID[category], number)
    canvas.ink()
    return canvas


def partworld_scene(config: PartWorldConfig, index: int) -> Scene:
    """Scene number `index`: the same on every platform for the same seed, split, index, size, categories and objects.

    Returns:
        image uint8 (3, H, W); label int64, class ids of PARTWORLD; instance int32, 0 on stuff, 1, 2, ... from back to
        front; part uint8, true part ids, greater than 0 exactly on objects.
    Raises:
        ConfigError: the index is negative.
    """
    if index < 0:
        raise ConfigError("no such scene", field="index", found=index, expected="0 or more")
    canvas = _draw(Dice(config.seed, ("train", "val").index(config.split), index), config)
    label = torch.from_numpy(canvas.crisp(canvas.label).astype(np.int64))
    instance = torch.from_numpy(canvas.crisp(canvas.instance).astype(np.int32))
    return Scene(
        name=f"{config.split}_{config.seed}_{index:06d}",
        image=torch.from_numpy(canvas.image()),
        label=label,
        instance=instance,
        objects=index_objects(label, instance, PARTWORLD, original_size=(1, 1)),
        part=torch.from_numpy(canvas.crisp(canvas.part)),
    )


_BYTES_OF_A_PIXEL = 3 + 8 + 4 + 1
"""Of image, label, instance and part map."""


class PartWorld(Sequence[Scene]):
    """The embedded data set: a sequence of scenes. To draw one takes about 7 ms of one core at 64x64, 15 ms at 128x128.

    Scenes that were drawn are kept, if all of them take less than 1 GiB: do not change their tensors.
    """

    def __init__(self, config: PartWorldConfig) -> None:
        self.config = config
        self.spec = PARTWORLD
        fits = config.count * math.prod(config.size) * _BYTES_OF_A_PIXEL < 2**30
        self._drawn: dict[int, Scene] | None = {} if fits else None

    def __len__(self) -> int:
        return self.config.count

    @overload
    def __getitem__(self, index: int) -> Scene: ...

    @overload
    def __getitem__(self, index: slice) -> list[Scene]: ...

    def __getitem__(self, index: int | slice) -> Scene | list[Scene]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"scene {index} of {len(self)}")
        if self._drawn is None:
            return partworld_scene(self.config, position)
        if position not in self._drawn:
            self._drawn[position] = partworld_scene(self.config, position)
        return self._drawn[position]
