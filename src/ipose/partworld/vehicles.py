"""Car, bus and truck. Frame: about two units long, facing right, the ground at y = 0, heights negative."""

from dataclasses import dataclass

from ipose.partworld.dice import Dice, Number
from ipose.partworld.outlines import Outline, box, ellipse, polygon
from ipose.partworld.sketch import Paint, Sketch, flat, look

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


def add_wheels(sketch: Sketch, livery: Livery, radius: Number, *places: Number) -> None:
    """Wheels at these places along the ground."""
    for x in places:
        sketch.add(WHEEL, livery.tyre, ellipse((x, -radius), radius))
        sketch.add(WHEEL, livery.hub, ellipse((x, -radius), radius * 0.5))


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
    low_x, top_x, sill, top = half - 0.08 * 1.6, taper - 0.08, belt - 0.02, roof + 0.08
    sketch.add(WINDOW, livery.glass, polygon((-low_x, sill), (-top_x, top), (top_x, top), (low_x, sill)))
    add_face(sketch, livery, -half, half, low, belt)
    return sketch


def panes(left: Number, right: Number, top: Number, bottom: Number, count: int, lean: Number = 0.0) -> list[Outline]:
    """A row of windows; the outer edges lean inwards at the top."""
    pitch = (right - left) / count
    gap = min(0.05, pitch * 0.2)
    outlines = []
    for i in range(count):
        a, b = left + i * pitch + gap / 2, left + (i + 1) * pitch - gap / 2
        first, last = a + (lean if i == 0 else 0), b - (lean if i == count - 1 else 0)
        outlines.append(polygon((a, bottom), (first, top), (last, top), (b, bottom)))
    return outlines


def draw_car(dice: Dice) -> Sketch:
    """Saloon, hatchback, estate or pickup from the side, obliquely, or head on."""
    livery = new_livery(dice, (0.0, 0.6, 0.33, 0.13, 0.75, 0.05))
    radius, belt = dice.uniform(0.18, 0.24), -dice.uniform(0.46, 0.56)
    roof = belt - dice.uniform(0.26, 0.38)
    view = dice.choice(("side", "side", "oblique", "oblique", "front"))
    if view == "front":
        half = dice.uniform(0.52, 0.66)
        return front_view(livery, half, roof * 1.05, belt, half * dice.uniform(0.65, 0.8), radius)
    saloon, hatchback, estate, pickup = (-0.62, 0.45), (-0.94, 0.45), (-0.98, 0.55), (-0.1, 0.6)
    rear, hood = dice.choice((saloon, hatchback, estate, pickup))
    hood += dice.around(0, 0.06)
    slope_rear, slope_front = dice.uniform(0.06, 0.22), dice.uniform(0.2, 0.36)
    low, nose = -radius * 0.8, dice.uniform(0.04, 0.12)
    sketch = Sketch(tilt=8)
    edge = 1.0
    back = [(-1.0, low), (-1.0, belt + 0.03), (rear, belt), (rear + slope_rear, roof)]
    front = [(hood - slope_front, roof), (hood, belt), (0.97, belt + nose), (edge, low)]
    sketch.add(CHASSIS, livery.body, polygon(*back, *front))
    sketch.add(CHASSIS, livery.trim, box(-1.0, low - 0.09, edge, low))
    cabin = dice.choice((1, 2)) if rear > -0.3 else dice.choice((2, 3))
    lean = min(slope_rear, slope_front) * 0.6
    left, right = rear + 0.1 + slope_rear * 0.3, hood - 0.08 - slope_front * 0.3
    sketch.add(WINDOW, livery.glass, *panes(left, right, roof + 0.06, belt - 0.01, cabin, lean))
    add_wheels(sketch, livery, radius, -0.58 + dice.around(0, 0.05), 0.58 + dice.around(0, 0.05))
    lamp_y = belt + nose + 0.13
    sketch.add(LIGHT, livery.tail_lamp, box(-1.0, belt + 0.06, -0.88, belt + 0.2))
    if view == "side":
        sketch.add(LIGHT, livery.lamp, ellipse((0.9, lamp_y), 0.1, 0.075))
        add_plate(sketch, livery, 0.9, low - 0.08, 0.18)
        return sketch.stretched(dice.uniform(0.85, 1.05))
    depth = dice.uniform(0.3, 0.5)  # of the front face, seen obliquely
    lift = dice.uniform(0.02, 0.08)
    end, tip = (edge + depth, belt + nose - lift), (0.95, belt + nose)
    screen_top = hood - slope_front
    roof_edge = screen_top + depth * 0.7
    screen = (screen_top, roof), (roof_edge, roof - lift * 0.3), (hood + depth, belt - lift)
    glass = (screen_top + 0.09, roof + 0.05), (roof_edge - 0.03, roof + 0.05), (hood + depth - 0.08, belt - lift)
    oblique = Sketch(tilt=8)
    oblique.add(WHEEL, livery.tyre, ellipse((edge + depth - 0.13, -radius - lift), 0.1, radius))
    oblique.add(CHASSIS, livery.trim, polygon((edge - 0.02, low), tip, end, (edge + depth, low - lift)))
    oblique.add(CHASSIS, livery.body, polygon(*screen, end, tip, (hood, belt)))
    oblique.add(WINDOW, livery.glass, polygon(*glass, (hood + 0.06, belt - 0.02)))
    oblique.strokes += sketch.strokes
    add_face(oblique, livery, edge, edge + depth, low - lift / 2, belt + nose)
    return oblique


def draw_bus(dice: Dice) -> Sketch:
    """Coach, school bus or double-decker, from the side or head on."""
    livery = new_livery(dice, (0.0, 0.13, 0.4, 0.58))
    radius, kind = dice.uniform(0.15, 0.19), dice.choice(("coach", "school", "double", "front", "front double"))
    tall = dice.uniform(1.15, 1.35) if "double" in kind else dice.uniform(0.72, 0.9)
    if "front" in kind:
        half = dice.uniform(0.42, 0.52)
        belt = -tall * (0.55 if "double" in kind else 0.62)
        sketch = front_view(livery, half, -tall * 1.25, belt, half * 0.93, radius)
        if "double" in kind:
            sketch.add(WINDOW, livery.glass, box(-half + 0.12, -tall * 0.96, half - 0.12, -tall * 0.68))
            sketch.add(CHASSIS, livery.trim, box(-half + 0.02, -tall * 0.68, half - 0.02, -tall * 0.6))
        return sketch
    sketch, low = Sketch(tilt=6), -radius * 0.8
    nose = 0.66 if kind == "school" else 1.0
    sketch.add(CHASSIS, livery.body, box(-1.0, -tall, nose, low, 2))
    if kind == "school":
        sketch.add(CHASSIS, livery.body, box(0.4, -tall * 0.56, 1.0, low, 1))
    sketch.add(CHASSIS, livery.trim, box(-0.98, low - 0.16, nose - 0.02, low - 0.09))
    count, front = dice.integer(4, 6), nose - 0.06
    double = (-tall + 0.1, -tall + 0.4), (-tall + 0.56, -tall + 0.84)
    for top, bottom in double if kind == "double" else ((-tall + 0.1, -tall * 0.5),):
        sketch.add(WINDOW, livery.glass, *panes(-0.94, front, top, bottom, count))
    door = front - 0.26
    if kind != "school":
        sketch.add(WINDOW, livery.glass, box(door, -tall * 0.5, front - 0.03, low - 0.03))
    add_wheels(sketch, livery, radius, -0.6 + dice.around(0, 0.08), 0.5 + dice.around(0, 0.06))
    sketch.add(LIGHT, livery.lamp, ellipse((0.93, low - 0.14), 0.07, 0.075))
    sketch.add(LIGHT, livery.tail_lamp, box(-1.0, low - 0.28, -0.9, low - 0.12))
    add_plate(sketch, livery, -0.82, low - 0.03, 0.18)
    return sketch.stretched(dice.uniform(0.75, 1.0))


def draw_truck(dice: Dice) -> Sketch:
    """A cab with a box, a tank or a loading bed behind it, or head on."""
    livery = new_livery(dice, (0.0, 0.1, 0.58, 0.36))
    radius, kind = dice.uniform(0.16, 0.21), dice.choice(("box", "tank", "bed", "front"))
    cargo = look(dice, dice.choice((0.1, 0.58, 0.9)), 0.12, 0.85, "stripes", 0.88)
    tall = dice.uniform(0.72, 0.95)
    if kind == "front":
        half = dice.uniform(0.42, 0.5)
        cab_view = front_view(livery, half * 0.9, -tall, -tall * 0.6, half * 0.8, radius)
        sketch = Sketch(tilt=7)
        sketch.add(CHASSIS, cargo, box(-half, -tall * dice.uniform(1.25, 1.6), half, -radius * 1.4))
        sketch.strokes += cab_view.strokes
        return sketch
    sketch, low = Sketch(tilt=7), -radius * 1.1
    cab = dice.uniform(0.34, 0.5)
    hooded = dice.chance(0.4)
    front = 0.78 if hooded else 1.0
    top = -tall * dice.uniform(0.8, 1.0)
    sketch.add(CHASSIS, livery.trim, box(-1.0, low - 0.08, 1.0, low + 0.05))
    rear = front - cab
    body = polygon((rear, low), (rear, top), (front - 0.14, top), (front, top * 0.55), (front, low))
    sketch.add(CHASSIS, livery.body, body)
    if hooded:
        sketch.add(CHASSIS, livery.body, box(front - 0.1, top * 0.56, 1.05, low, 1))
    height = {"box": tall * dice.uniform(1.1, 1.4), "tank": tall * 0.95, "bed": tall * dice.uniform(0.5, 0.6)}[kind]
    load = box(-1.0, -height, rear - 0.05, low - 0.04, 0 if kind == "box" else 2)
    if kind == "tank":
        load = ellipse(((rear - 1.05) / 2, (low - height) / 2), (rear + 0.95) / 2, (height + low) / 2)
    sketch.add(CHASSIS, cargo, load)
    left, sill = rear + cab * 0.3, top * 0.58
    window = (left, sill), (left, top + 0.08), (front - 0.17, top + 0.08), (front - 0.05, sill)
    sketch.add(WINDOW, livery.glass, polygon(*window))
    add_wheels(sketch, livery, radius, -0.72, -0.72 + 2.1 * radius, front - cab * 0.45 + (0.1 if hooded else 0))
    sketch.add(LIGHT, livery.lamp, ellipse((1.0 if hooded else 0.94, low - 0.13), 0.065, 0.08))
    sketch.add(LIGHT, livery.tail_lamp, box(-1.0, low - 0.13, -0.92, low - 0.02))
    add_plate(sketch, livery, 0.92, low - 0.01, 0.17)
    return sketch.stretched(dice.uniform(0.8, 1.0))
