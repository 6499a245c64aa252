"""report.html of a folder of ablations: all its tables, with curves and pictures of the runs."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from PIL import Image

from ipose.ablations.outcome import FORMAT
from ipose.errors import DataError
from ipose.reports.blocks import curves_figure
from ipose.reports.contact_sheet import Tile
from ipose.reports.page import Figure, ReportContent, Section, Table, write_report
from ipose.training.metrics import read_metrics
from ipose.whole_files import read_json


def write_page(out: Path) -> Path:
    """Write OUT/report.html from all table-*.json. Raises DataError if one cannot be read."""
    found = [_read(path) for path in sorted(out.glob("table-*.json"), key=_place)]
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
    settings = ", ".join(f"{name} {_plain(value)}" for name, value in table["settings"].items())
    caption = "\n".join([f"Settings: {settings}.", *shown["sentences"]])
    blocks: list[Table | Figure] = [Table(shown["header"], shown["rows"], caption=caption)]
    blocks += _pictures(table, out)
    curves = mean_curves({_stem(row["runs"]): [out / run for run in row["runs"]] for row in table["rows"]})
    if curves:
        blocks.append(curves_figure(curves, title="Curves, means over the seeds"))
    return [Section(shown["title"], "", blocks)]


def mean_curves(runs: Mapping[str, Sequence[Path]]) -> list[dict[str, Any]]:
    """Records for `curves`: one panel for each term, one line for each row. A point is the mean over the row's runs.

    Args:
        runs: run folders of each line.
    """
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


def _stem(runs: Sequence[str]) -> str:
    """base-seed-0, base-seed-1: base."""
    return runs[0].rsplit("-seed-", 1)[0]


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _read(path: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = read_json(path)
        if table["format"] != FORMAT:
            raise ValueError(f"format {table['format']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            "no table of ipose ablate", file=path, found=str(error), mend="Move this file elsewhere, then run again."
        ) from error
    return table
