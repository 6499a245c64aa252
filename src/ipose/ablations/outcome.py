"""Scores of all rows, their means and spreads over the seeds, and which row is better. Imports no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any, Literal

from ipose.ablations.table import AblationTable, Metric, Row

Word = Literal["better", "worse", "within the spread", "one seed"]


def width(values: Sequence[float]) -> float:
    """Largest minus smallest value over the seeds."""
    return max(values) - min(values)


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

    Example:
        >>> verdict([90.0, 91.0], [86.0, 86.5], higher_is_better=True).word
        'better'
        >>> verdict([90.0, 91.0], [89.5, 89.7], higher_is_better=True).word
        'within the spread'
    """
    gap, spread = fmean(row) - fmean(reference), max(width(row), width(reference))
    word: Word = "better" if (gap > 0) == higher_is_better else "worse"
    if min(len(row), len(reference)) < 2:
        word = "one seed"
    elif abs(gap) <= spread:
        word = "within the spread"
    return Verdict(gap, spread, word)


FORMAT = "ipose-ablation-1"

SeedScores = Mapping[int, Mapping[str, float]]
"""Scores of a row, by seed, then by metric."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Results of a table so far.

    Args:
        scores: of rows with a scored run, by name.
        left_out: names of rows that the job does not have.
        not_run: names of rows that cannot be trained here, and why.
        unfinished: folder names of runs that are not finished.
        facts: how it was made: (what, value) pairs.
        settings: preset, steps, data, seeds, as plain values.
        titles: titles of metrics, by key, that replace the table's.
        intervals: by (row, key of the metric): what the gap to the reference may be on other scenes.
    """

    table: AblationTable
    kind: str
    scores: Mapping[str, SeedScores]
    baselines: Mapping[str, SeedScores]
    runs: Mapping[str, Sequence[str]]
    steps: Mapping[str, int]
    left_out: Sequence[str] = ()
    not_run: Mapping[str, str] = field(default_factory=dict)
    unfinished: Sequence[str] = ()
    notes: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    intervals: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    @property
    def metrics(self) -> list[Metric]:
        """Metrics that at least one run has."""
        found = {key for seeds in self.scores.values() for scores in seeds.values() for key in scores}
        known = [metric for metric in self.table.metrics if metric.key in found]
        return [replace(metric, title=self.titles.get(metric.key, metric.title)) for metric in known]

    def reference_of(self, row: Row) -> str:
        """Name of the row to compare with: the row's own, else the table's; if both are left out, the first row."""
        there = [name for name in (row.against, self.table.reference) if name in self.scores]
        return there[0] if there else next(iter(self.scores))

    def comparisons(self) -> list["Comparison"]:
        """Compare each row with its reference, in each metric."""
        published = {row.name: row.published for row in self.table.rows}
        found = []
        for row in self.table.rows:
            if row.name not in self.scores or (reference := self.reference_of(row)) == row.name:
                continue
            for metric in self.metrics:
                here, there = (values(self.scores[name], metric.key) for name in (row.name, reference))
                if here and there:
                    judged = verdict(here, there, higher_is_better=metric.higher_is_better)
                    pair = published[row.name].get(metric.key), published[reference].get(metric.key)
                    gap = None if pair[0] is None or pair[1] is None else pair[0] - pair[1]
                    interval = self.intervals.get((row.name, metric.key))
                    found.append(Comparison(row.name, reference, metric, judged, gap, interval))
        return found

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for table-N.json."""
        rows = {row.name: row for row in self.table.rows}
        return {
            "format": FORMAT,
            "table": self.table.name,
            "title": self.table.title,
            "kind": self.kind,
            "settings": dict(self.settings),
            "metrics": [{"key": m.key, "title": m.title, "higher_is_better": m.higher_is_better} for m in self.metrics],
            "rows": [
                {
                    "name": name,
                    "title": rows[name].title,
                    "changes": dict(rows[name].changes),
                    "runs": list(self.runs[name]),
                    "published": dict(rows[name].published),
                    **_numbers(seeds, self.metrics),
                }
                for name, seeds in self.scores.items()
            ],
            "baselines": [{"name": name, **_numbers(seeds, self.metrics)} for name, seeds in self.baselines.items()],
            "comparisons": [item.to_dict() for item in self.comparisons()],
            "published_on": self.table.published_on,
            "steps": dict(self.steps),
            "left_out": list(self.left_out),
            "not_run": dict(self.not_run),
            "unfinished": list(self.unfinished),
            "notes": list(self.notes),
            "facts": [list(item) for item in self.facts],
        }


@dataclass(frozen=True)
class Comparison:
    """One row compared with its reference in one metric.

    Args:
        published: the paper's gap; None = the paper has none.
        interval: what the gap may be on other scenes; None = not known.
    """

    row: str
    reference: str
    metric: Metric
    judged: Verdict
    published: float | None
    interval: tuple[float, float] | None = None

    @property
    def contradicts(self) -> bool:
        """Whether one row is better here, and the other one in the paper."""
        return self.judged.is_claim and self.published is not None and self.judged.gap * self.published < 0

    def text(self) -> str:
        """Gap, spread, verdict and the paper's gap, as text."""
        judged, write = self.judged, self.metric.text
        spread = f" (spread {write(judged.spread)})" if judged.word != "one seed" else ""
        word = f": {judged.word}" if judged.word != "one seed" else ""
        said = f"{self.metric.title.split(' (features')[0]} {signed(judged.gap, write)}{spread}{word}"
        if self.interval is not None:
            low, high = (signed(end, write) for end in self.interval)
            said += f" (on other scenes {low} to {high}, 95 %)"
        if self.published is not None:
            said += f" (published {signed(self.published, '{:.2f}'.format)})"
        return said + (", which contradicts the paper" if self.contradicts else "")

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "row": self.row,
            "reference": self.reference,
            "metric": self.metric.key,
            "gap": self.judged.gap,
            "spread": self.judged.spread,
            "verdict": self.judged.word,
            "published_gap": self.published,
            "interval": self.interval,
        }


def values(seeds: SeedScores, key: str) -> list[float]:
    """Values of one metric, of all seeds that have it."""
    return [scores[key] for scores in seeds.values() if key in scores]


def signed(value: float, write: Any) -> str:
    """A gap with its sign."""
    return ("+" if value >= 0 else "-") + str(write(abs(value)))


def _numbers(seeds: SeedScores, metrics: Sequence[Metric]) -> dict[str, Any]:
    summary = {}
    for metric in metrics:
        if found := values(seeds, metric.key):
            summary[metric.key] = {"mean": fmean(found), "min": min(found), "max": max(found), "n": len(found)}
    return {"seeds": {str(seed): dict(scores) for seed, scores in seeds.items()}, "summary": summary}
