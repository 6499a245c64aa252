"""PartNet's ablation tables: iPOSE suppl. tables 4, 7 and 8. Imports no torch."""

from ipose.ablations.table import AblationTable, Metric, Row

METRICS = (
    Metric(key="ac_pooled_basis", title="AC (pooled) basis", published="AC basis", published_digits=2),
    Metric(key="ac_pooled_novel", title="AC (pooled) novel", published="AC novel", published_digits=2),
    Metric(key="ac_basis", title="AC basis"),
    Metric(key="ac_novel", title="AC novel"),
    Metric(key="object_pixels_basis", title="object pixels basis"),
    Metric(key="object_pixels_novel", title="object pixels novel"),
    Metric(key="miou_basis", title="part mIoU basis"),
    Metric(key="miou_novel", title="part mIoU novel"),
    Metric(
        key="coco_fid",
        title="FID on COCO-Stuff",
        higher_is_better=False,
        percent=False,
        published="FID on COCO-Stuff",
        published_digits=2,
    ),
)
"""In percent, but for the paper's FID of images made with these parts, which is not taken here. AC is the paper's
accuracy over the 64x64 frame. The paper's numbers are pooled over all objects; the others are means that weigh
categories alike."""


def _published(basis: float, novel: float) -> dict[str, float]:
    return {"ac_pooled_basis": basis, "ac_pooled_novel": novel}


def _table(name: str, title: str, reference: str, *rows: Row) -> AblationTable:
    data = "the paper's part data, its own training"
    return AblationTable(name=name, title=title, metrics=METRICS, reference=reference, published_on=data, rows=rows)


def _supports(k: int, basis: float, novel: float, fid: float) -> Row:
    """A row of table 4: trained on 1 to 4 supports, scored with k."""
    return Row(
        name=f"k-{k}",
        title=f"{k} support{'s' if k > 1 else ''}",
        changes={"k": 4, "mixed_k": True},
        run="mixed-k",
        scoring={"supports": k},
        published=_published(basis, novel) | {"coco_fid": fid},
    )


def _blocks(count: int, basis: float, novel: float) -> Row:
    """A row of table 8."""
    name, title = f"blocks-{count}", f"{count} block{'s' if count > 1 else ''}"
    changes = {"attention_blocks": count}
    return Row(name=name, title=title, changes=changes, run=name, published=_published(basis, novel))


def _base(title: str) -> Row:
    """The paper's PartNet, a row of tables 7 and 8."""
    return Row(name="base", title=title, run="base", published=_published(94.38, 85.00))


TABLES = (
    _table(
        "4",
        "Number of supports (one training on 1..4)",
        "k-3",
        _supports(1, 94.30, 81.41, 15.76),
        _supports(2, 94.37, 84.48, 15.73),
        _supports(3, 94.38, 85.00, 15.72),
        _supports(4, 94.37, 85.16, 15.72),
    ),
    _table(
        "7",
        "Multi-scale features",
        "base",
        Row(
            name="single-scale",
            title="without multi-scale features",
            changes={"multi_scale": False},
            run="single-scale",
            published=_published(94.05, 83.21),
        ),
        _base("with multi-scale features"),
    ),
    _table(
        "8",
        "Attention blocks",
        "base",
        _blocks(1, 94.10, 82.28),
        _blocks(2, 94.25, 83.76),
        _base("3 blocks"),
        _blocks(4, 94.34, 83.41),
    ),
)
