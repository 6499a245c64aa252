"""Which parts a part category has: the paper's table.

The paper's part ids are positions in these rows: part id 1 is the first name, and 0 is no part.
"""

from collections.abc import Mapping, Sequence

from ipose.errors import SpecError

_QUADRUPED = ("head", "torso", "leg", "tail")
_ROAD_VEHICLE = ("window", "wheel", "light", "license", "chassis")

PART_NAMES: Mapping[str, tuple[str, ...]] = {
    "aeroplane": ("body", "stern", "wing", "wheel"),
    "bicycle": ("wheel", "saddle", "handlebar", "other"),
    "bird": _QUADRUPED,
    "boat": ("boat",),
    "bottle": ("cap", "body"),
    "bus": _ROAD_VEHICLE,
    "car": _ROAD_VEHICLE,
    "cat": _QUADRUPED,
    "chair": ("chair",),
    "cow": _QUADRUPED,
    "dog": _QUADRUPED,
    "horse": _QUADRUPED,
    "human": ("head", "torso", "leg", "arm"),
    "motorbike": ("wheel", "handlebar", "saddle", "headlight"),
    "pottedplant": ("pot", "plant"),
    "sheep": _QUADRUPED,
    "sofa": ("sofa",),
    "stop sign": ("word", "octagon"),
    "table": ("table",),
    "train": ("headlight", "torso"),
    "truck": _ROAD_VEHICLE,
    "tvmonitor": ("screen", "frame"),
    "van": _ROAD_VEHICLE,
    "washer": ("door glass", "door", "machine body"),
    "zebra": _QUADRUPED,
}
"""Part names by category (iPOSE suppl., table 6): parts 1, 2, ... in this order."""


def part_names_for(
    categories: Sequence[str], own: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, tuple[str, ...]]:
    """Part names of the categories: those in `own` first (a data set's `[parts]`), else the paper's.

    Raises:
        SpecError: a category that neither knows.
    Example:
        >>> part_names_for(["bottle"])
        {'bottle': ('cap', 'body')}
    """
    known = {**PART_NAMES, **(own or {})}
    for category in categories:
        if category not in known:
            what, expected = "part category without part names", f"one of {', '.join(sorted(known))}"
            mend = f'Name its parts in dataset.toml: [parts] "{category}" = ["head", ...]; or in parts.json.'
            raise SpecError(what, field="parts", found=repr(category), expected=expected, mend=mend)
    return {category: known[category] for category in categories}
