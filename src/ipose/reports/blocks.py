"""Blocks of a report: results, settings, galleries, supports, curves, versions; cards and tables that lie in files."""

import io
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from PIL import Image

import ipose
from ipose.data.file_lists import list_files
from ipose.errors import DataError
from ipose.evaluation.eval_card import EvalCard, read_card
from ipose.evaluation.part_evaluation import PartEvaluation
from ipose.label_spec import LabelSpec
from ipose.part_annotations import SupportSet
from ipose.reports.contact_sheet import Tile
from ipose.reports.page import Figure, Table
from ipose.reports.sheets import BORDER, GREYS, SceneRow, class_legend, part_legend, scene_tiles, support_tiles
from ipose.reports.training_curves import curves
from ipose.tables import text_table

PARTS_CAPTION = (
    "In percent. The first three columns of scores are accuracy on the pixels of the objects, pooled, each given its "
    "most likely part; AC is the paper's accuracy over the whole 64x64 frame, all channels in the running. copy: the "
    "part map of the nearest support; majority: the most frequent part at each pixel of the training objects (for a "
    "novel category, of its supports). Error removed: the share of the better baseline's object-pixel error that "
    "PartNet does not make. Means weigh categories alike; AC (pooled) weighs objects alike, as the paper's numbers do."
)


def parts_table(evaluation: PartEvaluation, title: str = "Parts") -> Table:
    """Object pixels and AC of model, copy and majority, for each category, then the macro means."""
    rows = evaluation.lines()
    return Table(
        header=(
            *("category", "objects", "PartNet", "copy", "majority", "error removed"),
            *("AC PartNet", "AC copy", "AC majority", "mIoU PartNet", "AC (pooled)"),
        ),
        rows=rows,
        title=title,
        caption=PARTS_CAPTION,
        strong=range(len(rows) - len(evaluation.groups), len(rows)),
    )


def config_table(config: Mapping[str, Any], paper: Mapping[str, Any], title: str = "Configuration") -> Table:
    """All settings, with the paper's value if it is different. By field name; the paper may have fewer fields."""
    rows = []
    for name, value in config.items():
        differs = name in paper and _plain(paper[name]) != _plain(value)
        rows.append((name, _plain(value), f"yes, paper: {_plain(paper[name])}" if differs else ""))
    changed = [i for i, row in enumerate(rows) if row[2]]
    return Table(("setting", "this run", "differs from paper"), rows, title=title, strong=changed)


def scene_figure(
    row: SceneRow, spec: LabelSpec, part_names: Mapping[str, tuple[str, ...]] | None = None, title: str | None = None
) -> Figure:
    """One scene: label, instances, true and inferred parts, images by seed, photograph; with legends. `part_names`:
    None = no legends of parts. `title`: None = name of the scene.
    """
    legends = {"classes": class_legend([row.scene], spec)}
    for category in dict.fromkeys(item.part_category for item in row.scene.objects):
        if category is not None and part_names and category in part_names:
            legends[f"parts of {category}"] = part_legend(part_names[category])
    legends["grey, in instances and parts"] = [*GREYS, BORDER]
    return Figure(scene_tiles(row, spec), title=row.scene.name if title is None else title, legends=legends)


def supports_figure(supports: SupportSet, category: str) -> Figure:
    """The k part maps of a category, with the names of its parts."""
    return Figure(
        support_tiles(supports, category),
        title=f"Supports: {category}",
        legends={"parts": [*part_legend(supports.part_names[category]), *GREYS]},
    )


def curves_figure(metrics: Sequence[Mapping[str, Any]], title: str = "Curves", **options: Any) -> Figure:
    """Training curves. `options`: arguments of `curves`."""
    return Figure([Tile(Image.open(io.BytesIO(curves(metrics, **options))))], title=title, wide=True)


def environment_facts(command: str = "", date: datetime | None = None) -> list[tuple[str, str]]:
    """Versions, machine and date, for the foot of the page."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    moment = (date or datetime.now(UTC)).astimezone(UTC)
    return [
        *([("command", command)] if command else []),
        ("date", moment.strftime("%Y-%m-%d %H:%M UTC")),
        ("versions", f"ipose {ipose.__version__}, torch {torch.__version__}, Python {platform.python_version()}"),
        ("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {device}"),
    ]


def _plain(value: Any) -> str:
    """A value as text, without quotes and brackets."""
    if isinstance(value, (tuple, list)):
        return ", ".join(_plain(item) for item in value)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


HASH = 12
"""Number of digits that are shown of a feature network's hash."""


HEADER = ("metric", "value", "of")
"""Of a short table."""


def find_cards(folder: Path) -> tuple[list[tuple[str, EvalCard]], list[str]]:
    """All eval cards below a folder, with their paths; and an error message for each file that is not a card."""
    cards, faults = [], []
    for path in list_files(folder, (".json",), tell=False):
        try:
            cards.append((path.relative_to(folder).as_posix(), read_card(path)))
        except DataError as error:
            faults.append(str(error))
    return cards, faults


def cards_table(cards: Sequence[tuple[str, EvalCard]]) -> Table:
    """One row for each card, with the details that decide whether two numbers are comparable."""
    rows = []
    for path, card in cards:
        name, _, network = (card.features or "").partition("@")
        features = f"{name}@{network[:HASH]}" if network else name or "-"
        baselines = ", ".join(f"{value:.6g} {what}" for what, value in card.baselines.items()) or "-"
        notes = "; ".join(card.notes)
        rows.append((named(card), f"{card.value:.6g}", baselines, card.protocol, features, _counts(card), notes, path))
    header = ("metric", "value", "baselines", "protocol", "features", "of", "notes", "card")
    return Table(header, rows)


def short_name(metric: str) -> str:
    """A metric without its network."""
    return re.sub(r" \((features|segmenter) .*?\)", "", metric)


def named(card: EvalCard) -> str:
    """The metric without its network, with a word where lower values are better."""
    return short_name(card.metric) + (f", {card.better}" if card.better.startswith("lower") else "")


def cards_as_text(cards: Sequence[EvalCard]) -> str:
    """A short table for a terminal: each metric with its value and what it is of."""
    return text_table(HEADER, _short_rows(cards))


def short_table(cards: Sequence[EvalCard]) -> Table:
    """The same for a page, with every note once below."""
    notes = dict.fromkeys(note for card in cards for note in card.notes)
    return Table(HEADER, _short_rows(cards), caption=" ".join(f"{note[0].upper()}{note[1:]}." for note in notes))


def _short_rows(cards: Sequence[EvalCard]) -> list[tuple[str, str, str]]:
    return [(named(card), f"{card.value:.6g}", _counts(card)) for card in cards]


def _counts(card: EvalCard) -> str:
    return ", ".join(f"{count} {what}" for what, count in card.counts.items())


def markdown_tables(path: Path) -> list[Table]:
    """The pipe tables of a Markdown file. The title of a table is the heading or first line above it.

    Rows of another length than the header are left out. A list right below a table becomes its caption; it names the
    networks of metrics, which the header then leaves out.
    """
    tables: list[Table] = []
    block: list[list[str]] = []
    title = path.stem
    for line in [*path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), ""]:
        if line.lstrip().startswith("|"):
            block.append([re.sub(r"[*`]|\\(?=\|)", "", cell).strip() for cell in line.strip().strip("|").split("|")])
            continue
        if len(block) > 2 and all(set(cell) <= set(":- ") for cell in block[1]):
            rows = [row for row in block[2:] if len(row) == len(block[0])]
            tables.append(Table([short_name(cell) for cell in block[0]], rows, title=title))
        elif tables and not block and line.startswith("- "):
            tables[-1] = replace(tables[-1], caption=f"{tables[-1].caption} {line[2:].strip()}".strip())
        if block or line.startswith("#"):
            title = line.lstrip("# ").strip() or path.stem
        block = []
    return tables
