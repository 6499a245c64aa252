"""Printing the files that a command wrote: the first ones as they are written, how many more there are, and which stood
there before. And the exit code of one that was interrupted."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C or SIGTERM ended, after it had saved."""

SHOWN = 20
"""Files that are printed one a line."""


def beside_older(out: Path, files: Iterable[Path]) -> Iterator[Path]:
    """The files as they are written. At the end a line on standard error, if `out` held files before."""
    older = {path for pattern in ("*", "*/*") for path in out.glob(pattern) if path.is_file()}
    written = set()
    for path in files:
        written.add(path)
        yield path
    if older:
        replaced, stay = len(older & written), len(older - written)
        print(f"{out} held files before: {replaced} of them were replaced, {stay} stay.", file=sys.stderr)


def print_files(lines: Iterable[object]) -> None:
    """Print the first `SHOWN` lines as they come, then the last one, with a count of those between."""
    count, last = 0, None
    for count, last in enumerate(lines, start=1):
        if count <= SHOWN:
            print(last, flush=True)
    if count > SHOWN:
        print(f"... and {count - SHOWN} more, the last one: {last}")
