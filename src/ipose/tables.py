"""Plain text tables for a terminal."""

import math
from collections.abc import Sequence

from tabulate import tabulate


def percent(share: float | None) -> str:
    """A share in 0..1 as a percentage with two decimals; "-" where there is none."""
    return "-" if share is None or math.isnan(share) else f"{100 * share:.2f}"


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text as they are: the first to the left, the others (numbers) to the right."""
    sides = ("left", *["right"] * (len(header) - 1))
    return tabulate(rows, header, tablefmt="simple", disable_numparse=True, colalign=sides if rows else None)
