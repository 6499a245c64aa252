"""Eval cards of a part predictor: AC, object pixels, part mIoU and AC (pooled), for basis and novel categories."""

import hashlib
import math
from collections.abc import Sequence
from typing import Any

from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.part_evaluation import PartEvaluation
from ipose.part_annotations import PartPair, SupportSet

POOLED = "ac_pooled"
"""Over all objects together; the paper's numbers are of this one. The others are means over categories."""

METRICS = {
    "ac": "Part AC",
    "object_pixels": "Part object-pixel accuracy",
    "miou": "Part mIoU",
    POOLED: "Part AC (pooled)",
}
"""Names of the fields of a `PartScore`, and of AC (pooled), in cards."""

_READ = {
    "ac": "argmax of all nine channels over the frame",
    POOLED: "argmax of all nine channels over the frame",
    "object_pixels": "on the object's own pixels, its most likely part",
    "miou": "argmax of all nine channels over the frame; parts 1..8, pooled over a category's objects",
}


def part_cards(
    evaluation: PartEvaluation, supports: SupportSet, pairs: Sequence[PartPair], **common: Any
) -> list[EvalCard]:
    """Four cards for the basis categories, and four for the novel categories if there are some.

    The value is the macro mean, in 0..1; of AC (pooled) it is the share over all objects. The breakdown has the value
    of each category. The baselines are the same of copy and majority. Source: iPOSE sec. 4.1 (AC) and the authors'
    release (pooled); the other two metrics are ours.
    """
    return [
        _card(evaluation, supports, pairs, group, metric, common)
        for group in evaluation.groups
        for metric in METRICS
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
    field = "ac" if metric == POOLED else metric
    own = {name: float(getattr(evaluation.model[name], field)) for name in members}
    removed = evaluation.error_removed(group) if metric == "object_pixels" else None
    notes = [f"{'all objects together' if metric == POOLED else 'macro mean'}, {_READ[metric]}"]
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
    scores = evaluation.contenders[contender]
    return scores.pooled()[group] if metric == POOLED else float(getattr(scores.groups()[group], metric))


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
