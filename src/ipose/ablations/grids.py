"""The paper's ablation tables as grids: which fields of the config each row changes. No torch in here.

Source: iPOSE tables 3, 4, 7, 8, 9, 10, 11, 12. Published numbers are of Cityscapes for the synthesis tables, and of the
paper's own part data for PartNet's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ipose.errors import ConfigError

Kind = Literal["partnet", "synthesis"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A column.

    Args:
        key: in score files.
        title: above the column.
        higher_is_better: the direction.
        percent: written with two decimals; else a distance, with four digits.
        published: what the paper calls it; "" = the paper has no such number.
    """

    key: str
    title: str
    higher_is_better: bool = True
    percent: bool = True
    published: str = ""

    def text(self, value: float) -> str:
        """A value as it is written in tables."""
        return f"{value:.2f}" if self.percent else f"{value:.4g}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a table.

    Args:
        name: to ask for it by.
        title: in words.
        changes: fields of the preset's config that it sets.
        run: stem of its run folder; "" = named after its config.
        supports: k to evaluate with; None = the config's.
        against: the row to compare it with; "" = the table's reference.
        published: the paper's numbers, by metric key.
    """

    name: str
    title: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    run: str = ""
    supports: int | None = None
    against: str = ""
    published: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AblationTable:
    """A grid.

    Args:
        name: the number of the paper's table.
        title: what is compared.
        kind: of the runs.
        rows: in the paper's order.
        reference: the row that the others are compared with.
        published_on: what the paper's numbers are of.
    """

    name: str
    title: str
    kind: Kind
    rows: tuple[Row, ...]
    reference: str
    published_on: str

    def subset(self, names: tuple[str, ...]) -> tuple[Row, ...]:
        """The rows of these names in the table's order; all for none. Raises ConfigError for an unknown name."""
        known = [row.name for row in self.rows]
        if strangers := [name for name in names if name not in known]:
            raise ConfigError(
                f"table {self.name} has no such row",
                field="rows",
                found=", ".join(strangers),
                expected=", ".join(known),
            )
        return tuple(row for row in self.rows if not names or row.name in names)


PARTNET_METRICS = (
    Metric(key="ac_basis", title="AC basis", published="AC basis"),
    Metric(key="ac_novel", title="AC novel", published="AC novel"),
    Metric(key="object_pixels_basis", title="object pixels basis"),
    Metric(key="object_pixels_novel", title="object pixels novel"),
    Metric(key="miou_basis", title="part mIoU basis"),
    Metric(key="miou_novel", title="part mIoU novel"),
)
"""In percent. AC is the paper's accuracy over the 64x64 frame; means weigh categories alike."""

SYNTHESIS_METRICS = (
    Metric(key="frechet", title="Frechet distance", higher_is_better=False, percent=False, published="FID"),
    Metric(key="kernel", title="kernel distance", higher_is_better=False, percent=False),
    Metric(key="object_frechet", title="object Frechet distance", higher_is_better=False, percent=False,
           published="object FID"),
    Metric(key="object_kernel", title="object kernel distance", higher_is_better=False, percent=False),
    Metric(key="miou", title="mIoU", published="mIoU"),
    Metric(key="accuracy", title="pixel accuracy", published="AC"),
)  # fmt: skip

METRICS: Mapping[str, tuple[Metric, ...]] = {"partnet": PARTNET_METRICS, "synthesis": SYNTHESIS_METRICS}


def _parts(basis: float, novel: float) -> dict[str, float]:
    return {"ac_basis": basis, "ac_novel": novel}


def _images(
    fid: float, miou: float | None = None, accuracy: float | None = None, object_fid: float | None = None
) -> dict[str, float]:
    found = {"frechet": fid, "miou": miou, "accuracy": accuracy, "object_frechet": object_fid}
    return {key: value for key, value in found.items() if value is not None}


_BASE = _parts(94.38, 85.00)
_FULL = _images(41.3, 70.6, 82.2, 30.4)
_PART_DATA, _CITYSCAPES = "the paper's part data, its own training", "Cityscapes, the paper's own training"

_NO_GLOBAL = {"global_loss": "none"}
_NO_STYLE = {"style_loss": "none"}
_NO_PARTS = {"part_injection": "none"}
_STYLE = {"style_loss": "clip"}

_ALL = (
    AblationTable(
        name="3",
        title="Losses and part injection (with table 10's single additions)",
        kind="synthesis",
        reference="oasis",
        published_on=_CITYSCAPES,
        rows=(
            Row(name="oasis", title="OASIS baseline", changes={**_NO_GLOBAL, **_NO_STYLE, **_NO_PARTS},
                published=_images(47.7, 66.9, 81.5, 44.1)),
            Row(name="global", title="+ global loss", changes={**_NO_STYLE, **_NO_PARTS},
                published=_images(43.6, 66.7, 81.9, 39.2)),
            Row(name="global-style", title="+ style loss (part injection: none)", changes={**_STYLE, **_NO_PARTS},
                published=_images(42.8, 70.5, 82.1, 37.5)),
            Row(name="global-style-parts", title="+ parts by PSM", changes=_STYLE, published=_FULL),
            Row(name="global-style-parts-spade", title="part injection: SPADE",
                changes={**_STYLE, "part_injection": "spade"}, against="global-style-parts",
                published=_images(42.9, object_fid=31.2)),
            Row(name="global-style-parts-concat", title="part injection: concat",
                changes={**_STYLE, "part_injection": "concat"}, against="global-style-parts",
                published=_images(42.7, object_fid=31.5)),
            Row(name="parts", title="OASIS + parts by PSM alone", changes={**_NO_GLOBAL, **_NO_STYLE},
                published=_images(44.2, 69.0, 81.8, 36.8)),
            Row(name="style", title="OASIS + style loss alone", changes={**_NO_GLOBAL, **_STYLE, **_NO_PARTS},
                published=_images(45.2, 69.1, 81.2, 38.9)),
            Row(name="style-parts", title="OASIS + style loss + parts", changes={**_NO_GLOBAL, **_STYLE},
                published=_images(43.1, 70.6, 82.0, 35.5)),
        ),
    ),
    AblationTable(
        name="4",
        title="Number of supports (one training on 1..4)",
        kind="partnet",
        reference="k-3",
        published_on=_PART_DATA,
        rows=tuple(
            Row(name=f"k-{k}", title=f"{k} support{'s' if k > 1 else ''}", run="mixed-k", supports=k,
                changes={"k": 4, "mixed_k": True}, published=_parts(*accuracy))
            for k, accuracy in enumerate([(94.30, 81.41), (94.37, 84.48), (94.38, 85.00), (94.37, 85.16)], start=1)
        ),
    ),
    AblationTable(
        name="7",
        title="Multi-scale features",
        kind="partnet",
        reference="base",
        published_on=_PART_DATA,
        rows=(
            Row(name="single-scale", title="without multi-scale features", run="single-scale",
                changes={"multi_scale": False}, published=_parts(94.05, 83.21)),
            Row(name="base", title="with multi-scale features", run="base", published=_BASE),
        ),
    ),
    AblationTable(
        name="8",
        title="Attention blocks",
        kind="partnet",
        reference="base",
        published_on=_PART_DATA,
        rows=(
            Row(name="blocks-1", title="1 block", run="blocks-1", changes={"attention_blocks": 1},
                published=_parts(94.10, 82.28)),
            Row(name="blocks-2", title="2 blocks", run="blocks-2", changes={"attention_blocks": 2},
                published=_parts(94.25, 83.76)),
            Row(name="base", title="3 blocks", run="base", published=_BASE),
            Row(name="blocks-4", title="4 blocks", run="blocks-4", changes={"attention_blocks": 4},
                published=_parts(94.34, 83.41)),
        ),
    ),
    AblationTable(
        name="9",
        title="Object-level loss: CLIP style against VGG",
        kind="synthesis",
        reference="clip",
        published_on=_CITYSCAPES,
        rows=(
            Row(name="vgg", title="VGG-19 object loss", changes={"style_loss": "vgg"},
                published=_images(41.6, 68.6, 81.7)),
            Row(name="clip", title="CLIP style loss", changes=_STYLE, published=_images(41.3, 70.6, 82.2)),
        ),
    ),
    AblationTable(
        name="11",
        title="Predicted parts against the shape-aware position descriptor",
        kind="synthesis",
        reference="predicted-parts",
        published_on=_CITYSCAPES,
        rows=(
            Row(name="position-descriptor", title="position descriptor (SAFM)",
                changes={"parts": "position_descriptor"}, published=_images(43.1, 70.3, 82.0)),
            Row(name="predicted-parts", title="predicted parts", changes={"parts": "predicted"},
                published=_images(41.3, 70.6, 82.2)),
        ),
    ),
    AblationTable(
        name="12",
        title="Predicted against true parts",
        kind="synthesis",
        reference="predicted-parts",
        published_on=_CITYSCAPES,
        rows=(
            Row(name="predicted-parts", title="predicted parts", changes={"parts": "predicted"},
                published=_images(41.3, 70.6, 82.2)),
            Row(name="true-parts", title="true part maps", changes={"parts": "true"},
                published=_images(40.8, 70.9, 82.3)),
        ),
    ),
)  # fmt: skip

TABLES: Mapping[str, AblationTable] = {table.name: table for table in _ALL}
"""By the number in the paper."""


def table_named(name: str) -> AblationTable:
    """The table of that number. Raises ConfigError where there is no grid for it."""
    if name == "10":
        raise ConfigError("table 10's rows are part of table 3 here", found="10", mend="Run ipose ablate 3.")
    if name not in TABLES:
        raise ConfigError(
            "no such ablation table", found=repr(name), expected=", ".join(TABLES), mend="See ipose ablate --list."
        )
    return TABLES[name]


def listing() -> str:
    """All tables with their rows, for `ipose ablate --list`."""
    lines = []
    for table in TABLES.values():
        lines.append(f"table {table.name}: {table.title} ({table.kind}; published: {table.published_on})")
        width = max(len(row.name) for row in table.rows)
        for row in table.rows:
            changes = ", ".join(f"{name} {value}" for name, value in row.changes.items()) or "as the preset"
            lines.append(f"  {row.name:<{width}}  {row.title}: {changes}")
    return "\n".join(lines)
