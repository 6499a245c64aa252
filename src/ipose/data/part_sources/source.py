"""What a source of part annotations consists of: its items, and the reader of an item."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ipose.data.faults import Fault
from ipose.data.part_names import PART_NAMES
from ipose.part_annotations import PART_CHANNELS, PartPair, SupportSet

PAIRS_FORMAT = 1
"""Raise when the same source gives other pairs than before: a build begun before is then not gone on with."""


@dataclass(frozen=True)
class SourceItem:
    """What is read at one time: an image with its objects, or the files of one object.

    Args:
        name: unique in the source; a path below its root where it is a file of its own.
        payload: what else its reader wants to know.
    """

    name: str
    split: str
    payload: Any = None


@runtime_checkable
class ItemReader(Protocol):
    """Reads the part pairs of one item; travels to other processes."""

    def read(self, item: SourceItem) -> list[PartPair]:
        """The pairs of an item, named uniquely in the source; none where no object shows a part.

        Raises:
            IposeError: the item cannot be read or understood; names its file.
        """
        ...


@dataclass(frozen=True)
class PartSource:
    """Part annotations, opened: what there is to read, and how.

    Args:
        part_names: names of the parts 1, 2, ... of every category that can occur.
        rule: whatever decides on the pairs beside the files, as text (a merge table).
        supports: support sets that the source brings, by number of supports.
        dropped: faults in the annotations that were left out, while the rest of their image is used.
    """

    kind: str
    root: Path
    part_names: Mapping[str, tuple[str, ...]]
    items: tuple[SourceItem, ...]
    reader: ItemReader
    rule: str = ""
    supports: Mapping[int, SupportSet] = field(default_factory=dict)
    dropped: tuple[Fault, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A short hash of what the pairs depend on, but for the files' contents: names, splits, rule, format."""
        digest = hashlib.sha256(repr((PAIRS_FORMAT, self.kind, self.rule, dict(self.part_names))).encode())
        digest.update(repr(self.dropped).encode() if self.dropped else b"")
        for item in self.items:
            digest.update(f"{item.split} {item.name}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:16]


def names_or_numbers(category: str) -> tuple[str, ...]:
    """The paper's part names of a category, else "part 1" to "part 8"."""
    return PART_NAMES.get(category) or tuple(f"part {number}" for number in range(1, PART_CHANNELS))
