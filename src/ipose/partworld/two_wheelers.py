"""Bicycle and motorbike. Frame: facing right, y down, about two units long, the ground at y = 0."""

from ipose.partworld.dice import Dice, Number
from ipose.partworld.outlines import Point, ellipse, limb, polygon, ring, walk
from ipose.partworld.paints import Paint, flat, look
from ipose.partworld.sketch import Sketch


def _bicycle_wheel(sketch: Sketch, dice: Dice, paint: Paint, center: Point, radius: Number, solid: bool) -> None:
    if solid:
        sketch.add(1, paint, ellipse(center, radius))
        sketch.add(1, flat(0.6, 0.05, 0.75), ellipse(center, radius * 0.6))
        return
    start = dice.uniform(0, 60)
    spokes = [
        one
        for turn in (0, 60, 120)
        for one in limb([walk(center, (radius * 0.9, start + turn + flip))[1] for flip in (0, 180)], [0.07])
    ]
    sketch.add(1, flat(0.6, 0.05, 0.65), *spokes)
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
    reach = {"chopper": dice.uniform(1.35, 1.6), "scooter": dice.uniform(1.0, 1.15), "racer": dice.uniform(1.1, 1.3)}[
        kind
    ]
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
        sketch.add(
            3,
            body,
            polygon(
                (rear[0] - 0.28, deck),
                (0.02, deck),
                (0.1, floor - 0.1),
                (0.1, floor + 0.08),
                (rear[0], floor),
                rounds=1,
            ),
            limb([(0.05, floor), (head[0] - 0.08, floor), (head[0] + 0.02, head[1] + 0.15)], [0.17, 0.17, 0.2]),
        )
    else:
        sketch.add(3, look(dice, 0.6, 0.08, 0.5, "stripes"), limb([(-0.22, -0.36), (0.16, -0.38)], [0.42]))
        tank = ellipse((head[0] - 0.3, deck - 0.08), 0.32, 0.2, 0.15)
        fairing = (
            [polygon((head[0] - 0.35, deck), head, (front[0] - 0.08, -front_r * 1.7), (0.12, -0.34))]
            if kind == "racer"
            else []
        )
        sketch.add(3, body, tank, limb([(rear[0], deck + 0.05), (head[0] - 0.2, deck + 0.06)], [0.2, 0.26]), *fairing)
    hump = dice.uniform(0.0, 0.12)
    sketch.add(
        3,
        flat(0.07, 0.5, 0.25),
        limb([(rear[0] - 0.12, deck - 0.06 - hump), (rear[0] + 0.36, deck - 0.05)], [0.16, 0.16]),
    )
    at = (head[0] + 0.14, head[1] + dice.uniform(0.02, 0.12))
    sketch.add(4, lamp, ellipse(at, dice.uniform(0.12, 0.15)))
    return sketch.stretched(dice.uniform(0.75, 1.05))
