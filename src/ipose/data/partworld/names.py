"""Names of PartWorld, all from iPOSE's table 6, without torch: categories, their parts, stuff."""

from ipose.data.part_names import PART_NAMES as TABLE_6

CATEGORIES = (
    "aeroplane", "bicycle", "bird", "bottle", "bus", "car", "cat", "cow", "dog", "horse", "human", "motorbike",
    "pottedplant", "sheep", "stop sign", "truck", "tvmonitor", "washer",
)  # fmt: skip
"""Object categories, in class order."""

PART_NAMES: dict[str, tuple[str, ...]] = {name: TABLE_6[name] for name in CATEGORIES}
"""Names of parts 1, 2, ... of every category."""

NOVEL = ("cat", "stop sign")
"""Categories whose part annotation is never used to train PartNet, though they do appear in synthesis scenes."""

STUFF = ("sky", "grass", "road", "wall", "water")
"""Stuff classes, in class order, before the objects."""
