"""What the class ids of a data set mean. No torch in here."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from ipose.errors import SpecError


@dataclass(frozen=True)
class LabelClass:
    """One semantic class.

    Args:
        name: unique in its spec.
        file_id: the id that stands for it in the label PNGs (0..255); the class id is its position in the spec.
        color: RGB 0..255, for sheets.
        thing: whether its pixels belong to countable objects.
        part_category: name of the part category whose supports serve its objects; None = no parts.
    """

    name: str
    file_id: int
    color: tuple[int, int, int]
    thing: bool = False
    part_category: str | None = None


@dataclass(frozen=True)
class LabelSpec:
    """What the ids of a data set mean: the one place that knows class names, colours, things and parts.

    Args:
        name: of the data set.
        classes: class id = position.
        unknown: class id of pixels without annotation, weight 0 in the losses; None where the data set has none.
        instance_layout: how instance PNGs number objects. "pairs": any id >= 0, an object is a (class, id) pair;
            "cityscapes": objects are ids >= 1000 that equal file_id * 1000 + number, smaller ids are no object.
    """

    name: str
    classes: tuple[LabelClass, ...]
    unknown: int | None = None
    instance_layout: str = "pairs"

    def __post_init__(self) -> None:
        def refuse(what: str, field: str = "classes", **facts: Any) -> None:
            raise SpecError(f"spec {self.name!r} has {what}", field=field, **facts)

        if not self.classes:
            refuse("no classes")
        for what, values in (
            ("names", [str(c.name) for c in self.classes]),
            ("file ids", [str(c.file_id) for c in self.classes]),
        ):
            if doubled := ", ".join(sorted({value for value in values if values.count(value) > 1})):
                mend = "Rename or renumber one of them."
                refuse(f"duplicate {what}", found=doubled, expected="each once", mend=mend)
        if self.unknown is not None and not 0 <= self.unknown < len(self.classes):
            refuse("no such unknown class", "unknown", found=self.unknown, expected=f"0..{len(self.classes) - 1}")
        if (layout := self.instance_layout) not in ("pairs", "cityscapes"):
            refuse("no such instance layout", "instance_layout", found=layout, expected="pairs or cityscapes")

    @property
    def num_classes(self) -> int:
        """Number of classes, the unknown one included."""
        return len(self.classes)

    @property
    def part_categories(self) -> tuple[str, ...]:
        """Part categories in use, each once, in class order."""
        return tuple(dict.fromkeys(c.part_category for c in self.classes if c.part_category is not None))

    def with_parts(self, categories: Collection[str]) -> "LabelSpec":
        """The spec, in which a thing without parts has those of the category of its name, if it is one of these."""
        classes = (
            replace(item, part_category=item.name)
            if item.thing and item.part_category is None and item.name in categories
            else item
            for item in self.classes
        )
        return replace(self, classes=tuple(classes))
