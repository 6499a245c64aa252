"""The table as text: header, rows, and sentences on the comparisons. Imports no torch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ipose.ablations.outcome import Comparison, Outcome, SeedScores, values
from ipose.ablations.table import Metric, Row
from ipose.ablations.verdict import Spread


@dataclass(frozen=True)
class WrittenTable:
    """A table as text.

    Args:
        title: above the table.
        header: titles of the columns.
        rows: cells.
        sentences: below the table: comparisons, missing rows, notes.
        facts: how it was made: (what, value) pairs.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    sentences: Sequence[str]
    facts: Sequence[tuple[str, str]]

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for table-N.json. The report page shows them."""
        return {"title": self.title, "header": self.header, "rows": self.rows, "sentences": self.sentences}

    def markdown(self) -> str:
        """As a Markdown page."""
        line = ["---"] + ["---:"] * (len(self.header) - 2) + ["---"]
        table = [self.header, line, *self.rows]
        lines = [f"# {self.title}", "", *("| " + " | ".join(row) + " |" for row in table), ""]
        lines += [f"- {sentence}" for sentence in self.sentences]
        lines += ["", *(f"{what}: {f'`{said}`' if what == 'command' else said}  " for what, said in self.facts)]
        return "\n".join(lines) + "\n"


def written(outcome: Outcome) -> WrittenTable:
    """The outcome as a table and sentences."""
    metrics = outcome.metrics
    known = {key for row in outcome.table.rows for key in row.published}
    published = [metric for metric in outcome.table.metrics if metric.key in known]
    comparisons = outcome.comparisons()
    rows = []
    for row in outcome.table.rows:
        if row.name in outcome.scores:
            seeds = outcome.scores[row.name]
            said = [_published(row, metric) for metric in published]
            mine = [item for item in comparisons if item.row == row.name]
            rows.append([f"{row.title} ({row.name})", *_cells(seeds, metrics), *said, _in_short(mine)])
    for name, seeds in outcome.baselines.items():
        rows.append([name, *_cells(seeds, metrics), *["-"] * len(published), "not trained"])
    header = ["", "seeds", *(f"{metric.title} {metric.arrow}" for metric in metrics)]
    header += [f"published {metric.published}" for metric in published] + ["verdict"]
    title = f"Table {outcome.table.name}: {outcome.table.title}"
    return WrittenTable(title, header, rows, _sentences(outcome, comparisons), outcome.facts)


def cell(found: Sequence[float], metric: Metric) -> str:
    """The mean; with several seeds ± half of the range."""
    if not found:
        return "-"
    spread = Spread(tuple(found))
    return metric.text(spread.mean) + (f" ± {metric.text(spread.width / 2)}" if len(found) > 1 else "")


def _cells(seeds: SeedScores, metrics: Sequence[Metric]) -> list[str]:
    return [str(len(seeds)), *(cell(values(seeds, metric.key), metric) for metric in metrics)]


def _published(row: Row, metric: Metric) -> str:
    """As the paper prints it."""
    if metric.key not in row.published:
        return "-"
    return f"{row.published[metric.key]:.{metric.published_digits}f}"


def _in_short(comparisons: Sequence[Comparison]) -> str:
    """Number of metrics in which a row is better or worse."""
    if not comparisons:
        return "reference"
    counts = Counter(item.judged.word for item in comparisons)
    if set(counts) == {"one seed"}:
        return "one seed, no ordering"
    claims = [f"{word} in {counts[word]}" for word in ("better", "worse") if counts[word]]
    return f"{', '.join(claims)} of {len(comparisons)}" if claims else "within the spread"


def _sentences(outcome: Outcome, comparisons: Sequence[Comparison]) -> list[str]:
    said = []
    for name in dict.fromkeys(item.row for item in comparisons):
        mine = [item for item in comparisons if item.row == name]
        seeds = " (one seed, so no ordering is claimed)" if mine[0].judged.word == "one seed" else ""
        said.append(f"{name} against {mine[0].reference}{seeds}: " + "; ".join(item.text() for item in mine) + ".")
    if outcome.scores:
        said.append(
            "↑: higher is better; ↓: lower is better. ± is half of what lies between the smallest and the largest "
            "value over the seeds. An ordering is claimed "
            "only with two seeds or more, and where the gap of the means exceeds the larger min-to-max spread."
        )
    if len(set(outcome.steps.values())) > 1:
        steps = ", ".join(f"{run} {count}" for run, count in outcome.steps.items())
        said.append(f"Trained for different numbers of steps, which compares less: {steps}.")
    said.append(f"Published numbers are of {outcome.table.published_on}.")
    said += [f"{name}: not run: {why}" for name, why in outcome.not_run.items()]
    if outcome.left_out:
        said.append(f"Rows left out on request: {', '.join(outcome.left_out)}.")
    if outcome.unfinished:
        said.append(f"Not finished yet: {', '.join(outcome.unfinished)}. The same command goes on with them.")
    return said + list(outcome.notes)
