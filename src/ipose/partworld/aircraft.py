"""Aeroplane. Frame: facing right, y down, about two units long, the body's axis at y = 0."""

from ipose.partworld.dice import Dice
from ipose.partworld.outlines import ellipse, limb, polygon
from ipose.partworld.paints import Paint, flat, look
from ipose.partworld.sketch import Sketch


def _from_above(dice: Dice, body: Paint, fin: Paint, wing: Paint) -> Sketch:
    sketch = Sketch(grounded=False, tilt=60)
    sweep, span, chord = dice.uniform(-0.05, 0.45), dice.uniform(0.75, 1.05), dice.uniform(0.3, 0.42)
    thick, x = dice.uniform(0.22, 0.28), dice.uniform(0.1, 0.3)
    for side in (-1, 1):
        sketch.add(
            3, wing, polygon((x, 0), (x - sweep, side * span), (x - sweep - chord * 0.6, side * span), (x - chord, 0))
        )
        sketch.add(
            2,
            fin,
            polygon((-0.62, 0), (-0.75 - sweep * 0.3, side * 0.4), (-0.95 - sweep * 0.3, side * 0.4), (-0.95, 0)),
        )
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
    sketch.add(
        3,
        wing,
        polygon(
            (root, -0.05),
            (root - sweep * 0.7, -span * 0.85),
            (root - sweep * 0.7 - chord * 0.5, -span * 0.85),
            (root - chord, -0.05),
        ),
    )
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
    sketch.add(
        3,
        wing,
        polygon(
            (root + 0.05, thick * 0.15),
            (root - sweep, span),
            (root - sweep - chord * 0.55, span),
            (root - chord, thick * 0.15),
        ),
    )
    if small:
        sketch.add(1, flat(0.08, 0.6, 0.35), limb([(0.98, -0.3), (0.98, 0.34)], [0.07]))
    return sketch.skewed(dice.uniform(-0.12, 0.12))
