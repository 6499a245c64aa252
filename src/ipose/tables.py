"""Plain text tables for a terminal."""

import math
from collections.abc import Sequence


def percent(share: float | None) -> str:
    """A share in 0..1 as a percentage with two decimals; "-" where there is none."""
    return "-" if share is None or math.isnan(share) else f"{100 * share:.2f}"


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align columns: the first to the left, the others (numbers) to the right, a rule below the header."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [header, ["-" * width for width in widths], *rows]
    ]
    return "\n".join(line.rstrip() for line in lines)
