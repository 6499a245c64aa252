"""Eval cards of a part predictor: AC, object-pixel accuracy and part mIoU, for basis and novel categories."""

import hashlib
import math
from collections.abc import Sequence
from typing import Any

from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.part_evaluation import PartEvaluation
from ipose.evaluation.part_metrics import PartScore
from ipose.part_annotations import PartPair, SupportSet

METRICS = {"ac": "Part AC", "object_pixels": "Part object-pixel accuracy", "miou": "Part mIoU"}
"""Names of the fields of a `PartScore` in cards."""

_READ = {
    "ac": "argmax of all nine channels over the frame",
    "object_pixels": "on the object's own pixels, its most likely part",
    "miou": "argmax of all nine channels over the frame; parts 1..8, pooled over a category's objects",
}


def part_cards(
    evaluation: PartEvaluation, supports: SupportSet, pairs: Sequence[PartPair], **common: Any
) -> list[EvalCard]:
    """Three cards for the basis categories, and three for the novel categories if there are some.

    The value is the macro mean, in 0..1. The breakdown has the value of each category. The baselines are the macro
    means of copy and majority. Source: iPOSE sec. 4.3 (AC); the other two metrics are ours.

    Args:
        evaluation: of a model beside copy and majority.
        supports: of the model.
        pairs: the objects; cards have their hash.
        common: fields that all cards share: `model`, `commit`, ...
    """
    return [
        _card(evaluation, supports, pairs, group, metric, common)
        for group in evaluation.groups
        for metric in PartScore._fields
        if not math.isnan(_mean(evaluation, "model", group, metric))
    ]


def _card(
    evaluation: PartEvaluation,
    supports: SupportSet,
    pairs: Sequence[PartPair],
    group: str,
    metric: str,
    common: dict[str, Any],
) -> EvalCard:
    members = evaluation.groups[group]
    own = {name: float(getattr(evaluation.model[name], metric)) for name in members}
    removed = evaluation.error_removed(group) if metric == "object_pixels" else None
    notes = [f"macro mean, {_READ[metric]}"]
    notes += [] if removed is None else [f"removes {removed:.1%} of the better baseline's error"]
    return EvalCard(
        metric=f"{METRICS[metric]}, {group}",
        value=_mean(evaluation, "model", group, metric),
        protocol="parts",
        resize="silhouettes in their 64x64 frame",
        counts={
            "objects": sum(evaluation.model.counts[name].objects for name in members),
            "categories": len(members),
            "supports a category": supports.k,
        },
        baselines={name: _mean(evaluation, name, group, metric) for name in ("copy", "majority")},
        breakdown={name: value for name, value in own.items() if not math.isnan(value)},
        notes=tuple(notes),
        data=pairs_hash([pair for pair in pairs if pair.category in members]),
        **common,
    )


def _mean(evaluation: PartEvaluation, contender: str, group: str, metric: str) -> float:
    return float(getattr(evaluation.contenders[contender].groups()[group], metric))


def supports_hash(supports: SupportSet) -> str:
    """Hash of all support part maps and part names, 64 digits."""
    digest = hashlib.sha256()
    for category in sorted(supports.categories):
        maps = supports.part_maps[category]
        digest.update(
            f"{category} {supports.part_names[category]} {tuple(maps.shape)} ".encode("utf-8", "surrogateescape")
        )
        digest.update(maps.contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()


def pairs_hash(pairs: Sequence[PartPair]) -> str:
    """Hash of shapes and true part maps, 16 digits."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(pair.category.encode("utf-8", "surrogateescape"))
        digest.update(pair.shape.cpu().numpy().tobytes() + pair.part_map.cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
