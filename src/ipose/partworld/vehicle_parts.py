"""What car, bus and truck share. Frame: about two units long, facing right, the ground at y = 0, heights negative."""

from dataclasses import dataclass

from ipose.partworld.dice import Dice, Number
from ipose.partworld.outlines import Outline, box, ellipse, polygon
from ipose.partworld.paints import Paint, flat, look
from ipose.partworld.sketch import Sketch

WINDOW, WHEEL, LIGHT, LICENSE, CHASSIS = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class Livery:
    """The paints of one vehicle."""

    body: Paint
    trim: Paint
    glass: Paint
    tyre: Paint
    hub: Paint
    lamp: Paint
    tail_lamp: Paint
    plate: Paint


def new_livery(dice: Dice, hues: tuple[Number, ...], pattern: str = "plain") -> Livery:
    """Paints around one of the hues; `pattern` on the body."""
    hue = dice.choice(hues)
    return Livery(
        body=look(dice, hue, 0.8, 0.85, pattern, 0.7),
        trim=look(dice, hue, 0.75, 0.55),
        glass=look(dice, 0.54, 0.35, 0.75, "stripes", 0.82),
        tyre=look(dice, 0.7, 0.1, 0.16),
        hub=flat(0.6, 0.05, 0.7),
        lamp=flat(0.15, 0.35, 1.0),
        tail_lamp=flat(0.0, 0.9, 0.95),
        plate=flat(0.14, 0.12, 0.97),
    )


def add_wheels(sketch: Sketch, livery: Livery, radius: Number, *places: Number, narrow: Number = 1.0) -> None:
    """Wheels at these places along the ground."""
    for x in places:
        sketch.add(WHEEL, livery.tyre, ellipse((x, -radius), radius * narrow, radius))
        sketch.add(WHEEL, livery.hub, ellipse((x, -radius), radius * 0.5 * narrow, radius * 0.5))


def add_plate(sketch: Sketch, livery: Livery, x: Number, y: Number, width: Number = 0.22) -> None:
    """A licence plate around a point."""
    sketch.add(LICENSE, livery.plate, box(x - width / 2, y - 0.055, x + width / 2, y + 0.055))


def add_face(sketch: Sketch, livery: Livery, left: Number, right: Number, low: Number, belt: Number) -> None:
    """The front of a vehicle between two edges: two lamps and the plate, below the belt line."""
    wide, tall = right - left, low - belt
    for x in (left + wide * 0.17, right - wide * 0.17):
        sketch.add(LIGHT, livery.lamp, ellipse((x, belt + tall * 0.35), min(wide * 0.14, 0.12), min(tall * 0.22, 0.11)))
    add_plate(sketch, livery, (left + right) / 2, belt + tall * 0.72, min(wide * 0.42, 0.3))


def front_view(livery: Livery, half: Number, roof: Number, belt: Number, taper: Number, radius: Number) -> Sketch:
    """Head on: wheels to both sides below, windscreen above the belt line."""
    sketch = Sketch(tilt=6)
    for side in (-1, 1):
        edge = side * (half - 0.12)
        sketch.add(WHEEL, livery.tyre, box(min(edge - 0.1, edge + 0.1), -2 * radius, max(edge - 0.1, edge + 0.1), 0, 1))
    low = -radius * 0.9
    body = polygon((-half, low), (-half, belt), (-taper, roof), (taper, roof), (half, belt), (half, low), rounds=1)
    sketch.add(CHASSIS, livery.body, body)
    inset = 0.08
    sketch.add(
        WINDOW,
        livery.glass,
        polygon(
            (-half + inset * 1.6, belt - 0.02),
            (-taper + inset, roof + 0.08),
            (taper - inset, roof + 0.08),
            (half - inset * 1.6, belt - 0.02),
        ),
    )
    add_face(sketch, livery, -half, half, low, belt)
    return sketch


def panes(left: Number, right: Number, top: Number, bottom: Number, count: int, lean: Number = 0.0) -> list[Outline]:
    """A row of windows; the outer edges lean inwards at the top."""
    pitch = (right - left) / count
    gap = min(0.05, pitch * 0.2)
    outlines = []
    for i in range(count):
        a, b = left + i * pitch + gap / 2, left + (i + 1) * pitch - gap / 2
        outlines.append(
            polygon(
                (a, bottom), (a + (lean if i == 0 else 0), top), (b - (lean if i == count - 1 else 0), top), (b, bottom)
            )
        )
    return outlines
