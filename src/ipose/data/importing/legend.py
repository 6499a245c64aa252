"""What colours or ids of a mask mean: a text file, a line a class.

These forms are read: "car 128 0 0" or "car,128,0,0" (name and colour), "#800000 car", "7 car" or "7: car" (id and
name), "car:128,0,0::" (CVAT's labelmap.txt). Lines that begin with "# " are comments.
"""

import re
from pathlib import Path
from typing import NamedTuple

from ipose.data.palette import RGB
from ipose.errors import DataError

_HEX = re.compile(r"#([0-9a-fA-F]{6})[\s,:;]+(.+)|(.+?)[\s,:;]+#([0-9a-fA-F]{6})")
_COLOR_LAST = re.compile(r"(.+?)[\s,:;]+(\d+)[\s,;]+(\d+)[\s,;]+(\d+)(?:[\s:]*)")
_COLOR_FIRST = re.compile(r"(\d+)[\s,;]+(\d+)[\s,;]+(\d+)[\s,:;]+(.+)")
_ID = re.compile(r"(\d+)[\s,:;]+(.+)")


class LegendEntry(NamedTuple):
    """One class of a legend: by its colour, or by its id."""

    name: str
    color: RGB | None
    number: int | None


def read_legend(file: Path) -> list[LegendEntry]:
    """The classes of a legend.

    Raises:
        DataError: a line of no known form, a name or a colour twice, or colours and ids mixed.
    """
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


def _entry(line: str, file: Path) -> LegendEntry:
    if match := _HEX.fullmatch(line):
        code, name = (match[1], match[2]) if match[1] else (match[4], match[3])
        return LegendEntry(name.strip(), _rgb(*(int(code[i : i + 2], 16) for i in (0, 2, 4))), None)
    if match := _COLOR_FIRST.fullmatch(line):
        return LegendEntry(match[4].strip(), _rgb(*map(int, match.groups()[:3])), None)
    if match := _COLOR_LAST.fullmatch(line):
        return LegendEntry(match[1].strip(), _rgb(*map(int, match.groups()[1:])), None)
    if match := _ID.fullmatch(line):
        return LegendEntry(match[2].strip(), None, int(match[1]))
    expected = '"car 128 0 0", "#800000 car", "7 car" or "car:128,0,0::"'
    raise DataError("a line of a legend that says nothing", file=file, found=repr(line), expected=expected)


def _rgb(red: int, green: int, blue: int) -> RGB:
    return red, green, blue
