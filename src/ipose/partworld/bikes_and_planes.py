"""Bicycle, motorbike and aeroplane. Frame: facing right, y down, about two units long.

The ground of the first two is at y = 0, the axis of the aeroplane's body too.
"""

from ipose.partworld.dice import Dice, Number
from ipose.partworld.outlines import Point, ellipse, limb, polygon, ring, walk
from ipose.partworld.sketch import Paint, Sketch, flat, look


def _bicycle_wheel(sketch: Sketch, dice: Dice, paint: Paint, center: Point, radius: Number, solid: bool) -> None:
    if solid:
        sketch.add(1, paint, ellipse(center, radius))
        sketch.add(1, flat(0.6, 0.05, 0.75), ellipse(center, radius * 0.6))
        return
    start = dice.uniform(0, 60)
    rims = [[walk(center, (radius * 0.9, start + turn + flip))[1] for flip in (0, 180)] for turn in (0, 60, 120)]
    sketch.add(1, flat(0.6, 0.05, 0.65), *(limb(ends, [0.07]) for ends in rims))
    sketch.add(1, paint, *ring(center, radius, 0.16))


def draw_bicycle(dice: Dice) -> Sketch:
    """Wheels of equal or different size, spoked or solid; upright or racing handlebar; seen more or less obliquely."""
    sketch = Sketch(tilt=18)
    tyre, frame = look(dice, 0.65, 0.12, 0.2), look(dice, dice.choice((0.0, 0.35, 0.58)), 0.85, 0.85)
    saddle, bar = look(dice, 0.07, 0.7, 0.5), look(dice, 0.13, 0.75, 0.95)
    rear_r = dice.uniform(0.4, 0.52)
    front_r = rear_r * dice.choice((1.0, 1.0, dice.uniform(0.6, 0.8)))
    reach, solid = dice.uniform(1.1, 1.3), dice.chance(0.5)
    rear, front = (-reach / 2, -rear_r), (reach / 2, -front_r)
    _bicycle_wheel(sketch, dice, tyre, rear, rear_r, solid)
    _bicycle_wheel(sketch, dice, tyre, front, front_r, solid)
    crank = (dice.around(-0.08, 0.05), -rear_r * 0.85)
    seat = (crank[0] - dice.uniform(0.12, 0.22), crank[1] - dice.uniform(0.5, 0.75))
    head = (front[0] - dice.uniform(0.18, 0.3), min(seat[1] + dice.around(0.05, 0.12), front[1] - front_r * 0.7))
    joint = (crank[0] + (seat[0] - crank[0]) * 0.75, crank[1] + (seat[1] - crank[1]) * 0.75)
    width = [0.11]
    tubes = ((rear, crank), (rear, joint), (crank, seat), (joint, head), (crank, head), (head, front))
    sketch.add(4, frame, *(limb(tube, width) for tube in tubes), ellipse(crank, 0.13))
    sketch.add(2, saddle, limb([(seat[0] - 0.2, seat[1] - 0.04), (seat[0] + 0.16, seat[1] - 0.02)], [0.2, 0.12]))
    stem = (head[0] - 0.03, head[1] - dice.uniform(0.1, 0.3))
    grip: list[Point] = [head, stem]
    if dice.chance(0.5):
        grip += [(stem[0] + 0.2, stem[1] + 0.02), (stem[0] + 0.22, stem[1] + 0.2), (stem[0] + 0.08, stem[1] + 0.25)]
    else:
        grip += [(stem[0] - 0.12, stem[1] - 0.12), (stem[0] - 0.36, stem[1] - 0.08)]
    sketch.add(3, bar, limb(grip, [0.13]))
    return sketch.stretched(dice.uniform(0.6, 1.05))


def draw_motorbike(dice: Dice) -> Sketch:
    """Chopper, scooter or racer; all that is neither wheel, handlebar nor headlight counts as saddle."""
    sketch = Sketch(tilt=16)
    kind = dice.choice(("chopper", "scooter", "racer"))
    tyre, hub = look(dice, 0.65, 0.1, 0.17), flat(0.6, 0.05, 0.7)
    body = look(dice, dice.choice((0.0, 0.3, 0.6, 0.08)), 0.85, 0.8)
    chrome, lamp = look(dice, 0.6, 0.12, 0.72, "stripes", 0.8), flat(0.15, 0.5, 1.0)
    rear_r = dice.uniform(0.24, 0.3) if kind == "scooter" else dice.uniform(0.34, 0.42)
    front_r = rear_r * dice.uniform(0.85, 1.0)
    reaches = dice.uniform(1.35, 1.6), dice.uniform(1.0, 1.15), dice.uniform(1.1, 1.3)  # all are drawn
    reach = reaches[("chopper", "scooter", "racer").index(kind)]
    rear, front = (-reach / 2, -rear_r), (reach / 2, -front_r)
    rake = dice.uniform(0.4, 0.55) if kind == "chopper" else dice.uniform(0.12, 0.28)
    head = (front[0] - rake, -dice.uniform(0.95, 1.1))
    for center, radius in ((rear, rear_r), (front, front_r)):
        sketch.add(1, tyre, ellipse(center, radius))
        sketch.add(1, hub, ellipse(center, radius * 0.5))
    stem = (head[0] - 0.04, head[1] - dice.uniform(0.05, 0.28 if kind == "chopper" else 0.14))
    sketch.add(2, chrome, limb([front, head, stem], [0.13]), limb([stem, (stem[0] - 0.28, stem[1] - 0.02)], [0.13]))
    deck = -dice.uniform(0.66, 0.76)
    if kind == "scooter":
        floor = -rear_r * 0.9
        shield = limb([(0.05, floor), (head[0] - 0.08, floor), (head[0] + 0.02, head[1] + 0.15)], [0.17, 0.17, 0.2])
        trunk = [(rear[0] - 0.28, deck), (0.02, deck), (0.1, floor - 0.1), (0.1, floor + 0.08), (rear[0], floor)]
        sketch.add(3, body, polygon(*trunk, rounds=1), shield)
    else:
        sketch.add(3, look(dice, 0.6, 0.08, 0.5, "stripes"), limb([(-0.22, -0.36), (0.16, -0.38)], [0.42]))
        tank = ellipse((head[0] - 0.3, deck - 0.08), 0.32, 0.2, 0.15)
        fairing = polygon((head[0] - 0.35, deck), head, (front[0] - 0.08, -front_r * 1.7), (0.12, -0.34))
        frame = limb([(rear[0], deck + 0.05), (head[0] - 0.2, deck + 0.06)], [0.2, 0.26])
        sketch.add(3, body, tank, frame, *([fairing] if kind == "racer" else []))
    hump = deck - 0.06 - dice.uniform(0.0, 0.12)
    sketch.add(3, flat(0.07, 0.5, 0.25), limb([(rear[0] - 0.12, hump), (rear[0] + 0.36, deck - 0.05)], [0.16, 0.16]))
    at = (head[0] + 0.14, head[1] + dice.uniform(0.02, 0.12))
    sketch.add(4, lamp, ellipse(at, dice.uniform(0.12, 0.15)))
    return sketch.stretched(dice.uniform(0.75, 1.05))


def _from_above(dice: Dice, body: Paint, fin: Paint, wing: Paint) -> Sketch:
    sketch = Sketch(grounded=False, tilt=60)
    sweep, span, chord = dice.uniform(-0.05, 0.45), dice.uniform(0.75, 1.05), dice.uniform(0.3, 0.42)
    thick, x = dice.uniform(0.22, 0.28), dice.uniform(0.1, 0.3)
    for side in (-1, 1):
        blade = polygon((x, 0), (x - sweep, side * span), (x - sweep - chord * 0.6, side * span), (x - chord, 0))
        sketch.add(3, wing, blade)
        back = sweep * 0.3
        sketch.add(2, fin, polygon((-0.62, 0), (-0.75 - back, side * 0.4), (-0.95 - back, side * 0.4), (-0.95, 0)))
    sketch.add(1, body, limb([(-0.95, 0), (-0.3, 0), (0.75, 0), (0.95, 0)], [0.1, thick, thick, thick * 0.6]))
    sketch.add(2, fin, limb([(-0.98, 0), (-0.68, 0)], [0.16, 0.1]))
    sketch.add(1, flat(0.55, 0.4, 0.4), ellipse((0.78, 0), 0.1, thick * 0.3))
    return sketch


def draw_aeroplane(dice: Dice) -> Sketch:
    """An airliner or a propeller plane: from the side, climbing or sinking, with or without wheels; or from above."""
    body, fin = look(dice, 0.58, 0.1, 0.93), look(dice, dice.choice((0.0, 0.1, 0.85)), 0.8, 0.85)
    wing, tyre = look(dice, 0.6, 0.22, 0.62, "stripes", 0.8), look(dice, 0.1, 0.5, 0.2)
    if dice.chance(0.3):
        return _from_above(dice, body, fin, wing)
    gear = dice.chance(0.7)
    sketch = Sketch(grounded=False, tilt=24)
    thick, small = dice.uniform(0.26, 0.38), dice.chance(0.4)
    root, chord, span = dice.uniform(-0.05, 0.25), dice.uniform(0.34, 0.5), dice.uniform(0.35, 0.6)
    sweep = dice.uniform(0.0, 0.12) if small else dice.uniform(0.3, 0.55)
    tip, high = root - sweep * 0.7, -span * 0.85
    sketch.add(3, wing, polygon((root, -0.05), (tip, high), (tip - chord * 0.5, high), (root - chord, -0.05)))
    if gear:
        for x in (-0.12, 0.6):
            leg = thick * 0.5 + dice.uniform(0.1, 0.16)
            sketch.add(4, tyre, limb([(x, 0), (x, leg)], [0.09]), ellipse((x, leg), 0.11))
    tall, tail_chord = dice.uniform(0.42, 0.62), dice.uniform(0.28, 0.4)
    sketch.add(2, fin, polygon((-0.95 + tail_chord, -0.02), (-0.95, -tall), (-1.15, -tall), (-1.0, 0.02)))
    tail_end = [0.12, thick * 0.95, thick, thick * 0.65]
    sketch.add(1, body, limb([(-0.95, -0.04), (-0.35, 0), (0.6, 0), (0.85, 0.03)], tail_end))
    sketch.add(2, fin, polygon((-0.72, -0.04), (-0.95, 0.2), (-1.15, 0.2), (-1.02, -0.04)))
    sketch.add(1, flat(0.55, 0.5, 0.35), polygon((0.7, -thick * 0.4), (0.93, -thick * 0.15), (0.74, -thick * 0.05)))
    sketch.add(1, flat(0.55, 0.4, 0.5), *(ellipse((x * 0.14, -thick * 0.15), 0.04) for x in range(-3, 5)))
    tip, low = root - sweep, thick * 0.15
    sketch.add(3, wing, polygon((root + 0.05, low), (tip, span), (tip - chord * 0.55, span), (root - chord, low)))
    if small:
        sketch.add(1, flat(0.08, 0.6, 0.35), limb([(0.98, -0.3), (0.98, 0.34)], [0.07]))
    return sketch.skewed(dice.uniform(-0.12, 0.12))
