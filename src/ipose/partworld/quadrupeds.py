"""Cat, cow, dog, horse, sheep: one skeleton, posed at random, in five builds.

Frame: facing right, the spine's middle at the origin, the torso about one unit long.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipose.partworld.dice import Dice, Number
from ipose.partworld.outlines import Outline, Point, ellipse, limb, polygon, walk
from ipose.partworld.sketch import Paint, Sketch, flat, look

Range = tuple[Number, Number]


@dataclass(frozen=True, kw_only=True)
class Build:
    """What tells one animal from another; lengths relative to the torso's."""

    girth: Range
    leg: Range
    leg_width: Number
    neck: Range
    neck_width: Number
    neck_rise: Range
    head: Number
    muzzle: Range
    ears: Sequence[str]
    tail: Range
    tail_width: Number
    tail_rise: Range
    coats: Sequence[tuple[Number, Number, Number]]
    patterns: Sequence[str]
    poses: Sequence[str]
    woolly: bool
    tuft: bool
    mane: bool
    nose: tuple[Number, Number, Number]


BROWN, TAN, GREY = (0.07, 0.6, 0.5), (0.09, 0.45, 0.75), (0.6, 0.06, 0.6)
BLACK, WHITE, GINGER = (0.65, 0.15, 0.3), (0.1, 0.08, 0.92), (0.07, 0.72, 0.9)
DARK, PINK = (0.05, 0.4, 0.12), (0.97, 0.35, 0.85)
"""Hue, saturation and value."""

_ANIMALS = ("cat", "cow", "dog", "horse", "sheep")
_TRAITS: Mapping[str, Sequence[Any]] = {
    "girth": ((0.36, 0.48), (0.52, 0.64), (0.36, 0.5), (0.4, 0.5), (0.56, 0.68)),
    "leg": ((0.42, 0.6), (0.42, 0.55), (0.4, 0.75), (0.68, 0.85), (0.35, 0.5)),
    "leg_width": (0.15, 0.16, 0.16, 0.15, 0.13),
    "neck": ((0.1, 0.18), (0.14, 0.24), (0.16, 0.3), (0.4, 0.55), (0.1, 0.2)),
    "neck_width": (0.3, 0.34, 0.26, 0.27, 0.26),
    "neck_rise": ((20, 75), (-25, 40), (20, 70), (25, 65), (-20, 50)),
    "head": (0.24, 0.19, 0.2, 0.16, 0.17),
    "muzzle": ((0.08, 0.13), (0.16, 0.24), (0.18, 0.28), (0.26, 0.36), (0.12, 0.18)),
    "ears": (["point"], ["horn"], ["flop", "point"], ["point"], ["flop"]),
    "tail": ((0.6, 0.85), (0.45, 0.6), (0.3, 0.5), (0.5, 0.75), (0.18, 0.28)),
    "tail_width": (0.13, 0.09, 0.12, 0.17, 0.15),
    "tail_rise": ((-30, 100), (-85, -50), (-50, 80), (-80, 10), (-70, -20)),
    "coats": (
        (GINGER, GREY, BLACK),
        (WHITE, BROWN, BLACK),
        (TAN, BROWN, WHITE, BLACK),
        (BROWN, BLACK, TAN, WHITE),
        (WHITE,),
    ),
    "patterns": (["stripes", "stripes", "plain"], ["patches"], ["plain", "patches"], ["plain"], ["dots"]),
    "poses": (
        ["walk", "walk", "sit", "sit", "lie", "front"],
        ["walk", "walk", "graze", "lie", "front"],
        ["walk", "walk", "run", "sit", "sit", "lie", "graze", "front"],
        ["walk", "walk", "run", "run", "rear", "graze"],
        ["walk", "walk", "graze", "lie", "front"],
    ),
    "woolly": (False, False, False, False, True),
    "tuft": (False, True, False, False, False),
    "mane": (False, False, False, True, False),
    "nose": (DARK, PINK, DARK, DARK, DARK),
}
"""Each trait of each animal, in the order of `_ANIMALS`."""

BUILDS = {
    animal: Build(**{trait: values[place] for trait, values in _TRAITS.items()})
    for place, animal in enumerate(_ANIMALS)
}
"""By category."""


HEAD, TORSO, LEG, TAIL = 1, 2, 3, 4


@dataclass(frozen=True)
class Coat:
    """The paints of one animal: each part has its own."""

    torso: Paint
    head: Paint
    leg: Paint
    far_leg: Paint
    tail: Paint


def _coat(dice: Dice, build: Build) -> Coat:
    hue, saturation, value = dice.choice(build.coats)
    pattern = dice.choice(build.patterns)
    contrast = 0.55 if value > 0.45 else 2.2
    dark_head = build.woolly
    head_value = 0.3 if dark_head else min(value * 1.35 + 0.05, 1.0)
    return Coat(
        torso=look(dice, hue, saturation, value, pattern, contrast if pattern != "dots" else 0.85),
        head=look(dice, hue - 0.02, saturation * 0.7, head_value),
        leg=look(dice, hue, saturation * 0.8, 0.35 if dark_head else value * 0.72),
        far_leg=look(dice, hue, saturation * 0.8, 0.25 if dark_head else value * 0.5),
        tail=look(dice, hue + 0.03, min(saturation * 1.4, 0.9), value * 0.85, "stripes", contrast),
    )


def _head(sketch: Sketch, dice: Dice, build: Build, at: Point, nod: Number, coat: Coat) -> None:
    """Skull, muzzle, ears and face; `nod` degrees downwards."""
    r, paint = build.head, coat.head
    muzzle = dice.uniform(*build.muzzle)
    nose = walk(at, (r * 0.6 + muzzle, nod))[1]
    ears: list[Outline] = []
    kind = dice.choice(build.ears)
    for back in (-125, -70):
        root = walk(at, (r * 0.75, nod + back))[1]
        if kind == "point":
            base = walk(root, (r * 0.42, nod + back - 90))[1], walk(root, (r * 0.42, nod + back + 90))[1]
            ears.append(polygon(base[0], walk(root, (r * 0.85, nod + back - 5))[1], base[1]))
        elif kind == "horn":
            joints = walk(root, (r * 0.5, nod + back - 15), (r * 0.4, nod + back + 35))
            ears += limb(joints, [r * 0.45, r * 0.35, r * 0.15])
    sketch.add(HEAD, paint, *ears, ellipse(at, r, r * 0.92, math.radians(nod)), limb([at, nose], [r * 1.5, r * 0.95]))
    if kind == "flop":
        root = walk(at, (r * 0.6, nod - 125))[1]
        sketch.add(HEAD, coat.leg, ellipse((root[0] - r * 0.1, root[1] + r * 0.5), r * 0.35, r * 0.72, 0.2))
    sketch.add(HEAD, flat(*build.nose), ellipse(walk(nose, (r * 0.2, nod))[1], r * 0.3))
    sketch.add(HEAD, flat(0.05, 0.4, 0.08), ellipse(walk(at, (r * 0.4, nod - 50))[1], r * 0.15))


def _torso(sketch: Sketch, dice: Dice, build: Build, joints: list[Point], girth: Number, coat: Coat) -> None:
    hip, shoulder, collar = joints
    middle = ((hip[0] + shoulder[0]) / 2, (hip[1] + shoulder[1]) / 2 + girth * 0.06)
    outlines = limb([hip, middle, shoulder], [girth * 0.92, girth * dice.uniform(0.9, 1.05), girth])
    if build.woolly:
        span = math.hypot(shoulder[0] - hip[0], shoulder[1] - hip[1]) / 2 + girth * 0.36
        lean = math.atan2(shoulder[1] - hip[1], shoulder[0] - hip[0])
        c, s = math.cos(lean), math.sin(lean)
        for angle in (math.radians(30 * i) for i in range(12)):
            x, y = span * math.cos(angle), girth * 0.42 * math.sin(angle)
            center = (middle[0] + x * c - y * s, middle[1] + x * s + y * c)
            outlines.append(ellipse(center, girth * dice.uniform(0.17, 0.22)))
    outlines += limb([shoulder, collar], [girth * 0.8, build.neck_width])
    sketch.add(TORSO, coat.torso, *outlines)
    if build.mane:
        nape = [(x - 0.1, y - 0.07) for x, y in (collar, shoulder)]
        sketch.add(TORSO, coat.tail, limb(nape, [0.16, 0.1]))


def _tail(sketch: Sketch, dice: Dice, build: Build, root: Point, back: Number, coat: Coat) -> None:
    """A tail of three pieces from `root`, rising out of the direction `back` (degrees)."""
    length, rise = dice.uniform(*build.tail) / 3, dice.uniform(*build.tail_rise)
    curl = dice.uniform(-35, 35)
    width = build.tail_width
    joints = walk(root, *((length, back + rise + curl * i) for i in range(3)))
    ends = [width, width * 1.15, width * 1.1, width * (1.7 if build.tuft else 0.8)]
    sketch.add(TAIL, coat.tail, limb(joints, ends))


def _stance(dice: Dice, pose: str, leg: Number) -> tuple[float, list[list[tuple[Number, Number]]]]:
    """(pitch of the torso, steps of the legs: far front, far hind, near front, near hind), in degrees; 90 = down."""
    half = leg / 2
    if pose == "sit":
        hind = [(half * 1.15, dice.around(15, 10)), (half * 0.9, dice.around(120, 10)), (half * 0.5, 0.0)]
        fore = [(half * 1.2, dice.around(95, 6)), (half * 1.35, dice.around(92, 4))]
        return dice.uniform(42, 62), [fore, hind, [(s, a - 8) for s, a in fore], hind]
    if pose == "lie":
        fore = [(half * 0.75, dice.around(80, 15)), (half * 1.3, dice.around(8, 8))]
        hind = [(half * 0.8, dice.around(60, 15)), (half * 1.1, dice.around(12, 8))]
        return dice.uniform(-4, 8), [[(s * 0.8, a) for s, a in fore], [(s * 0.8, a) for s, a in hind], fore, hind]
    pitch, spread, bend = dice.around(0, 6), 16.0, 12.0
    lean = (0.0, 0.0)
    if pose == "run":
        pitch, spread, bend, lean = dice.around(4, 8), 18.0, 30.0, (dice.uniform(-50, -15), dice.uniform(15, 50))
    if pose == "rear":
        pitch, bend, lean = dice.uniform(35, 55), 60.0, (-40.0, 8.0)
    legs = []
    for side in (0, 1, 0, 1):
        swing = 90 + lean[side] + dice.around(0, spread)
        fold = dice.uniform(0, bend) * (1 - 2 * side)
        legs.append([(half, swing - fold * 0.3), (half, swing + fold)])
    return pitch, legs


def _front_view(dice: Dice, build: Build, coat: Coat) -> Sketch:
    """Facing the viewer: legs side by side, head over the chest, the tail to one side."""
    sketch = Sketch()
    wide, tall, leg = dice.uniform(*build.girth) * 0.62, dice.uniform(0.34, 0.44), dice.uniform(*build.leg)
    _tail(sketch, dice, build, (-wide * 0.6, 0.1), 180, coat)
    for side in (-1, 1):
        sketch.add(LEG, coat.far_leg, ellipse((side * wide * 0.95, tall * 0.75), wide * 0.42, tall * 0.5))
    sketch.add(TORSO, coat.torso, ellipse((0, 0), wide, tall))
    for side in (-1, 1):
        joints = walk((side * wide * 0.42, tall * 0.5), (leg * 0.9, 90 - side * dice.uniform(0, 10)))
        sketch.add(LEG, coat.leg, limb(joints, [build.leg_width * 1.25]))
    r = build.head * 1.15
    at = (dice.around(0, 0.06), -tall - r * dice.uniform(0.3, 0.9) - (build.neck[1] - 0.15) * 0.5)
    if at[1] < -tall - r:
        sketch.add(TORSO, coat.torso, limb([at, (0, 0)], [build.neck_width, wide * 1.4]))
    long = build.muzzle[1] * 0.8
    for side in (-1, 1):
        root = (at[0] + side * r * 0.68, at[1] - r * 0.6)
        if build.ears[0] == "flop":
            ear = ellipse((root[0] + side * r * 0.3, root[1] + r * 0.6), r * 0.3, r * 0.65, side * -0.3)
            sketch.add(HEAD, coat.leg, ear)
        elif build.ears[0] == "horn":
            joints = walk(root, (r * 0.6, -90 + side * 50), (r * 0.4, -90))
            sketch.add(HEAD, coat.head, limb(joints, [r * 0.4, r * 0.3, r * 0.15]))
        else:
            tip, low = (root[0] + side * r * 0.2, root[1] - r * 0.75), root[1] + r * 0.1
            sketch.add(HEAD, coat.head, polygon((root[0] - r * 0.4, low), tip, (root[0] + r * 0.4, low)))
    sketch.add(HEAD, coat.head, ellipse(at, r, r * 0.92), limb([at, (at[0], at[1] + long)], [r * 1.5, r]))
    dark = flat(0.05, 0.4, 0.1)
    sketch.add(HEAD, flat(*build.nose), ellipse((at[0], at[1] + long), r * 0.42, r * 0.25))
    sketch.add(HEAD, dark, *(ellipse((at[0] + s * r * 0.42, at[1] - r * 0.15), r * 0.15) for s in (-1, 1)))
    return sketch


def quadruped(dice: Dice, build: Build) -> Sketch:
    """An animal in one of its build's poses."""
    coat, pose = _coat(dice, build), dice.choice(build.poses)
    if pose == "front":
        return _front_view(dice, build, coat)
    sketch = Sketch()
    girth = dice.uniform(*build.girth)
    pitch, legs = _stance(dice, pose, dice.uniform(*build.leg))
    half = (1 - girth * 0.75) / 2 + 0.1
    hip, shoulder = walk((0, 0), (half, 180 - pitch))[1], walk((0, 0), (half, -pitch))[1]
    rise = dice.uniform(*build.neck_rise) + (pitch * 0.4 if pose in ("sit", "rear") else 0)
    nod = dice.uniform(0, 40)
    if pose == "graze":
        rise, nod = dice.uniform(-55, -35), dice.uniform(50, 80)
    collar = walk(shoulder, (girth * 0.3 + dice.uniform(*build.neck), -rise))[1]
    width = build.leg_width
    drop = girth * 0.2
    tops = [(shoulder[0] + 0.02, shoulder[1] + drop), (hip[0], hip[1] + drop)]
    _tail(sketch, dice, build, (hip[0] - girth * 0.35, hip[1] - girth * 0.2 * math.cos(math.radians(pitch))), 180, coat)
    for number, steps in enumerate(legs):
        if number == 2:
            _torso(sketch, dice, build, [hip, shoulder, collar], girth, coat)
        fore, far = number % 2 == 0, number < 2
        x, y = tops[0 if fore else 1]
        joints = walk((x + (0.07 if far else -0.05), y), *steps)
        thick = [width * (1.25 if fore else 1.6), width * 1.05, width * 0.95, width][: len(joints)]
        sketch.add(LEG, coat.far_leg if far else coat.leg, limb(joints, thick))
    _head(sketch, dice, build, walk(collar, (build.head * 0.5, -rise))[1], nod, coat)
    return sketch
