"""The drawing of every category by its name."""

from collections.abc import Callable
from functools import partial

from ipose.data.partworld.aircraft import draw_aeroplane
from ipose.data.partworld.builds import BUILDS
from ipose.data.partworld.dice import Dice
from ipose.data.partworld.people_and_birds import draw_bird, draw_human
from ipose.data.partworld.quadrupeds import quadruped
from ipose.data.partworld.sketch import Sketch
from ipose.data.partworld.things import draw_bottle, draw_pottedplant, draw_stop_sign, draw_tvmonitor, draw_washer
from ipose.data.partworld.two_wheelers import draw_bicycle, draw_motorbike
from ipose.data.partworld.vehicles import draw_bus, draw_car, draw_truck

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
