"""iPOSE's ablation tables of images: table 3 with 10, suppl. tables 9, 11 and 12. Imports no torch."""

from dataclasses import replace
from typing import Any

from ipose.ablations.table import AblationTable, Row
from ipose.systems.ablation_tables import IMAGE_METRICS

_NO_GLOBAL = {"global_loss": "none"}
_NO_STYLE = {"style_loss": "none"}
_NO_PARTS = {"part_injection": "none"}
_STYLE = {"style_loss": "clip"}


def _images(fid: float, miou: float, accuracy: float, object_fid: float | None = None) -> dict[str, float]:
    found = {"frechet": fid, "miou": miou, "accuracy": accuracy, "object_frechet": object_fid}
    return {key: value for key, value in found.items() if value is not None}


def _row(name: str, title: str, changes: dict[str, Any], published: dict[str, float], against: str = "") -> Row:
    return Row(name=name, title=title, changes=changes, published=published, against=against)


def _table(
    name: str,
    title: str,
    reference: str,
    *rows: Row,
    holds: tuple[str, ...] = (),
    on: str = "Cityscapes, the paper's own training",
) -> AblationTable:
    return AblationTable(
        name=name, title=title, metrics=IMAGE_METRICS, rows=rows, reference=reference, published_on=on, holds=holds
    )


_TABLE_3 = (
    _row("oasis", "OASIS baseline", {**_NO_GLOBAL, **_NO_STYLE, **_NO_PARTS}, _images(47.7, 66.9, 81.5, 44.1)),
    _row("global", "+ global loss", {**_NO_STYLE, **_NO_PARTS}, _images(43.6, 66.7, 81.9, 39.2)),
    _row(
        "global-style", "+ style loss (part injection: none)", {**_STYLE, **_NO_PARTS}, _images(42.8, 70.5, 82.1, 37.5)
    ),
    _row("global-style-parts", "+ parts by PSM", _STYLE, _images(41.3, 70.6, 82.2, 30.4)),
    _row(
        "global-style-parts-spade",
        "part injection: SPADE",
        {**_STYLE, "part_injection": "spade"},
        _images(42.9, 69.9, 81.9, 31.2),
        against="global-style-parts",
    ),
    _row(
        "global-style-parts-concat",
        "part injection: concat",
        {**_STYLE, "part_injection": "concat"},
        _images(42.7, 70.6, 82.0, 31.5),
        against="global-style-parts",
    ),
    _row("parts", "OASIS + parts by PSM alone", {**_NO_GLOBAL, **_NO_STYLE}, _images(44.2, 69.0, 81.8, 36.8)),
    _row("style", "OASIS + style loss alone", {**_NO_GLOBAL, **_STYLE, **_NO_PARTS}, _images(45.2, 69.1, 81.2, 38.9)),
    _row("style-parts", "OASIS + style loss + parts", {**_NO_GLOBAL, **_STYLE}, _images(43.1, 70.6, 82.0, 35.5)),
)

_FULL = _images(41.3, 70.6, 82.2)
"""The paper's model, a row of tables 9, 11 and 12."""

_PREDICTED = _row("predicted-parts", "predicted parts", {"parts": "predicted"}, _FULL)

TABLES = (
    _table("3", "Losses and part injection (with table 10's single additions)", "oasis", *_TABLE_3, holds=("10",)),
    _table(
        "9",
        "Object-level loss: CLIP style against VGG",
        "clip",
        _row("vgg", "VGG-19 object loss", {"style_loss": "vgg"}, _images(41.6, 68.6, 81.7)),
        _row("clip", "CLIP style loss", _STYLE, _FULL),
    ),
    _table(
        "11",
        "Predicted parts against the shape-aware position descriptor",
        "predicted-parts",
        _row(
            "position-descriptor",
            "position descriptor (SAFM)",
            {"parts": "position_descriptor"},
            _images(43.1, 70.3, 82.0),
        ),
        _PREDICTED,
    ),
    _table(
        "12",
        "Predicted against true parts",
        "predicted-parts",
        _PREDICTED,
        _row("true-parts", "true part maps", {"parts": "true"}, _images(40.8, 70.9, 82.3)),
    ),
    _table(
        "parts",
        "Does the part step help (tables 3, 11 and 12 without the style loss)",
        "psm",
        _row("oasis", "OASIS baseline", {**_NO_GLOBAL, **_NO_STYLE, **_NO_PARTS}, _images(47.7, 66.9, 81.5, 44.1)),
        _row("global", "+ global loss", {**_NO_STYLE, **_NO_PARTS}, _images(43.6, 66.7, 81.9, 39.2)),
        _row("psm", "+ parts by PSM", _NO_STYLE, _images(41.3, 70.6, 82.2, 30.4), against="global"),
        _row(
            "spade", "part injection: SPADE", {**_NO_STYLE, "part_injection": "spade"}, _images(42.9, 69.9, 81.9, 31.2)
        ),
        _row(
            "concat",
            "part injection: concat",
            {**_NO_STYLE, "part_injection": "concat"},
            _images(42.7, 70.6, 82.0, 31.5),
        ),
        _row("true-parts", "true part maps", {**_NO_STYLE, "parts": "true"}, _images(40.8, 70.9, 82.3)),
        _row(
            "position-descriptor",
            "position descriptor (SAFM)",
            {**_NO_STYLE, "parts": "position_descriptor"},
            _images(43.1, 70.3, 82.0),
        ),
        on="Cityscapes, the paper's own training; there, rows with parts also have the style loss",
    ),
)

OWN_BLOCK = "own-block"
"""Name of the row of somebody's own block."""


def with_own_row(table: AblationTable, block: str) -> AblationTable:
    """The table with one more row, behind that of the paper's whole model: the same with `block` for the PSM block."""
    place = next(i for i, row in enumerate(table.rows) if row.published.items() >= _FULL.items())
    whole = table.rows[place]
    own = replace(whole, name=OWN_BLOCK, title=f"{whole.title}, block {block}", against=whole.name, published={})
    return replace(table, rows=(*table.rows[: place + 1], own, *table.rows[place + 1 :]))
