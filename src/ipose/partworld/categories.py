"""The drawing of every category by its name."""

from collections.abc import Callable
from functools import partial

from ipose.label_spec import LabelClass, LabelSpec
from ipose.partworld.bikes_and_planes import draw_aeroplane, draw_bicycle, draw_motorbike
from ipose.partworld.config import PART_NAMES, STUFF
from ipose.partworld.dice import Dice
from ipose.partworld.people_and_birds import draw_bird, draw_human
from ipose.partworld.quadrupeds import BUILDS, quadruped
from ipose.partworld.sketch import Sketch
from ipose.partworld.things import draw_bottle, draw_pottedplant, draw_stop_sign, draw_tvmonitor, draw_washer
from ipose.partworld.vehicles import draw_bus, draw_car, draw_truck

DRAW: dict[str, Callable[[Dice], Sketch]] = {
    "aeroplane": draw_aeroplane,
    "bicycle": draw_bicycle,
    "bird": draw_bird,
    "bottle": draw_bottle,
    "bus": draw_bus,
    "car": draw_car,
    "human": draw_human,
    "motorbike": draw_motorbike,
    "pottedplant": draw_pottedplant,
    "stop sign": draw_stop_sign,
    "truck": draw_truck,
    "tvmonitor": draw_tvmonitor,
    "washer": draw_washer,
    **{name: partial(quadruped, build=build) for name, build in BUILDS.items()},
}
"""Category name to the function that draws one of its objects from dice; part ids as in PART_NAMES."""

_STUFF_COLORS = ((70, 130, 180), (107, 142, 35), (128, 64, 128), (102, 102, 156), (0, 80, 200))
_HEX_COLORS = (
    "ffe119 770b20 aaffc3 911eb4 008080 00008e f58230 fffac8 aa6e28 6e3c14 dc143c 00ffff 3cb44b f5f5f5 "
    "ff0000 f032e6 282828 fabed4"
)
_THING_COLORS = [(red, green, blue) for red, green, blue in map(bytes.fromhex, _HEX_COLORS.split())]

PARTWORLD = LabelSpec(
    name="partworld",
    classes=tuple(
        LabelClass(name, file_id, color) for file_id, (name, color) in enumerate(zip(STUFF, _STUFF_COLORS, strict=True))
    )
    + tuple(
        LabelClass(name, len(STUFF) + number, color, thing=True, part_category=name)
        for number, (name, color) in enumerate(zip(PART_NAMES, _THING_COLORS, strict=True))
    ),
)
"""Stuff first, then the object categories; class id = file id = position; nothing is unknown."""
