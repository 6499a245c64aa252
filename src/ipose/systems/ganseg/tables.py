"""GANSeg's ablation tables: tables 5, 6 and 7, figure 9 and appendix F.1. Imports no torch.

Each row is a GANSeg and a part segmenter that learns from its pairs. Which column is filled depends on the data.
"""

from collections.abc import Mapping
from typing import Any

from ipose.ablations.table import AblationTable, Metric, Row


def _error(key: str, title: str, published: str = "") -> Metric:
    return Metric(key=key, title=title, higher_is_better=False, published=published, published_digits=2)


def _iou(key: str, title: str, published: str = "", digits: int = 3) -> Metric:
    return Metric(key=key, title=title, percent=False, published=published, published_digits=digits)


METRICS = (
    _error("celeba_error", "CelebA in the wild landmark error (%)", "CelebA (%)"),
    _error("aligned_error", "CelebA aligned landmark error (%)"),
    _iou("cub_iou", "CUB foreground IoU", "CUB IoU"),
    _error("cub_error", "CUB landmark error (%)", "CUB (%)"),
    _iou("flowers_iou", "Flowers foreground IoU", "Flowers IoU"),
    _error("taichi_error", "Taichi MAE", "Taichi MAE"),
    _iou("taichi_iou", "Taichi foreground IoU", "Taichi IoU", 4),
    _iou("foreground_iou", "foreground IoU"),
    _iou("matched_iou", "IoU of matched parts"),
)
"""The last two are of scenes, which the paper does not have."""

PUBLISHED_ON = "the paper's own training, 128x128 pixels"
NO_NUMBERS = "nothing: no number of the paper is known here"


def _scores(celeba: float, cub: float, flowers: float, taichi: float, taichi_iou: float) -> dict[str, float]:
    return {
        "celeba_error": celeba,
        "cub_iou": cub,
        "flowers_iou": flowers,
        "taichi_error": taichi,
        "taichi_iou": taichi_iou,
    }


GANSEG = _scores(6.18, 0.629, 0.739, 417.17, 0.8538) | {"cub_error": 3.23}
"""The paper's main results: 8 parts of 4 points; Taichi 10 parts."""


def _row(name: str, title: str, published: Mapping[str, float], **changes: Any) -> Row:
    return Row(name=name, title=title, changes=changes, published=published)


def _table(name: str, title: str, reference: str, *rows: Row, published_on: str = PUBLISHED_ON) -> AblationTable:
    return AblationTable(
        name=name, title=title, metrics=METRICS, reference=reference, published_on=published_on, rows=rows
    )


_TABLE_5 = {"heatmap": "gauss-var", "area_target": "heatmap"}
"""Heatmap and area of every row of table 5: the fixed scales fit this heatmap, and a disk needs a spread. (The
published number of the row with a spread is of cones and disks.)"""


def _fixed(data: str, scale: float, published: Mapping[str, float]) -> Row:
    """A row of table 5: every part has the data set's scale."""
    changes = {"fixed_scale": scale, **_TABLE_5}
    name, title, run = f"fixed-{data}", f"fixed sigma {scale:g}, {data}'s", f"ganseg-fixed-{scale:g}"
    return Row(name=name, title=title, changes=changes, run=run, published=published)


def _points(count: int, published: Mapping[str, float]) -> Row:
    return _row(f"points-{count}", f"P = {count}", published, points_per_part=count)


def _parts(count: int, published: Mapping[str, float]) -> Row:
    return _row(f"parts-{count}", f"K = {count}", published, parts=count)


TABLES = (
    _table(
        "ganseg-5",
        "Scale of the parts: of their points, or fixed",
        "spread",
        _fixed("celeba", 0.00725, {"celeba_error": 26.32}),
        _fixed("cub", 0.010, {"cub_iou": 0.467}),
        _fixed("flowers", 0.0016, {"flowers_iou": 0.697}),
        _fixed("taichi", 0.0065, {"taichi_error": 657.61, "taichi_iou": 0.7452}),
        Row(name="spread", title="of their points", changes=_TABLE_5, run="ganseg-spread", published=GANSEG),
    ),
    _table(
        "ganseg-6",
        "Points of a part",
        "points-4",
        _points(3, _scores(6.08, 0.644, 0.696, 594.73, 0.5863)),
        _points(4, GANSEG),
        _points(6, _scores(8.84, 0.682, 0.715, 434.47, 0.8336)),
        _points(8, _scores(13.02, 0.641, 0.744, 467.69, 0.7792)),
    ),
    _table(
        "ganseg-7",
        "Number of parts",
        "parts-8",
        _parts(1, _scores(56.23, 0.631, 0.570, 748.30, 0.7895)),
        _parts(4, _scores(12.26, 0.607, 0.767, 652.87, 0.8176)),
        _parts(8, _scores(6.18, 0.629, 0.739, 420.95, 0.8481)),
        _parts(12, _scores(6.17, 0.663, 0.708, 450.51, 0.7939)),
        _parts(16, _scores(6.71, 0.692, 0.712, 441.04, 0.7475)),
        _parts(32, _scores(7.00, 0.380, 0.530, 1605.84, 0.1758)),
    ),
    _table(
        "ganseg-figure-9",
        "Without points, without a background of its own",
        "whole",
        _row("no-points", "masks of noise", {}, use_points=False),
        _row("no-background", "background as one more part", {}, separate_background=False),
        _row("whole", "GANSeg", {}),
        published_on=NO_NUMBERS,
    ),
    _table(
        "ganseg-f1",
        "Adversarial training, or an auto-encoder",
        "gan",
        _row("auto-encoder", "auto-encoder", {}, training="auto-encoder"),
        _row("gan", "GAN", {}),
        published_on=NO_NUMBERS,
    ),
)
