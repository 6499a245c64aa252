"""Classes of PartWorld, named as in iPOSE's table 6, and the parts of each category."""

from ipose.data.partworld.names import PART_NAMES, STUFF
from ipose.types import LabelClass, LabelSpec

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
