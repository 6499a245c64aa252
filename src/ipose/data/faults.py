"""A fault found in a data set: the same facts as an error, kept as a value so that many can be listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ipose.errors import DataError, IposeError


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
