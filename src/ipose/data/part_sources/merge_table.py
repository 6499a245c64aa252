"""Which part of a source makes which part of ours: merge tables, one TOML a source, read strictly.

name = "street-parts"

[[classes]]
sid = 26                      # the source's class id, 1..99
name = "car"
category = "car"              # part category; its parts are the paper's, unless [parts] names them
parts = ["body", "tyre"]      # the source's parts 1, 2, ...
[classes.countable]           # parts that a file numbers one by one: first and last pid
tyre = [10, 19]
[classes.merge]               # our part = its parts; each of its parts in exactly one list
chassis = ["body"]
wheel = ["tyre"]

[[classes]]
sid = 4
name = "boat"
category = "boat"
whole = "boat"                # no parts in the source: the object as a whole is our part

[parts]                       # names of our parts 1, 2, ..., for categories that the paper's table lacks
robot = ["head", "body"]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int16
from numpy import ndarray

from ipose.data.part_names import part_names_for
from ipose.data.part_sources.merge_entries import MergeClass, parse_merge_class
from ipose.data.spec_entries import parse_parts, read_toml, refuse_rest, take
from ipose.errors import SpecError

TABLES = Path(__file__).parent / "tables"

UNKNOWN_PID = -1
"""What a pid that no table knows becomes in `MergeTable.lookup`."""

ID_COUNT = 100
"""sids and pids have two digits."""


@dataclass(frozen=True)
class MergeTable:
    """How a source's classes and parts become part categories and their parts.

    Args:
        name: of the source.
        classes: by sid.
        part_names: of our parts 1, 2, ..., for each category of the classes.
    """

    name: str
    classes: Mapping[int, MergeClass]
    part_names: Mapping[str, tuple[str, ...]]

    def part_id(self, sid: int, part: str) -> int:
        """Our part id for a source part, by name."""
        item = self.classes[sid]
        return self.part_names[item.category].index(item.target(part)) + 1

    @cached_property
    def lookup(self) -> Int16[ndarray, "sids pids"]:
        """Our part id by (sid, pid): 0 = no part, `UNKNOWN_PID` where the table has no such class or part."""
        table = np.full((ID_COUNT, ID_COUNT), UNKNOWN_PID, dtype=np.int16)
        table[:, 0] = 0
        for sid, item in self.classes.items():
            for part, pids in item.pids.items():
                table[sid, list(pids)] = self.part_id(sid, part)
            if item.whole is not None:
                table[sid, 0] = self.part_names[item.category].index(item.whole) + 1
        return table


def load_merge_table(name_or_path: str | Path) -> MergeTable:
    """A built-in table ("cityscapes-pps", "pascal-pps") or one's own, checked.

    Raises:
        SpecError: no such table; not TOML; a key missing, misspelt or of the wrong type; a source part that goes to no
            part, or to two; two parts with one pid; a target that the category does not have.
    """
    path = TABLES / f"{name_or_path}.toml" if (TABLES / f"{name_or_path}.toml").is_file() else Path(name_or_path)
    return read_toml(path, _parse_merge_table, mend="Check the path.")


def _parse_merge_table(rest: dict[str, Any]) -> MergeTable:
    name = take(rest, "name", str, where="")
    entries = take(rest, "classes", list, where="")
    own = parse_parts(take(rest, "parts", dict, where="", default={}))
    refuse_rest(rest, "name, [[classes]], [parts]")
    items = [parse_merge_class(entry, number) for number, entry in enumerate(entries, start=1)]
    if not items:
        raise SpecError("no classes", field="classes", mend="Add [[classes]] entries.")
    part_names = part_names_for(sorted({item.category for item in items}), own)
    classes: dict[int, MergeClass] = {}
    for item in items:
        if item.sid in classes or item.name in [known.name for known in classes.values()]:
            raise SpecError("class twice", field="classes", found=f"{item.sid} {item.name!r}", expected="each once")
        _check_targets(item, part_names[item.category])
        classes[item.sid] = item
    return MergeTable(name, classes, part_names)


def _check_targets(item: MergeClass, names: tuple[str, ...]) -> None:
    for target in (*item.merge, *([item.whole] if item.whole is not None else [])):
        if target not in names:
            what, field = f"category {item.category!r} has no such part", f"classes, {item.name!r}"
            mend = "Correct its spelling, or name the category's parts under [parts]."
            raise SpecError(what, field=field, found=repr(target), expected=", ".join(names), mend=mend)
