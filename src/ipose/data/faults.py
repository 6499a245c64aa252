"""A fault found in a data set: the same facts as an error, kept as a value so that many can be listed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ipose.errors import DataError, IposeError

Item = TypeVar("Item")
Result = TypeVar("Result")

SHOWN_IN_ERRORS, SHOWN_BY_COMMANDS = 10, 50
"""How many faults an error lists, and how many a command prints."""

ALIKE = 4
"""Files with the same fault that are one line for a person."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one file, and the way out.

    Args:
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
        found, expected, mend = (text or None for text in (self.found, self.expected, self.mend))
        return DataError(self.message, file=self.file or None, found=found, expected=expected, mend=mend)

    def __str__(self) -> str:
        return str(self.error())


def fault_lines(faults: Sequence[Fault], limit: int, *, before: str = "") -> list[str]:
    """A line for each of the first `limit` faults; then one that counts the others by their messages."""
    lines = [f"{before}{fault}" for fault in faults[:limit]]
    others = Counter(fault.message for fault in faults[limit:]).most_common()
    if others:
        kinds = "; ".join(f"{count} x {message}" for message, count in others[:5]) + ("; ..." if others[5:] else "")
        lines.append(f"  ... and {len(faults) - limit} more ({kinds})")
    return lines


def folded(faults: Sequence[Fault]) -> list[Fault]:
    """The faults, where those that many files of a folder have alike are one: "a.png and 39 more files"."""
    alike: dict[Fault, list[Fault]] = {}
    for fault in faults:
        alike.setdefault(replace(fault, file=str(Path(fault.file).parent)), []).append(fault)
    lines: list[Fault] = []
    for first, *more in alike.values():
        one = replace(first, file=f"{first.file} and {len(more)} more files")
        lines += [first, *more] if len(more) + 1 < ALIKE else [one]
    return lines


def note_lines(notes: Mapping[str, Sequence[str]]) -> list[str]:
    """A line for each note, which is no fault: the number of photographs that it is about, and the first of them."""
    return [
        f"{counted(len(names), 'photograph')} {note} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for note, names in sorted(notes.items())
    ]


def or_fault(
    work: Callable[[Item], Result], place: Callable[[Item], str | Path] = str
) -> Callable[[Item], Result | Fault]:
    """`work` that gives the fault of an item in place of raising it; `place` says where an item's faults are."""

    def result_or_fault(item: Item) -> Result | Fault:
        try:
            return work(item)
        except IposeError as error:
            return Fault.of(error, place(item))

    return result_or_fault


def without_faults(results: Iterable[Result | Fault], what: str) -> list[Result]:
    """The results of `or_fault`. Raises one DataError for all faults among them."""
    everything = list(results)
    raise_faults([one for one in everything if isinstance(one, Fault)], what)
    return [one for one in everything if not isinstance(one, Fault)]


def raise_faults(faults: Sequence[Fault], what: str) -> None:
    """Raise one DataError that lists the first faults and counts the rest; return where there are none."""
    if faults:
        lines = fault_lines(faults, SHOWN_IN_ERRORS, before="  ")
        raise DataError(f"{counted(len(faults), 'fault')} in {what}:\n" + "\n".join(lines) + "\n")


def counted(number: int, noun: str) -> str:
    """Number and noun: "1 fault", "1,200 faults"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def counted_faults(faults: Sequence[Fault]) -> str:
    """How many faults there are, in how many files."""
    return f"{counted(len(faults), 'fault')} in {counted(len({fault.file for fault in faults}), 'file')}"
