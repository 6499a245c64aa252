"""Human and bird. Frame: facing right, y down, the human about two units tall, the bird's torso about one unit long."""

import math

from ipose.partworld.dice import Dice, Number
from ipose.partworld.outlines import ellipse, limb, polygon, walk
from ipose.partworld.sketch import Sketch, flat, look

HEAD, TORSO, LEG, ARM = 1, 2, 3, 4
TAIL = 4

SKINS = ((0.06, 0.35, 0.95), (0.07, 0.5, 0.75), (0.06, 0.55, 0.5))


def _human_legs(dice: Dice, pose: str, width: Number) -> list[tuple[list[tuple[Number, Number]], list[Number]]]:
    """Steps and widths of the far and the near leg; 90 = down."""
    legs = []
    for side in (-1, 1):
        if pose == "sit":
            steps = [(0.42, dice.around(12, 14)), (0.42, dice.around(92, 12)), (0.14, 0.0)]
        elif pose == "walk":
            swing = 90 - side * dice.uniform(8, 34)
            steps = [(0.44, swing), (0.44, swing + dice.uniform(0, 35)), (0.14, 5.0)]
        else:
            swing = 90 - side * dice.uniform(1, 22)
            steps = [(0.44, swing), (0.44, swing + dice.around(0, 4)), (0.1, 90 - side * 75.0)]
        legs.append((steps, [width * 1.25, width * 1.05, width * 0.85, width * 0.75]))
    return legs


def _human_arms(dice: Dice) -> list[list[tuple[Number, Number]]]:
    """Steps of the far and the near arm: hanging, raised, forward or akimbo."""
    arms = []
    for side in (-1, 1):
        kind = dice.choice(("hang", "hang", "raise", "out", "akimbo"))
        if kind == "hang":
            first, second = 90 - side * dice.uniform(12, 30), 90 - side * dice.uniform(0, 20)
        elif kind == "raise":
            first, second = -90 + side * dice.uniform(15, 60), -90 + side * dice.uniform(-10, 40)
        elif kind == "out":
            first, second = 90 - side * dice.uniform(60, 100), 90 - side * dice.uniform(60, 130)
        else:
            first, second = 90 - side * dice.uniform(45, 60), 90 + side * dice.uniform(35, 60)
        arms.append([(0.32, first), (0.32, second)])
    return arms


def draw_human(dice: Dice) -> Sketch:
    """A person: standing, walking or sitting; arms anywhere; trousers or a dress; short or long hair."""
    sketch = Sketch(tilt=10)
    pose = dice.choice(("stand", "walk", "walk", "sit"))
    skin = dice.choice(SKINS)
    shirt_hue = dice.uniform(0, 1)
    shirt = look(dice, shirt_hue, 0.75, 0.85, dice.choice(("plain", "stripes", "checks", "dots")))
    trousers, far = look(dice, 0.61, 0.6, 0.42), look(dice, 0.61, 0.6, 0.3)
    arm = look(dice, skin[0], skin[1], skin[2] * 0.92)
    face, hair = look(dice, *skin), look(dice, dice.choice((0.07, 0.1, 0.02)), 0.6, dice.choice((0.15, 0.3, 0.6)))
    shoulders, length = dice.uniform(0.24, 0.3), dice.uniform(0.58, 0.7)
    lean = dice.around(0, 12) if pose != "stand" else dice.around(0, 5)
    neck = walk((0, 0), (length, -90 + lean))[1]
    legs, arms = _human_legs(dice, pose, 0.22), _human_arms(dice)
    dress = dice.chance(0.3) and pose != "sit"
    hips = ((-0.07, 0.0), (0.07, 0.0))
    sides = ((neck[0] - shoulders * 0.72, neck[1] + 0.1), (neck[0] + shoulders * 0.72, neck[1] + 0.1))
    behind = dice.integer(0, 1)  # one arm behind the torso, the other before it
    sketch.add(ARM, arm, limb([sides[behind], *walk(sides[behind], *arms[behind])[1:]], [0.19, 0.17, 0.15]))
    for number, (steps, widths) in enumerate(legs):
        sketch.add(LEG, far if number == 0 else trousers, limb(walk(hips[number], *steps), widths))
        sketch.add(LEG, flat(0.05, 0.5, 0.15), limb(walk(hips[number], *steps)[-2:], [0.17, 0.15]))
    top_left, top_right = (neck[0] - shoulders, neck[1] + 0.06), (neck[0] + shoulders, neck[1] + 0.06)
    waist = dice.uniform(0.19, 0.25)
    torso = [polygon(top_left, (neck[0], neck[1] - 0.06), top_right, (waist, 0.1), (0, 0.14), (-waist, 0.1), rounds=1)]
    torso.append(limb([neck, (neck[0], neck[1] - 0.1)], [0.16])[0])
    if dress:
        hem, down = dice.uniform(0.3, 0.42), dice.uniform(0.3, 0.5)
        torso.append(polygon((-0.17, -0.1), (0.17, -0.1), (hem, down), (-hem, down)))
    sketch.add(TORSO, shirt, *torso)
    front = 1 - behind
    sketch.add(ARM, arm, limb([sides[front], *walk(sides[front], *arms[front])[1:]], [0.19, 0.17, 0.15]))
    radius = dice.uniform(0.19, 0.23)
    at = walk(neck, (0.07 + radius, -90 + lean + dice.around(0, 15)))[1]
    if dice.chance(0.4):  # long hair
        sketch.add(HEAD, hair, ellipse((at[0] - 0.03, at[1] + radius * 0.35), radius * 1.15, radius * 1.45))
    sketch.add(HEAD, hair, ellipse((at[0] - 0.02, at[1] - radius * 0.1), radius * 1.08, radius * 1.12))
    sketch.add(HEAD, face, ellipse((at[0] + 0.03, at[1] + radius * 0.15), radius * 0.82, radius * 0.88))
    dark = flat(0.05, 0.5, 0.1)
    sketch.add(HEAD, dark, *(ellipse((at[0] + 0.03 + s * radius * 0.35, at[1] + 0.02), radius * 0.13) for s in (-1, 1)))
    return sketch


def draw_bird(dice: Dice) -> Sketch:
    """A bird: perched, wading on long legs, or in flight with its wings spread."""
    kind = dice.choice(("perch", "perch", "wade", "fly"))
    sketch = Sketch(grounded=kind != "fly", tilt=12)
    hue = dice.choice((0.58, 0.0, 0.13, 0.33, 0.6))
    body = look(dice, hue, 0.7, 0.8)
    head = look(dice, hue + 0.06, 0.45, 0.95)
    wing = look(dice, hue, 0.8, 0.55, "stripes", 0.7)
    tail = look(dice, hue + 0.5, 0.5, 0.5, "stripes")
    leg = look(dice, 0.09, 0.85, 0.9)
    pitch = {"perch": dice.uniform(5, 60), "wade": dice.uniform(0, 30), "fly": dice.uniform(-10, 25)}[kind]
    fat = dice.uniform(0.24, 0.33)
    rump, breast = walk((0, 0), (0.45, 180 - pitch))[1], walk((0, 0), (0.36, -pitch))[1]
    tail_length, fan = dice.uniform(0.3, 0.62), dice.uniform(0.1, 0.2)
    heading = 180 - pitch + dice.around(0, 22)
    ends = [walk(rump, (tail_length, heading + a))[1] for a in (-fan * 90, fan * 90)]
    roots = [walk(rump, (0.1, heading + a))[1] for a in (90, -90)]
    sketch.add(TAIL, tail, polygon(roots[1], ends[0], ends[1], roots[0]), ellipse(rump, 0.1))
    if kind != "fly":
        length = dice.uniform(0.55, 0.85) if kind == "wade" else dice.uniform(0.25, 0.38)
        for start in (-0.12, 0.08):
            swing = dice.around(90, 14)
            steps = (length * 0.55 + fat * 0.3, swing), (length * 0.55, swing - 10), (0.16, 5)
            sketch.add(LEG, leg, limb(walk((start, fat * 0.6), *steps), [0.13, 0.1, 0.1, 0.1]))
    elif dice.chance(0.6):
        sketch.add(LEG, leg, limb(walk((-0.12, fat * 0.8), (0.3, 150 - pitch)), [0.12, 0.1]))
    up = math.radians(-pitch)
    if kind == "fly":
        lift = dice.choice((-1, 1)) * dice.uniform(0.5, 0.95)
        sketch.add(TORSO, wing, polygon((-0.05, 0), (0.1, lift * 0.9), (0.3, lift * 0.95), (0.35, 0), rounds=1))
    neck = dice.uniform(0.3, 0.5) if kind == "wade" else dice.uniform(0.08, 0.2)
    rise = dice.uniform(35, 80) if kind != "fly" else dice.uniform(-5, 25)
    collar = walk(breast, (neck, -rise))[1]
    back, throat = limb([rump, (0, 0)], [0.18, fat]), limb([breast, collar], [fat * 1.2, 0.2])
    sketch.add(TORSO, body, ellipse((0, 0), 0.52, fat, up), back, throat)
    if kind == "fly":
        sketch.add(TORSO, wing, polygon((-0.25, 0), (-0.4, lift), (-0.1, lift * 1.05), (0.25, 0), rounds=1))
    else:
        fold = walk((0.16, -0.04), (0.66, 180 - pitch))[1]
        sketch.add(TORSO, wing, limb([walk((0, 0), (0.12, -pitch))[1], fold], [fat * 0.95, 0.08]))
    radius = dice.uniform(0.17, 0.22)
    at, beak = walk(collar, (radius * 0.5, -rise))[1], dice.uniform(0.14, 0.34)
    aim = dice.uniform(-10, 30)
    sketch.add(HEAD, head, ellipse(at, radius))
    base = [walk(at, (radius * 0.9, aim + a))[1] for a in (-35, 35)]
    sketch.add(HEAD, flat(0.1, 0.9, 0.95), polygon(base[0], walk(at, (radius + beak, aim))[1], base[1]))
    sketch.add(HEAD, flat(0, 0, 0.08), ellipse(walk(at, (radius * 0.45, aim - 30))[1], radius * 0.2))
    return sketch
