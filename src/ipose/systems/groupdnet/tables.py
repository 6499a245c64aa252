"""GroupDNet's ablation tables: table 1 (baselines) and table 3 (its parts). Imports no torch."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ipose.ablations.table import AblationTable, Metric, Row
from ipose.systems.ablation_tables import IMAGE_METRICS

CLASS_METRICS = (
    Metric(key="mcsd", title="mCSD", percent=False, published="mCSD", published_digits=4),
    Metric(key="mocd", title="mOCD", higher_is_better=False, percent=False, published="mOCD", published_digits=4),
    Metric(key="diversity", title="Diversity", percent=False, published="LPIPS", published_digits=3),
)
"""How much new codes change: of one class inside it, of one class elsewhere, of all classes (GroupDNet eq. 7)."""

_PRINTED = {"frechet": 2, "miou": 1, "accuracy": 1}
"""Decimals of the paper's numbers on images."""

_METRICS = tuple(
    replace(metric, published_digits=_PRINTED[metric.key]) if metric.key in _PRINTED else replace(metric, published="")
    for metric in IMAGE_METRICS
)

PUBLISHED_ON = "DeepFashion, the paper's own training"


def _scores(fid: float, mcsd: float, mocd: float, lpips: float) -> dict[str, float]:
    return {"frechet": fid, "mcsd": mcsd, "mocd": mocd, "diversity": lpips}


def _row(name: str, title: str, published: Mapping[str, float], **changes: Any) -> Row:
    return Row(name=name, title=title, run=name, changes=changes, published=published)


def _baseline(name: str, title: str, words: str, published: Mapping[str, float]) -> Row:
    scoring = {"baseline": name}
    return Row(name=name, title=title, run=name, scoring=scoring, in_words=words, published=published)


def _table(name: str, title: str, *rows: Row) -> AblationTable:
    return AblationTable(
        name=name,
        title=title,
        metrics=(*_METRICS, *CLASS_METRICS),
        rows=rows,
        reference="groupdnet",
        published_on=PUBLISHED_ON,
    )


_BY_CIHP_PARSER = {"miou": 87.3, "accuracy": 98.9}
"""GroupDNet in table 2, judged by the CIHP parser. The paper has no such numbers of the other rows."""

_GROUPDNET = _row("groupdnet", "GroupDNet", _scores(9.50, 0.0264, 0.0033, 0.228) | _BY_CIHP_PARSER)
_ALL_GROUPS = "a group for each class in every block"
_PLAIN_ENCODER, _PLAIN_DECODER = "one encoder for the whole image", "a decoder without groups"

TABLES = (
    _table(
        "groupdnet-1",
        "GroupDNet against its baselines",
        _baseline("mulnet", "MulNet", f"{_ALL_GROUPS}, wider", _scores(12.07, 0.0244, 0.0019, 0.202)),
        _baseline("groupnet", "GroupNet", _ALL_GROUPS, _scores(12.58, 0.0276, 0.0017, 0.203)),
        _baseline("groupenc", "GroupEnc", _PLAIN_DECODER, _scores(10.83, 0.0232, 0.0065, 0.217)),
        _baseline("groupdec", "GroupDec", _PLAIN_ENCODER, _scores(9.84, 0.0003, 0.0257, 0.206)),
        _baseline(
            "vspade",
            "VSPADE",
            f"{_PLAIN_ENCODER}, {_PLAIN_DECODER}, one code for the image",
            _scores(10.02, 0.0304, 0.1843, 0.207),
        ),
        _GROUPDNET,
    ),
    _table(
        "groupdnet-3",
        "Parts of GroupDNet",
        _row("without-map", "without map", _scores(11.01, 0.0253, 0.0036, 0.217), code="pooled"),
        _row("without-split", "without split", _scores(10.76, 0.0054, 0.0189, 0.216), class_images="whole"),
        _row("group-norm", "GroupNorm", _scores(10.33, 0.0256, 0.0040, 0.225), norm="group"),
        _row("without-sync-bn", "without SyncBN", _scores(9.76, 0.0251, 0.0037, 0.216), sync_batch_norm=False),
        _row("without-spec-norm", "without SpecNorm", _scores(10.42, 0.0290, 0.0153, 0.231), spectral_norm="none"),
        _GROUPDNET,
    ),
)
