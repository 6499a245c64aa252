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

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int16
from numpy import ndarray

from ipose.data.part_names import part_names_for
from ipose.data.spec_entries import parse_parts, part_list, read_toml, refuse_rest, take
from ipose.errors import SpecError

KEYS = "sid, name, category, and whole or parts, [classes.countable], [classes.merge]"
LAST_ID = 99


@dataclass(frozen=True)
class MergeClass:
    """One class of a source.

    Args:
        sid: its id in the source, 1..99.
        countable: parts that files number one by one: first and last pid (inclusive).
        merge: our part = the source parts that make it.
        whole: the part that the whole object is, where the source has no parts of this class.
    """

    sid: int
    name: str
    category: str
    parts: tuple[str, ...] = ()
    countable: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    merge: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: str | None = None

    def target(self, part: str) -> str:
        """The part of ours that a source part goes to."""
        return next(ours for ours, theirs in self.merge.items() if part in theirs)

    @cached_property
    def pids(self) -> dict[str, range]:
        """The pids that stand for each source part in the files: its place in the list, or its countable range."""
        return {
            part: range(self.countable[part][0], self.countable[part][1] + 1)
            if part in self.countable
            else range(place, place + 1)
            for place, part in enumerate(self.parts, start=1)
        }


def parse_merge_class(entry: Any, number: int) -> MergeClass:
    """One `[[classes]]` entry; `number` counts from 1, for messages."""
    where = f"classes, entry {number}"
    if not isinstance(entry, dict):
        raise SpecError("value of the wrong type", field=where, found=repr(entry), expected=f"a table with {KEYS}")
    rest = dict(entry)
    name = take(rest, "name", str, where=where)
    where += f" ({name!r})"
    sid = take(rest, "sid", int, where=where)
    category = take(rest, "category", str, where=where)
    if not 1 <= sid <= LAST_ID:
        raise SpecError("class id out of range", field=f"{where}, sid", found=sid, expected=f"1..{LAST_ID}")
    if Path(category).name != category or category.startswith("."):
        raise SpecError("category that cannot be a folder's name", field=f"{where}, category", found=repr(category))
    whole = take(rest, "whole", str, where=where, default=None)
    if whole is not None:
        refuse_rest(rest, "sid, name, category beside whole", where=where)
        return MergeClass(sid, name, category, whole=whole)
    parts = part_list(take(rest, "parts", list, where=where), f"{where}, parts")
    countable = _ranges(take(rest, "countable", dict, where=where, default={}), parts, f"{where}, countable")
    table = take(rest, "merge", dict, where=where)
    merge = {ours: part_list(theirs, f"{where}, merge, {ours}") for ours, theirs in table.items()}
    refuse_rest(rest, KEYS, where=where)
    item = MergeClass(sid, name, category, parts, countable, merge)
    _check_once(item, where)
    _check_pids(item, where)
    return item


def _ranges(table: dict[str, Any], parts: tuple[str, ...], field: str) -> dict[str, tuple[int, int]]:
    for part, pids in table.items():
        if part not in parts:
            raise SpecError("no such part", field=field, found=repr(part), expected=", ".join(parts))
        pair = isinstance(pids, list) and len(pids) == 2 and all(type(pid) is int for pid in pids)
        if not pair or not 1 <= pids[0] <= pids[1] <= LAST_ID:
            raise SpecError("not a range of pids", field=f"{field}, {part}", found=pids, expected="[first, last]")
    return {part: (pids[0], pids[1]) for part, pids in table.items()}


def _check_once(item: MergeClass, where: str) -> None:
    """Every source part stands in exactly one list of `merge`, and nothing else does."""
    met = Counter(part for theirs in item.merge.values() for part in theirs)
    for what, parts in (
        ("parts merged into nothing", [part for part in item.parts if part not in met]),
        ("parts merged twice", [part for part, times in met.items() if times > 1]),
        ("merged parts that the class does not have", [part for part in met if part not in item.parts]),
    ):
        if parts:
            expected, mend = "each part in exactly one list", "Put each of its parts into the list of one of ours."
            raise SpecError(what, field=f"{where}, merge", found=", ".join(parts), expected=expected, mend=mend)


def _check_pids(item: MergeClass, where: str) -> None:
    met = Counter(pid for pids in item.pids.values() for pid in pids)
    doubled = sorted(pid for pid, times in met.items() if times > 1)
    if doubled or max(met) > LAST_ID:
        what = "pids that stand for several parts" if doubled else "more pids than two digits hold"
        field, found = f"{where}, countable", ", ".join(map(str, doubled)) or max(met)
        mend = "Give [first, last] of every part that files number one by one."
        raise SpecError(what, field=field, found=found, expected="a part each, 1..99", mend=mend)


TABLES = Path(__file__).parent / "tables"

UNKNOWN_PID = -1
"""What a pid that no table knows becomes in `MergeTable.lookup`."""

ID_COUNT = 100
"""sids and pids have two digits."""


@dataclass(frozen=True)
class MergeTable:
    """How a source's classes and parts become part categories and their parts.

    Args:
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
    """A built-in table ("cityscapes-pps", "pascal-pps") or one's own, checked."""
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
