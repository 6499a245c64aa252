"""The drawing of every category by its name."""

from collections.abc import Callable
from functools import partial

from ipose.partworld.aircraft import draw_aeroplane
from ipose.partworld.builds import BUILDS
from ipose.partworld.config import PART_NAMES, STUFF
from ipose.partworld.dice import Dice
from ipose.partworld.people_and_birds import draw_bird, draw_human
from ipose.partworld.quadrupeds import quadruped
from ipose.partworld.sketch import Sketch
from ipose.partworld.things import draw_bottle, draw_pottedplant, draw_stop_sign, draw_tvmonitor, draw_washer
from ipose.partworld.two_wheelers import draw_bicycle, draw_motorbike
from ipose.partworld.vehicles import draw_bus, draw_car, draw_truck
from ipose.types import LabelClass, LabelSpec

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
_THING_COLORS = (
    (255, 225, 25), (119, 11, 32), (170, 255, 195), (145, 30, 180), (0, 128, 128), (0, 0, 142),
    (245, 130, 48), (255, 250, 200), (170, 110, 40), (110, 60, 20), (220, 20, 60), (0, 255, 255),
    (60, 180, 75), (245, 245, 245), (255, 0, 0), (240, 50, 230), (40, 40, 40), (250, 190, 212),
)  # fmt: skip

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
