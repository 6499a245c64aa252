"""Which scenes of PartWorld: a value without torch."""

from dataclasses import dataclass

from ipose.data.part_names import PART_NAMES as TABLE_6
from ipose.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class PartWorldConfig:
    """Names the scenes of a PartWorld.

    Args:
        seed: of all scenes, 0 or more.
        count: how many scenes a `PartWorld` has; a scene does not depend on it.
        size: (height, width) in pixels, each at least 32.
        categories: object categories to draw from, all equally likely; None = all.
        objects: fewest and most objects a scene.
        object_scale: smallest and largest longer side of an object, relative to the image's shorter side.
        split: "train" or "val"; they share no scene.
    Raises:
        ConfigError: a value that cannot work.
    """

    seed: int = 0
    count: int = 1000
    size: tuple[int, int] = (128, 128)
    categories: tuple[str, ...] | None = None
    objects: tuple[int, int] = (1, 4)
    object_scale: tuple[float, float] = (0.35, 0.8)
    split: str = "train"

    def __post_init__(self) -> None:
        low, high = self.object_scale
        unknown = [name for name in self.categories or () if name not in PART_NAMES]
        for wrong, name, expected in (
            (self.seed < 0, "seed", "0 or more"),
            (self.count < 1, "count", "1 or more"),
            (min(self.size) < 32, "size", "height and width of at least 32 pixels"),
            (bool(unknown) or self.categories == (), "categories", ", ".join(PART_NAMES)),
            (not 0 <= self.objects[0] <= self.objects[1] <= 200, "objects", "0 <= fewest <= most <= 200"),
            (not 0.05 <= low <= high <= 1.5, "object_scale", "0.05 <= smallest <= largest <= 1.5"),
            (self.split not in ("train", "val"), "split", "train or val"),
        ):
            if wrong:
                raise ConfigError(
                    "PartWorld cannot be drawn so", field=name, found=getattr(self, name), expected=expected
                )

    @property
    def category_names(self) -> tuple[str, ...]:
        """The categories in use."""
        return tuple(PART_NAMES) if self.categories is None else self.categories


_NAMES = (
    "aeroplane, bicycle, bird, bottle, bus, car, cat, cow, dog, horse, human, motorbike, pottedplant, sheep, "
    "stop sign, truck, tvmonitor, washer"
)
CATEGORIES = tuple(_NAMES.split(", "))
"""Object categories, in class order."""

PART_NAMES: dict[str, tuple[str, ...]] = {name: TABLE_6[name] for name in CATEGORIES}
"""Names of parts 1, 2, ... of every category."""

NOVEL = ("cat", "stop sign")
"""Categories whose part annotation is never used to train PartNet, though they do appear in synthesis scenes."""

STUFF = ("sky", "grass", "road", "wall", "water")
"""Stuff classes, in class order, before the objects."""
