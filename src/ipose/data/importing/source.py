"""What every annotation tool's export comes down to: classes, photographs, and the regions drawn on each.

A photograph is found by its path, or else by its name anywhere below the folder.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from ipose.data.file_lists import PHOTO_ENDINGS, list_files
from ipose.data.palette import RGB, instance_color
from ipose.errors import DataError
from ipose.label_spec import LabelClass, LabelSpec
from ipose.part_annotations import PART_CHANNELS


class Photos:
    """The photographs below a folder."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DataError("no folder of photographs", file=root, mend="Name it with --images.")
        self.root = root
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for path in list_files(root, PHOTO_ENDINGS, tell=False):
            self._by_name[path.name].append(path)

    def find(self, named: str) -> Path | None:
        """The photograph of this path or name; None = there is none, or there are several."""
        direct = self.root / named
        if direct.is_file():
            return direct
        known = self._by_name.get(Path(named.replace("\\", "/")).name, [])
        return known[0] if len(known) == 1 else None

    @property
    def all(self) -> list[Path]:
        """Every photograph, sorted."""
        return sorted(path for paths in self._by_name.values() for path in paths)


BACKGROUND, UNKNOWN = "background", "unknown"
UNKNOWN_ID = 255


@dataclass(frozen=True)
class ImportedClass:
    """A class as the tool names it.

    Args:
        file_id: in the label maps to be written, 0..254.
        color: for sheets; None = one is chosen.
        thing: its regions are objects.
        parts: names of the parts that the source draws on its objects; part 1 first.
    """

    name: str
    file_id: int
    color: RGB | None = None
    thing: bool = True
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Region:
    """Pixels of one annotation.

    Args:
        pixels: (H, W).
        part: id of the part that they are, 1..8; 0 = the object itself, or stuff.
        crowd: several objects that nobody told apart: no object.
    """

    file_id: int
    pixels: Bool[ndarray, "h w"]
    part: int = 0
    crowd: bool = False


@dataclass(frozen=True)
class ImportItem:
    """A photograph with annotations.

    Args:
        where: what the source finds its annotations by.
    """

    name: str
    photo: Path
    size: tuple[int, int]
    where: Any


@runtime_checkable
class ImportSource(Protocol):
    """An export of an annotation tool, open for reading."""

    kind: str
    ignored: Counter[str]
    has_instances: bool

    @property
    def classes(self) -> Sequence[ImportedClass]:
        """In the order of their file ids."""

    @property
    def items(self) -> Sequence[ImportItem]:
        """The photographs that have annotations."""

    def regions(self, item: ImportItem) -> Iterator[Region]:
        """What is drawn on one photograph, in painting order. What cannot be used is counted in `ignored`."""


def spec_of(name: str, classes: Sequence[ImportedClass]) -> LabelSpec:
    """The spec of the scene folder to be written: the classes, a background where none has id 0, and "unknown"."""
    entries = sorted(classes, key=lambda item: item.file_id)
    names = {item.name for item in entries}
    if BACKGROUND not in names and (not entries or entries[0].file_id != 0):
        entries.insert(0, ImportedClass(BACKGROUND, 0, (0, 0, 0), thing=False))
    colors = [item.color or instance_color(number) for number, item in enumerate(entries)]
    made = [
        LabelClass(item.name, item.file_id, color, item.thing, item.name if item.parts else None)
        for item, color in zip(entries, colors, strict=True)
    ]
    unknown = UNKNOWN if UNKNOWN not in names else "not annotated"
    made.append(LabelClass(unknown, UNKNOWN_ID, (224, 224, 224)))
    return LabelSpec(name, tuple(made), len(made) - 1, "cityscapes")


def numbered(names: Sequence[str], file: Path) -> dict[str, int]:
    """File ids 1, 2, ... for class names. Raises DataError: more classes than a label map can hold."""
    if len(names) > UNKNOWN_ID - 1:
        message, found = "more classes than a label map holds", f"{len(names)} classes"
        raise DataError(message, file=file, found=found, expected="at most 254", mend="Keep those that you need.")
    return {name: number for number, name in enumerate(names, start=1)}


def classes_with_parts(parts: Mapping[str, Sequence[str]], file: Path) -> tuple[ImportedClass, ...]:
    """Classes with objects, by the names of their parts. Raises DataError: too many classes, or parts of one."""
    for name, own in parts.items():
        if len(own) >= PART_CHANNELS:
            found, mend = ", ".join(own), "Merge some of them."
            raise DataError("more than eight parts", file=file, field=name, found=found, mend=mend)
    ids = numbered(list(parts), file)
    return tuple(ImportedClass(name, number, parts=tuple(parts[name])) for name, number in ids.items())


def scene_name(relative: str) -> str:
    """ "trip/a.jpg" as "trip_a": one name a scene, whatever folder its photograph lies in."""
    return "_".join(Path(relative).with_suffix("").parts).lstrip(".") or "scene"


def by_size(regions: Sequence[Region]) -> list[Region]:
    """Painting order where the tool has none: large regions first, so that small ones on them stay visible."""
    return sorted(regions, key=lambda region: (region.part > 0, -int(np.count_nonzero(region.pixels))))
