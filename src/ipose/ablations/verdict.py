"""Compares two rows over several seeds: whether one is better. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

Word = Literal["better", "worse", "within the spread", "one seed"]


@dataclass(frozen=True)
class Spread:
    """Values of one cell.

    Args:
        values: one for each seed; at least one.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return fmean(self.values)

    @property
    def width(self) -> float:
        """Largest minus smallest value."""
        return max(self.values) - min(self.values)


@dataclass(frozen=True)
class Verdict:
    """A row compared with its reference.

    Args:
        gap: mean of the row minus mean of the reference.
        spread: the larger of the two widths.
        word: "better" or "worse" if both have two seeds or more and the gap is larger than the spread; else the reason
            why not.
    """

    gap: float
    spread: float
    word: Word

    @property
    def is_claim(self) -> bool:
        """Whether the word is "better" or "worse"."""
        return self.word in ("better", "worse")


def verdict(row: Sequence[float], reference: Sequence[float], *, higher_is_better: bool) -> Verdict:
    """Compare two cells. One is better only if the gap of the means is larger than both spreads.

    Args:
        row: values of the row, one for each seed.
        reference: values of the row that it is compared with.
        higher_is_better: whether larger values are better.
    Example:
        >>> verdict([90.0, 91.0], [86.0, 86.5], higher_is_better=True).word
        'better'
        >>> verdict([90.0, 91.0], [89.5, 89.7], higher_is_better=True).word
        'within the spread'
    """
    here, there = Spread(tuple(row)), Spread(tuple(reference))
    gap, spread = here.mean - there.mean, max(here.width, there.width)
    word: Word = "better" if (gap > 0) == higher_is_better else "worse"
    if min(len(row), len(reference)) < 2:
        word = "one seed"
    elif abs(gap) <= spread:
        word = "within the spread"
    return Verdict(gap, spread, word)
