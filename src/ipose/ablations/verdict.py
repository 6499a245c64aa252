"""What several seeds say, and when they say that one row is better than another. No torch in here."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

Word = Literal["better", "worse", "within the spread", "one seed"]


@dataclass(frozen=True)
class Spread:
    """The values of one cell, one a seed.

    Args:
        values: at least one.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return fmean(self.values)

    @property
    def width(self) -> float:
        """Largest less smallest value: what another seed alone can change, as far as the seeds show it."""
        return max(self.values) - min(self.values)


@dataclass(frozen=True)
class Verdict:
    """A row beside its reference.

    Args:
        gap: the row's mean less the reference's.
        spread: the larger of the two widths.
        word: an ordering where the gap exceeds the spread of at least two seeds each; else why there is none.
    """

    gap: float
    spread: float
    word: Word

    @property
    def is_claim(self) -> bool:
        """Whether an ordering is claimed."""
        return self.word in ("better", "worse")


def verdict(row: Sequence[float], reference: Sequence[float], *, higher_is_better: bool) -> Verdict:
    """Compare two cells; an ordering is claimed only where the gap of the means exceeds the larger spread.

    Args:
        row: values of the row, one a seed.
        reference: values of the row that it is compared with.
        higher_is_better: the metric's direction.
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
