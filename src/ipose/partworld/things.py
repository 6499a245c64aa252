"""Compact categories: bottle, pottedplant, tvmonitor, washer, stop sign. Frame: y down, about two units tall."""

import math

from ipose.partworld.dice import Dice
from ipose.partworld.outlines import Outline, Point, box, ellipse, limb, polygon, walk
from ipose.partworld.sketch import Sketch, flat, look


def draw_bottle(dice: Dice) -> Sketch:
    """Wine, squat or spray bottle or jar, standing or fallen; the cap begins where the neck does."""
    sketch = Sketch(tilt=dice.choice((8.0, 30.0, 110.0)))
    cap = look(dice, dice.choice((0.0, 0.13, 0.83)), 0.85, 0.9, "stripes", 0.8)
    glass = look(dice, dice.choice((0.36, 0.5, 0.58, 0.08)), 0.65, 0.6)
    kind = dice.choice(("wine", "wine", "jar", "spray"))
    half = dice.uniform(0.26, 0.36) if kind != "jar" else dice.uniform(0.4, 0.55)
    body, shoulder = dice.uniform(0.75, 1.2), dice.uniform(0.15, 0.35)
    neck = dice.uniform(0.1, 0.14) if kind != "jar" else half * dice.uniform(0.7, 0.8)
    stem = dice.uniform(0.1, 0.45) if kind == "wine" else dice.uniform(0.02, 0.1)
    top = -body - shoulder - stem
    left = [(-half, 0.0), (-half, -body), (-neck, -body - shoulder), (-neck, top)]
    right = [(-x, y) for x, y in reversed(left)]
    sketch.add(2, glass, polygon(*left, *right), box(-half, -body, half, 0.06, 1))
    label = look(dice, dice.uniform(0, 1), 0.5, 0.95)
    sketch.add(2, label, box(-half, -body * 0.75, half, -body * 0.25))
    if kind == "spray":
        nozzle = ((-0.2, top - 0.4), (0.3, top - 0.44), (0.3, top - 0.28), (0.12, top - 0.18), (-0.2, top - 0.16))
        trigger = limb([(0.2, top - 0.25), (0.24, top - 0.02)], [0.08])
        sketch.add(1, cap, box(-neck * 1.3, top - 0.2, neck * 1.3, top), polygon(*nozzle), trigger)
    else:
        tall = dice.uniform(0.25, 0.6) if kind == "wine" else dice.uniform(0.2, 0.45)
        sketch.add(1, cap, box(-neck * 1.35, top - tall, neck * 1.35, top, 1))
    return sketch


def draw_pottedplant(dice: Dice) -> Sketch:
    """A bush, palm, cactus or flower in a conical or round pot."""
    sketch = Sketch(tilt=14)
    pot = look(dice, dice.choice((0.04, 0.04, 0.58, 0.8)), 0.7, 0.75, dice.choice(("plain", "stripes")), 0.8)
    leaf, dark = look(dice, 0.32, 0.75, 0.62), look(dice, 0.36, 0.8, 0.42)
    half, tall = dice.uniform(0.28, 0.55), dice.uniform(0.4, 0.8)
    foot = half * dice.uniform(0.6, 0.85)
    kind, height = dice.choice(("bush", "palm", "cactus", "flower")), dice.uniform(0.5, 1.2)
    if kind == "bush":
        places = [(dice.around(0, half * 1.1), -dice.uniform(0.1, height), dice.uniform(0.22, 0.36)) for _ in range(9)]
        blobs = [ellipse((x, y), radius) for x, y, radius in places]
        sketch.add(2, dark, limb([(0, 0), (0, -height * 0.6)], [0.3]), *blobs[:5])
        sketch.add(2, leaf, *blobs[5:])
    elif kind == "palm":
        for number in range(7):
            heading = -90 + (number - 3) * dice.uniform(18, 30)
            joints = walk((0, 0), (height * 0.5, heading), (height * 0.45, heading + (number - 3) * 12))
            sketch.add(2, leaf if number % 2 else dark, limb(joints, [0.1, 0.24, 0.06]))
    elif kind == "cactus":
        outlines = limb([(0, 0.1), (0, -height)], [0.36])
        for side in (-1, 1):
            y = -height * dice.uniform(0.25, 0.5)
            x = side * dice.uniform(0.35, 0.48)
            outlines += limb([(0, y), (x, y), (x, y - dice.uniform(0.2, 0.45))], [0.2])
        sketch.add(2, look(dice, 0.36, 0.7, 0.55, "stripes", 0.75), *outlines)
    else:
        petal = look(dice, dice.choice((0.95, 0.13, 0.75)), 0.75, 0.95)
        for spread in (-0.3, 0.0, 0.3):
            tip: Point = (spread + dice.around(0, 0.1), -height * dice.uniform(0.75, 1.0))
            blade = ellipse((tip[0] * 0.5 + 0.1, tip[1] * 0.45), 0.18, 0.1, -0.6)
            sketch.add(2, leaf, limb([(0, 0), tip], [0.12]), blade)
            sketch.add(2, petal, *(ellipse(walk(tip, (0.13, turn))[1], 0.12) for turn in range(0, 360, 72)))
            sketch.add(2, flat(0.12, 0.8, 0.9), ellipse(tip, 0.08))
    if dice.chance(0.35):
        sketch.add(1, pot, ellipse((0, tall * 0.5), half * 1.1, tall * 0.5), box(-half * 0.8, -0.04, half * 0.8, 0.12))
    else:
        cone = polygon((-half, 0.0), (half, 0.0), (foot, tall), (-foot, tall))
        sketch.add(1, pot, cone, box(-half * 1.12, -0.06, half * 1.12, 0.13))
    return sketch


def draw_tvmonitor(dice: Dice) -> Sketch:
    """A thin flat screen on a stand, or a tube set: thick frame, buttons to the right, feet and sometimes an aerial."""
    frame = look(dice, dice.choice((0.6, 0.07)), 0.3, 0.3)
    screen = look(dice, dice.choice((0.5, 0.6, 0.8)), 0.55, 0.8, dice.choice(("stripes", "checks", "plain")), 0.75)
    sketch = Sketch(tilt=10)
    wide = dice.uniform(0.75, 1.1)
    if dice.chance(0.5):
        tall, edge = wide * dice.uniform(0.55, 0.8), dice.uniform(0.07, 0.12)
        stand = dice.uniform(0.22, 0.5)
        post = box(-0.12, tall * 0.8, 0.12, tall * 0.9 + stand)
        foot = box(-wide * 0.5, tall * 0.9 + stand - 0.1, wide * 0.5, tall * 0.9 + stand + 0.04)
        sketch.add(2, frame, box(-wide, -tall, wide, tall * 0.9), post, foot)
        sketch.add(1, screen, box(-wide + edge, -tall + edge, wide - edge, tall * 0.9 - edge * 1.3))
    else:
        tall = wide * dice.uniform(0.72, 0.85)
        outlines: list[Outline] = [box(-wide, -tall, wide, tall, 2)]
        for side in (-1, 1):
            x, end = side * wide, tall + 0.2
            outlines.append(polygon((x * 0.55, tall * 0.8), (x * 0.85, tall * 0.8), (x * 0.85, end), (x * 0.7, end)))
        if dice.chance(0.7):
            for lean in (-1, 1):
                tip = (lean * dice.uniform(0.3, 0.6), -tall - dice.uniform(0.35, 0.6))
                outlines += limb([(0, -tall * 0.9), tip], [0.1])
        sketch.add(2, frame, *outlines)
        sketch.add(1, screen, box(-wide + 0.17, -tall + 0.17, wide * 0.5, tall - 0.17, 2))
        knob = flat(0.1, 0.5, 0.9)
        sketch.add(2, knob, *(ellipse((wide * 0.76, y * tall), 0.09) for y in (-0.45, 0.0)))
    return sketch.stretched(dice.uniform(0.65, 1.0)).skewed(dice.uniform(-0.3, 0.3))


def draw_washer(dice: Dice) -> Sketch:
    """Front loader: door shut, or swung open to one side; sometimes the side wall shows; on feet."""
    sketch = Sketch(tilt=8)
    enamel = look(dice, dice.choice((0.58, 0.12, 0.42)), 0.14, 0.92)
    wall = look(dice, 0.6, 0.15, 0.65)
    door, glass = look(dice, 0.62, 0.3, 0.42), look(dice, 0.5, 0.6, 0.75, "dots", 0.75)
    half, tall = dice.uniform(0.68, 0.85), dice.uniform(0.8, 1.05)
    radius = half * dice.uniform(0.6, 0.7)
    center = (0.0, tall - radius - dice.uniform(0.25, 0.35))
    depth = dice.choice((0.0, dice.uniform(0.25, 0.5)))
    if depth:
        far, lid = half + depth, -tall - 0.22
        sketch.add(3, wall, polygon((half, -tall), (far, lid), (far, tall - 0.22), (half, tall)))
        sketch.add(3, enamel, polygon((-half, -tall), (-half + depth, lid), (far, lid), (half, -tall)))
    for x in (-half * 0.75, half * 0.75):
        sketch.add(3, wall, box(x - 0.12, tall - 0.1, x + 0.12, tall + 0.12))
    sketch.add(3, enamel, box(-half, -tall, half, tall))
    panel = flat(0.6, 0.25, 0.35)
    sketch.add(3, panel, box(-half * 0.9, -tall + 0.09, -half * 0.2, -tall + 0.26))
    sketch.add(3, panel, ellipse((half * 0.6, -tall + 0.18), 0.1))
    if dice.chance(0.55):
        sketch.add(2, door, ellipse(center, radius))
        sketch.add(1, glass, ellipse(center, radius * 0.7))
        return sketch.stretched(dice.uniform(0.8, 1.1))
    squash = dice.uniform(0.35, 0.75)
    sketch.add(3, flat(0.6, 0.3, 0.15), ellipse(center, radius * 0.85))
    hinge = (center[0] - radius * (0.9 + squash), center[1])
    sketch.add(2, door, ellipse(hinge, radius * squash, radius))
    sketch.add(1, glass, ellipse(hinge, radius * squash * 0.7, radius * 0.7))
    return sketch


_LETTERS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "S": (((0.9, 0.1), (0.1, 0.1), (0.1, 0.5), (0.9, 0.5), (0.9, 0.9), (0.1, 0.9)),),
    "T": (((0.05, 0.1), (0.95, 0.1)), ((0.5, 0.1), (0.5, 0.95))),
    "O": (((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1)),),
    "P": (((0.1, 0.95), (0.1, 0.1), (0.9, 0.1), (0.9, 0.5), (0.1, 0.5)),),
}


def draw_stop_sign(dice: Dice) -> Sketch:
    """An octagon seen more or less obliquely, with or without its pole; the word is a light band with red letters."""
    sketch = Sketch(mirror=False, tilt=16)
    red, band = look(dice, 0.99, 0.88, 0.85), look(dice, 0.12, 0.1, 0.96)
    if dice.chance(0.5):
        down = dice.uniform(1.4, 2.6)
        sketch.add(2, look(dice, 0.6, 0.1, 0.6), box(-0.11, 0.5, 0.11, down))
    octagon = [walk((0, 0), (1.0, 22.5 + 45 * i))[1] for i in range(8)]
    sketch.add(2, flat(0, 0, 0.95), polygon(*octagon))
    sketch.add(2, red, polygon(*((x * 0.92, y * 0.92) for x, y in octagon)))
    half, tall = 0.76, 0.3
    sketch.add(1, band, box(-half, -tall, half, tall))
    ink = flat(0.99, 0.9, 0.6)
    pitch = 2 * half / 4
    for number, letter in enumerate("STOP"):
        left, wide = -half + pitch * (number + 0.16), pitch * 0.68
        for line in _LETTERS[letter]:
            joints = [(left + x * wide, -tall * 0.72 + y * tall * 1.44) for x, y in line]
            sketch.add(1, ink, limb(joints, [0.09]))
    squeeze = dice.uniform(0.45, 1.0)
    return sketch.stretched(squeeze).skewed(dice.around(0, 0.35) * math.sqrt(1 - squeeze * squeeze))
