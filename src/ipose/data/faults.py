"""A fault found in a data set: the same facts as an error, kept as a value so that many can be listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ipose.errors import DataError, IposeError
from ipose.types import LabelSpec


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one file, and the way out.

    Args:
        file: the file or folder at fault.
        message: the fault in plain words.
        found: what was there, "" where the message says it.
        expected: what should have been there, "" where the message says it.
        mend: how to go on; an imperative sentence.
    """

    file: str
    message: str
    found: str = ""
    expected: str = ""
    mend: str = ""

    @classmethod
    def of(cls, error: IposeError, file: str | Path = "") -> "Fault":
        """The fault that an error tells of; `file` where the error names none."""
        words = ["" if value is None else str(value) for value in (error.found, error.expected, error.mend)]
        message = f"[{error.field}] {error.message}" if error.field else error.message
        return cls(str(error.file or file), message.rstrip("."), *words)

    def error(self) -> DataError:
        """The same as an error to raise."""
        return DataError(
            self.message,
            file=self.file or None,
            found=self.found or None,
            expected=self.expected or None,
            mend=self.mend or None,
        )

    def __str__(self) -> str:
        return str(self.error())


def raise_faults(faults: Sequence[Fault], what: str, *, limit: int = 10) -> None:
    """Raise one DataError that lists the first `limit` faults and counts the rest; return where there are none."""
    if not faults:
        return
    lines = [f"  {fault}" for fault in faults[:limit]]
    if len(faults) > limit:
        lines.append(f"  ... and {len(faults) - limit} more")
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    raise DataError(f"{count} in {what}:\n" + "\n".join(lines) + "\n")


@dataclass(frozen=True)
class ClassCount:
    """How much of one class a data set holds: scenes it appears in, its share of all pixels, its objects."""

    scenes: int = 0
    pixels: int = 0
    objects: int = 0


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor found.

    Args:
        root: of the data set.
        spec: that it was read with; None where the spec itself is at fault.
        faults: everything that is wrong.
        scenes: number of scenes by split.
        counts: one per class of the spec, over all splits.
    """

    root: str
    spec: LabelSpec | None
    faults: tuple[Fault, ...]
    scenes: Mapping[str, int] = field(default_factory=dict)
    counts: tuple[ClassCount, ...] = ()

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    def table(self) -> str:
        """Classes and objects as plain text: one line for each class that occurs."""
        if self.spec is None:
            return "no table: the spec is at fault"
        total = sum(count.pixels for count in self.counts) or 1
        rows = [("id", "class", "scenes", "pixels %", "objects", "parts as")]
        for item, count in zip(self.spec.classes, self.counts, strict=True):
            if count.pixels:
                share, objects = f"{100 * count.pixels / total:.2f}", str(count.objects) if item.thing else "-"
                rows.append(
                    (str(item.file_id), item.name, str(count.scenes), share, objects, item.part_category or "-")
                )
        widths = [max(len(row[column]) for row in rows) for column in range(6)]
        lines = ["  ".join(_aligned(row, widths)).rstrip() for row in rows]
        splits = ", ".join(f"{count} in {split}" for split, count in self.scenes.items()) or "no scenes"
        absent = sum(not count.pixels for count in self.counts)
        last = f"{splits}; {sum(count.objects for count in self.counts)} objects"
        return "\n".join([*lines, last + (f"; {absent} classes of {self.spec.name!r} do not occur" if absent else "")])

    def summary(self) -> str:
        """One line."""
        if self.ok:
            return f"{self.root}: no faults in {sum(self.scenes.values())} scenes"
        files = len({fault.file for fault in self.faults})
        return f"{self.root}: {len(self.faults)} faults in {files} files"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Names to the left, numbers to the right."""
    return [
        text.ljust(width) if column in (1, 5) else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
