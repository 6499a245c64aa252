"""Printing the files that a command wrote: the first ones as they are written, and how many more there are."""

from collections.abc import Iterable

SHOWN = 20
"""Files that are printed one a line."""


def print_files(lines: Iterable[object]) -> None:
    """Print the first `SHOWN` lines as they come, then the last one, with a count of those between."""
    count, last = 0, None
    for count, last in enumerate(lines, start=1):
        if count <= SHOWN:
            print(last, flush=True)
    if count > SHOWN:
        print(f"... and {count - SHOWN} more, the last one: {last}")
