"""Blocks of a report: results, configuration, galleries, supports, curves, versions and machine."""

import io
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from PIL import Image

from ipose.evaluation.part_evaluation import PartEvaluation
from ipose.label_spec import LabelSpec
from ipose.part_annotations import SupportSet
from ipose.reports.contact_sheet import Tile
from ipose.reports.page import Figure, Table
from ipose.reports.sheets import BORDER, GREYS, SceneRow, class_legend, part_legend, scene_tiles, support_tiles
from ipose.reports.training_curves import curves

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


def config_table(
    config: Mapping[str, Any],
    paper: Mapping[str, Any],
    sources: Mapping[str, str] | None = None,
    title: str = "Configuration",
) -> Table:
    """All settings, with the paper's value if it is different.

    Args:
        config: settings of this run, by field name.
        paper: the paper's values. It may have fewer fields.
        sources: place of a field's value in the paper.
        title: above the table.
    """
    rows = []
    for name, value in config.items():
        differs = name in paper and _plain(paper[name]) != _plain(value)
        where = f" ({sources[name]})" if differs and sources and name in sources else ""
        rows.append((name, _plain(value), f"yes, paper: {_plain(paper[name])}{where}" if differs else ""))
    changed = [i for i, row in enumerate(rows) if row[2]]
    return Table(("setting", "this run", "differs from paper"), rows, title=title, strong=changed)


def scene_figure(
    row: SceneRow, spec: LabelSpec, part_names: Mapping[str, tuple[str, ...]] | None = None, title: str | None = None
) -> Figure:
    """One scene: label, instances, true and inferred parts, images by seed, photograph; with legends.

    Args:
        row: the scene.
        spec: names and colours of the classes.
        part_names: names of the parts of each category, for the legends; None = no such legends.
        title: None = name of the scene.
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
    try:
        own = version("ipose")
    except PackageNotFoundError:  # imported from a source tree that was never installed
        own = "not installed"
    moment = (date or datetime.now(UTC)).astimezone(UTC)
    return [
        *([("command", command)] if command else []),
        ("date", moment.strftime("%Y-%m-%d %H:%M UTC")),
        ("versions", f"ipose {own}, torch {torch.__version__}, Python {platform.python_version()}"),
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
