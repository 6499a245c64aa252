"""One PartNet with several sets of supports, compared by the same true part maps. Sets may name parts differently."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ipose.errors import ConfigError
from ipose.evaluation.baselines import copy_baseline
from ipose.evaluation.part_evaluation import PartGuess
from ipose.evaluation.part_matching import PartMatching, majority_parts, match_parts, overlap_counts
from ipose.evaluation.part_metrics import PartScore, score_parts
from ipose.part_annotations import PART_CHANNELS, PartPair, SupportSet
from ipose.tables import percent, text_table

SupportedPredictor = Callable[[Tensor, SupportSet], PartGuess]
"""(shapes float32 (n, 1, s, s), supports of the one category) -> part ids of these supports."""

HEADER = (
    *("supports", "read by", "object pixels %", "part mIoU %", "AC %", "as named %"),
    *("many to one: object pixels %", "many to one: part mIoU %", "parts stand for"),
)

NOTE = (
    "Object pixels: share of pixels inside the objects with the right part, after matching. Part mIoU: intersection "
    "over union, averaged over the parts. AC, the paper's measure: share of right pixels of the whole 64 x 64 frame, "
    "background too, pooled over all objects. As named: object pixels without matching, each found part standing for "
    "the true one of the same name (-: no name in common). Many to one: each found part stands for the true part that "
    "has most of its pixels on the training objects, so that more found parts than true ones can all be right. "
    "A found part that stands for none counts as wrong."
)
"""Explains the columns."""


@dataclass(frozen=True, eq=False)
class SupportScore:
    """How well one predictor finds the true parts with one set of supports.

    Args:
        reader: "PartNet", "copy" (the most similar support's map), or a predictor that needs no supports.
        score: with found parts matched to true parts.
        as_named: share of right object pixels without matching: a found part counts as the true part of the same name.
            None = no name in common.
        many_to_one: with each found part as the true part that has most of its pixels on training objects.
        matching: one to one, fitted on training objects.
        stands_for: true part of each found part that has one, by name.
        for_none: names of found parts without a true part.
        predicted: uint8 (n, s, s), true parts of the validation objects; 0 = a found part without a true part.
    """

    supports: str
    reader: str
    score: PartScore
    as_named: float | None
    many_to_one: PartScore
    matching: PartMatching
    stands_for: Mapping[str, str]
    for_none: tuple[str, ...]
    predicted: Tensor

    def row(self) -> tuple[str, ...]:
        """A row of a table with `HEADER`."""
        one, many = self.score, self.many_to_one
        shares = (one.object_pixels, one.miou, one.ac, self.as_named, many.object_pixels, many.miou)
        stands_for = {**self.stands_for, **dict.fromkeys(self.for_none, "none")}
        said = ", ".join(f"{part}: {true}" for part, true in stands_for.items())
        return (self.supports, self.reader, *map(percent, shares), said)

    def to_dict(self) -> dict[str, Any]:
        """As plain types, for a results file."""
        named = {"supports": self.supports, "read_by": self.reader, "as_named": self.as_named}
        scores = {**self.score._asdict(), "many_to_one": self.many_to_one._asdict()}
        return {**named, **scores, "stands_for": dict(self.stands_for), "for_none": [*self.for_none]}


@dataclass(frozen=True, eq=False)
class JudgedObjects:
    """Annotated objects of one category.

    Args:
        fit: training objects, to match parts on.
        judged: validation objects.
    Raises:
        ConfigError: no training or no validation objects, or objects of several categories.
    """

    fit: Sequence[PartPair]
    judged: Sequence[PartPair]
    part_names: tuple[str, ...]

    def __post_init__(self) -> None:
        categories = {pair.category for pair in (*self.fit, *self.judged)}
        if not self.fit or not self.judged or len(categories) != 1:
            what = "supports are compared on annotated objects of one category"
            found = f"{len(self.fit)} training and {len(self.judged)} validation objects of {len(categories)}"
            raise ConfigError(what, field="category", found=found)

    @property
    def category(self) -> str:
        """Category of all objects."""
        return self.judged[0].category


def compare_supports(
    predict: SupportedPredictor, sets: Mapping[str, SupportSet], objects: JudgedObjects
) -> list[SupportScore]:
    """Score one network, and the baseline copy, with several sets of supports.

    The sets may have different numbers, orders and names of parts. So predictions on training objects are matched to
    true parts (one to one, largest sum of IoU). With this matching, predictions on validation objects are scored.

    Args:
        objects: with true parts.
    Raises:
        SupportError: a set without supports of the category.
    """
    scores = []
    for name, supports in sets.items():
        own = supports.of([objects.category])[0]
        alone = SupportSet({objects.category: supports.part_names[objects.category]}, {objects.category: own})
        shapes = [_shapes(pairs) for pairs in (objects.fit, objects.judged)]
        read = [predict(each[:, None].float(), alone) for each in shapes]
        copied = [PartGuess(*[copy_baseline(each, own)] * 2) for each in shapes]
        for reader, (fit, judged) in (("PartNet", read), ("copy", copied)):
            scores.append(score_guess(name, reader, fit, judged, objects, alone.part_names[objects.category]))
    return scores


def score_guess(
    supports: str, reader: str, fit: PartGuess, judged: PartGuess, objects: JudgedObjects, part_names: Sequence[str]
) -> SupportScore:
    """Match on the training objects, score on the validation objects.

    Args:
        fit: found parts of the training objects.
        judged: found parts of the validation objects.
        part_names: of the found parts 1, 2, ...
    """
    most, labels = PART_CHANNELS - 1, len(objects.part_names)
    shapes = _shapes(objects.fit)
    counts = overlap_counts(fit.inside.where(shapes, 0), _parts(objects.fit), most, labels)
    matching = match_parts(counts)
    true, names = _parts(objects.judged), [pair.category for pair in objects.judged]
    frame, inside = matching.relabelled(judged.frame), matching.relabelled(judged.inside)

    def score(guess: PartGuess) -> PartScore:
        scores = score_parts(guess.frame, true, _shapes(objects.judged), names, inside=guess.inside)
        return scores[objects.category]

    by_name = _by_name(part_names, objects.part_names, matching)
    named = score(PartGuess(*map(by_name.relabelled, judged))).object_pixels if any(by_name.label_of) else None
    many = score(PartGuess(*map(majority_parts(counts).relabelled, judged)))
    matched = [(k, label) for k, label in enumerate(matching.label_of) if label and float(matching.iou[k, label - 1])]
    stands_for = {
        (part_names[k] if k < len(part_names) else f"part {k + 1}"): objects.part_names[label - 1]
        for k, label in matched
    }
    for_none = tuple(name for name in part_names if name not in stands_for)
    return SupportScore(
        supports, reader, score(PartGuess(frame, inside)), named, many, matching, stands_for, for_none, inside
    )


def _by_name(found: Sequence[str], true: Sequence[str], fitted: PartMatching) -> PartMatching:
    """Match each found part to the true part of the same name."""
    label_of = [true.index(name) + 1 if name in true else 0 for name in found]
    return PartMatching((*label_of, *[0] * (len(fitted.label_of) - len(found))), fitted.counts)


def comparison_table(scores: Sequence[SupportScore]) -> str:
    """The scores as a table for a terminal."""
    return text_table(HEADER, [score.row() for score in scores])


def _shapes(pairs: Sequence[PartPair]) -> Tensor:
    return torch.stack([pair.shape for pair in pairs])


def _parts(pairs: Sequence[PartPair]) -> Tensor:
    return torch.stack([pair.part_map for pair in pairs])
