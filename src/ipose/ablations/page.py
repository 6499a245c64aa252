"""The table that a person reads; and report.html of a folder of ablations, with curves and pictures of the runs."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from PIL import Image

from ipose.ablations.outcome import FORMAT, Comparison, Outcome, SeedScores, values, width
from ipose.ablations.table import Metric
from ipose.errors import DataError
from ipose.reports.blocks import curves_figure, short_name
from ipose.reports.contact_sheet import Tile
from ipose.reports.page import Figure, ReportContent, Section, Table, write_report
from ipose.training.metrics import read_metrics
from ipose.whole_files import read_json


@dataclass(frozen=True)
class WrittenTable:
    """A table as text.

    Args:
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
            printed = {
                m.key: f"{row.published[m.key]:.{m.published_digits}f}" for m in published if m.key in row.published
            }
            said = [printed.get(metric.key, "-") for metric in published]
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
    return metric.text(fmean(found)) + (f" ± {metric.text(width(found) / 2)}" if len(found) > 1 else "")


def _cells(seeds: SeedScores, metrics: Sequence[Metric]) -> list[str]:
    return [str(len(seeds)), *(cell(values(seeds, metric.key), metric) for metric in metrics)]


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


def write_page(out: Path) -> Path:
    """Write OUT/report.html from all table-*.json. Raises DataError if one cannot be read."""
    found = [_table_of(path) for path in sorted(out.glob("table-*.json"), key=_place)]
    newest = max(found, key=lambda table: dict(table["facts"])["date"])
    content = ReportContent(
        title="Ablations",
        lead="The paper's ablation tables, trained anew; the published numbers stand beside ours. Data, sizes and "
        "lengths of training are not the paper's: compare orderings, not values.",
        sections=[section for table in found for section in table_sections(table, out)],
        facts=[(what, said) for what, said in newest["facts"]],
    )
    return write_report(out / "report.html", content)


def table_sections(table: Mapping[str, Any], out: Path) -> list[Section]:
    """A section with the table, the pictures and the curves."""
    shown = table["written"]
    plain = {key: " ".join(map(str, x)) if isinstance(x, list) else str(x) for key, x in table["settings"].items()}
    settings = ", ".join(f"{name} {value}" for name, value in plain.items())
    caption = "\n".join([f"Settings: {settings}.", *shown["sentences"]])
    header = [short_name(title) for title in shown["header"]]  # a note below names the networks
    blocks: list[Table | Figure] = [Table(header, shown["rows"], caption=caption)]
    blocks += _pictures(table, out)
    runs = {row["runs"][0].rsplit("-seed-", 1)[0]: [out / run for run in row["runs"]] for row in table["rows"]}
    if curves := mean_curves(runs):  # base-seed-0, base-seed-1 are one line: base
        blocks.append(curves_figure(curves, title="Curves, means over the seeds"))
    return [Section(shown["title"], "", blocks)]


def mean_curves(runs: Mapping[str, Sequence[Path]]) -> list[dict[str, Any]]:
    """Records for `curves`: one panel for each term, one line for each row. A point is the mean over the row's runs."""
    points: dict[int, dict[str, dict[str, list[float]]]] = {}
    for line, folders in runs.items():
        for folder in folders:
            for record in read_metrics(folder / "metrics.jsonl"):
                for panel, value in _terms(record).items():
                    points.setdefault(record["step"], {}).setdefault(panel, {}).setdefault(line, []).append(value)
    return [
        {
            "step": step,
            **{panel: {line: fmean(found) for line, found in lines.items()} for panel, lines in panels.items()},
        }
        for step, panels in sorted(points.items())
    ]


def _terms(record: Mapping[str, Any]) -> dict[str, float]:
    """Losses and validation scores of a line of metrics.jsonl, by panel title."""
    losses = record.get("losses", {})
    found = {f"{phase}, {term}": value for phase, terms in losses.items() for term, value in terms.items()}
    return found | {f"validation, {name}": value for name, value in record.get("validation", {}).items()}


def _pictures(table: Mapping[str, Any], out: Path) -> list[Figure]:
    titles = {"true": "True", **{row["name"]: f"{row['title']} ({row['name']})" for row in table["rows"]}}
    figures = []
    for name, path in table["pictures"].items():
        if (out / path).is_file():
            with Image.open(out / path) as picture:
                figures.append(Figure([Tile(picture.convert("RGB"))], title=titles[name], wide=True))
    return figures


def _place(path: Path) -> tuple[int, str]:
    """Numbered tables first, by their number, then the others by name."""
    name = path.stem.removeprefix("table-")
    return (int(name), "") if name.isdecimal() else (sys.maxsize, name)


def _table_of(path: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = read_json(path)
        if table["format"] != FORMAT:
            raise ValueError(f"format {table['format']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            "no table of ipose ablate", file=path, found=str(error), mend="Move this file elsewhere, then run again."
        ) from error
    return table
