"""Masks: coloured ones with a legend (CVAT, Supervisely, paint programs), or index PNGs of any tool.

A legend says what colours or ids mean, a line a class: "car 128 0 0" or "car,128,0,0" (name and colour), "#800000 car",
"7 car" or "7: car" (id and name), "car:128,0,0::" (CVAT's labelmap.txt). Lines that begin with "# " are comments.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from ipose.data.importing.source import (
    BACKGROUND,
    UNKNOWN,
    UNKNOWN_ID,
    ImportedClass,
    ImportItem,
    Region,
    scene_name,
)
from ipose.data.palette import RGB
from ipose.data.png import image_size, is_colour_image, read_index, read_photo
from ipose.errors import DataError

_HEX = re.compile(r"#([0-9a-fA-F]{6})[\s,:;]+(.+)|(.+?)[\s,:;]+#([0-9a-fA-F]{6})")
_COLOR_LAST = re.compile(r"(.+?)[\s,:;]+(\d+)[\s,;]+(\d+)[\s,;]+(\d+)(?:[\s:]*)")
_COLOR_FIRST = re.compile(r"(\d+)[\s,;]+(\d+)[\s,;]+(\d+)[\s,:;]+(.+)")
_ID = re.compile(r"(\d+)[\s,:;]+(.+)")


class LegendClass(NamedTuple):
    """One class of a legend: by its colour, or by its id."""

    name: str
    color: RGB | None
    number: int | None


def read_legend(file: Path) -> list[LegendClass]:
    """The classes of a legend."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise DataError("the legend cannot be read", file=file, found=str(error)) from error
    entries = [_entry(line.strip(), file) for line in lines if line.strip() and not line.startswith("# ")]
    for what in ("name", "color", "number"):
        values = [getattr(entry, what) for entry in entries if getattr(entry, what) is not None]
        if doubled := [value for value in values if values.count(value) > 1]:
            raise DataError(f"a {what} twice", file=file, found=str(doubled[0]), mend="Give each class its own.")
    if not entries or len({entry.color is None for entry in entries}) > 1:
        expected = "a colour for each class, or an id for each class"
        raise DataError("not a legend", file=file, found=f"{len(entries)} classes", expected=expected)
    return entries


def _entry(line: str, file: Path) -> LegendClass:
    if match := _HEX.fullmatch(line):
        code, name = int(match[1] or match[4], 16), match[2] or match[3]
        return LegendClass(name.strip(), (code >> 16, code >> 8 & 255, code & 255), None)
    if match := _COLOR_FIRST.fullmatch(line):
        return LegendClass(match[4].strip(), (int(match[1]), int(match[2]), int(match[3])), None)
    if match := _COLOR_LAST.fullmatch(line):
        return LegendClass(match[1].strip(), (int(match[2]), int(match[3]), int(match[4])), None)
    if match := _ID.fullmatch(line):
        return LegendClass(match[2].strip(), None, int(match[1]))
    expected = '"car 128 0 0", "#800000 car", "7 car" or "car:128,0,0::"'
    raise DataError("a line of a legend that says nothing", file=file, found=repr(line), expected=expected)


RGB_CODE = np.array([65536, 256, 1])
UNNAMED = f'pixels of colours or ids that the legend does not name: painted as "{UNKNOWN}"'


class Masks:
    """Photographs with a mask each, and, where the tool writes them, a picture of the objects.

    Args:
        rows: photograph, mask, and object picture (or None) of each scene.
        legend: what colours or ids mean; empty = the masks hold ids, and classes are named "class 3".
        things: names of the classes whose regions are objects. None = all but one named "background".
        ignored: what finding the rows left out.
    Raises:
        DataError: coloured masks without a legend of colours; an id twice; a name in `things` that is no class.
    """

    kind = "masks"

    def __init__(
        self,
        rows: Sequence[tuple[Path, Path, Path | None]],
        legend: Sequence[LegendClass],
        things: Sequence[str] | None,
        ignored: Counter[str],
    ) -> None:
        self.ignored, self.has_instances = ignored, any(row[2] for row in rows)
        self._coloured = is_colour_image(rows[0][1])
        if self._coloured and not any(entry.color for entry in legend):
            mend = 'Name a legend with --legend: a text file with lines such as "car 128 0 0".'
            message = "coloured masks, and nothing says what the colours mean"
            raise DataError(message, file=rows[0][1], field="legend", mend=mend)
        self.items = tuple(
            ImportItem(scene_name(photo.name), photo, image_size(photo), (mask, objects))
            for photo, mask, objects in rows
        )
        self._codes, self.classes = self._meaning(legend, things)

    def _meaning(
        self, legend: Sequence[LegendClass], things: Sequence[str] | None
    ) -> tuple[dict[int, int], tuple[ImportedClass, ...]]:
        """File id of each value of the masks, and the classes."""
        legend = sorted(legend, key=lambda entry: entry.name.lower() != BACKGROUND)  # its colour has id 0
        if self._coloured:
            values = [entry.color or (0, 0, 0) for entry in legend]
            names = [entry.name for entry in legend]
            first = 0 if names[0].lower() == BACKGROUND else 1
            codes = {int(np.array(value) @ RGB_CODE): first + number for number, value in enumerate(values)}
            colors = dict(zip(codes.values(), values, strict=True))
            named = dict(zip(codes.values(), names, strict=True))
        else:
            present = {int(i) for item in self.items for i in np.unique(self._values(item))} - {UNKNOWN_ID}
            named = {entry.number: entry.name for entry in legend if entry.number is not None}
            named = {number: named.get(number, f"class {number}") for number in sorted(present | set(named))}
            if not legend and 0 in named:
                named[0] = BACKGROUND
            codes, colors = {number: number for number in named}, {}
        if strangers := set(things or ()) - set(named.values()):
            found, known = ", ".join(strangers), ", ".join(named.values())
            raise DataError("no such class", file=self.items[0].photo, field="things", found=found, expected=known)
        if things is None:
            things = [name for number, name in named.items() if number > 0 and name.lower() != BACKGROUND]
        made = (ImportedClass(name, number, colors.get(number), name in things) for number, name in named.items())
        return codes, tuple(made)

    def regions(self, item: ImportItem) -> Iterator[Region]:
        """One region a class, or one an object where there is a picture of them."""
        values, objects = self._values(item), item.where[1]
        numbers = None if objects is None else read_photo(objects).astype(np.int64) @ RGB_CODE
        for value in np.unique(values):
            own = values == value
            file_id = self._codes.get(int(value))
            if file_id is None:
                self.ignored[UNNAMED] += int(own.sum())
                yield Region(UNKNOWN_ID, own)
            elif numbers is None:
                yield Region(file_id, own)
            else:
                yield from (Region(file_id, own & (numbers == number)) for number in np.unique(numbers[own]))

    def _values(self, item: ImportItem) -> Int64[ndarray, "h w"]:
        mask = item.where[0]
        pixels = read_photo(mask).astype(np.int64) @ RGB_CODE if self._coloured else read_index(mask).astype(np.int64)
        if pixels.shape != item.size:
            found, expected = f"{pixels.shape} (height, width)", f"{item.size} as {item.photo.name}"
            raise DataError("sizes differ", file=mask, found=found, expected=expected)
        return pixels
