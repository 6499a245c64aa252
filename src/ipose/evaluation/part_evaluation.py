"""A part predictor compared with two baselines, copy and majority, on the same objects."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.evaluation.baselines import copy_baseline, majority_baseline
from ipose.evaluation.part_metrics import PartScore, PartScores, score_parts
from ipose.part_annotations import PartPair, SupportSet
from ipose.tables import percent, text_table


class PartGuess(NamedTuple):
    """Predicted part maps: over the whole frame, and for object pixels only.

    Args:
        frame: part ids of all pixels, 0 = no part. AC, the paper's metric, is computed on it.
        inside: part ids if every object pixel is known to have a part, as the baselines give them.
    """

    frame: Tensor
    inside: Tensor


PartPredictor = Callable[[Tensor, list[str]], Tensor | PartGuess]
"""(shapes float32 (n, 1, s, s), the n part categories) -> part ids 0..8, integer (n, s, s), or a `PartGuess`."""


@dataclass(frozen=True, eq=False)
class PartEvaluation:
    """Scores of a model and of both baselines on the same objects.

    Args:
        of_objects: float64 (n,), the model's accuracy on the pixels of each object, in the given order.
    """

    model: PartScores
    copy: PartScores
    majority: PartScores
    of_objects: Tensor

    @property
    def contenders(self) -> dict[str, PartScores]:
        """Scores by name: model, copy, majority."""
        return {"model": self.model, "copy": self.copy, "majority": self.majority}

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Scored categories of the groups "basis" and "novel". Empty groups are left out."""
        novel = tuple(name for name in self.model.counts if name in self.model.novel)
        return {name: members for name, members in (("basis", self.model.basis), ("novel", novel)) if members}

    def error_removed(self, name: str) -> float | None:
        """Share of the better baseline's object-pixel error that the model removes. Negative if it adds error.

        Args:
            name: a category, or "basis" / "novel" for mean errors over the categories, with the better baseline of
                each category.
        Returns:
            At most 1. None if the baseline makes no error.
        """
        members = self.groups.get(name, (name,))
        best = [min(1 - scores[member].object_pixels for scores in (self.copy, self.majority)) for member in members]
        ours = [1 - self.model[member].object_pixels for member in members]
        return 1 - math.fsum(ours) / math.fsum(best) if math.fsum(best) > 0 else None

    def rows(self) -> Iterator[tuple[str, int, dict[str, PartScore], float | None]]:
        """(name, objects, score of each contender, error removed) of each category, then of each group."""
        for name, count in self.model.counts.items():
            found = {key: scores[name] for key, scores in self.contenders.items()}
            yield name, count.objects, found, self.error_removed(name)
        for name, members in self.groups.items():
            objects = sum(self.model.counts[member].objects for member in members)
            found = {key: scores.groups()[name] for key, scores in self.contenders.items()}
            yield name, objects, found, self.error_removed(name)

    def lines(self) -> list[tuple[str, ...]]:
        """`rows` as text in percent: objects, object pixels of all three, error removed, AC of all three, part mIoU,
        and the model's AC pooled over all objects of the row."""
        lines = []
        for name, objects, scores, removed in self.rows():
            mark = " (novel)" if name in self.model.novel else ""
            label = f"mean of {name}" if name in self.groups else name + mark
            pixels = [percent(score.object_pixels) for score in scores.values()]
            frame = [percent(score.ac) for score in scores.values()]
            pooled = self.model.pooled_ac(self.groups.get(name, (name,)))
            own = (percent(scores["model"].miou), percent(pooled))
            lines.append((label, str(objects), *pixels, percent(removed), *frame, *own))
        return lines

    def table(self) -> str:
        """Plain text for a terminal."""
        header = ("object pixels %", "objects", "model", "copy", "majority", "error removed")
        ac = ("AC model", "AC copy", "AC majority", "mIoU model", "AC (pooled)")
        return text_table((*header, *ac), self.lines())

    def to_dict(self) -> dict[str, Any]:
        """As plain types, for a results file."""
        removed = {name: self.error_removed(name) for name, *_ in self.rows()}
        return {**{name: scores.to_dict() for name, scores in self.contenders.items()}, "error_removed": removed}


def evaluate_parts(
    predict: PartPredictor,
    pairs: Sequence[PartPair],
    supports: SupportSet,
    train_pairs: Sequence[PartPair],
    novel: Sequence[str] = (),
    *,
    chunk: int = 64,
    progress: Callable[[int], None] | None = None,
) -> PartEvaluation:
    """Score a predictor, copy and majority on held-out objects.

    Args:
        predict: the model. It gets at most `chunk` objects in a call, of mixed categories.
        supports: for copy, and for majority in novel categories.
        novel: categories without part annotation in training.
        chunk: objects in a call of `predict`.
        progress: called with the number of objects since the last call, as `tqdm(...).update` is.
    Raises:
        ConfigError: no objects, or a basis category without a training pair.
        SupportError: a category without supports.
        ShapeMismatchError: `predict` gives another shape, or part ids outside 0..8.
    """
    _check_categories(pairs, supports, train_pairs, novel)
    categories = [pair.category for pair in pairs]
    shapes, true = torch.stack([pair.shape for pair in pairs]), torch.stack([pair.part_map for pair in pairs])
    model = _predict_in_chunks(predict, shapes, categories, chunk, progress)
    guesses = {"copy": torch.zeros_like(true), "majority": torch.zeros_like(true)}
    votes = _votes(train_pairs, supports, novel)
    for name in dict.fromkeys(categories):
        rows = torch.tensor([i for i, category in enumerate(categories) if category == name])
        guesses["copy"][rows] = copy_baseline(shapes[rows], supports.part_maps[name])
        guesses["majority"][rows] = majority_baseline(shapes[rows], votes[name])
    return PartEvaluation(
        model=score_parts(model.frame, true, shapes, categories, novel, inside=model.inside),
        of_objects=((model.inside == true) & shapes).double().sum((1, 2)) / shapes.double().sum((1, 2)),
        **{key: score_parts(guess, true, shapes, categories, novel) for key, guess in guesses.items()},
    )


def _check_categories(
    pairs: Sequence[PartPair], supports: SupportSet, train_pairs: Sequence[PartPair], novel: Sequence[str]
) -> None:
    if not pairs:
        raise ConfigError("no objects to evaluate parts on", found=0, mend="Give pairs of shape and part map.")
    asked = dict.fromkeys(pair.category for pair in pairs)
    supports.of(list(asked))  # raises SupportError for a category without supports
    untrained = [name for name in asked if name not in novel and all(pair.category != name for pair in train_pairs)]
    if untrained:
        what = "basis categories without a training pair"
        mend = "Train and evaluate with more scenes, so that some show them, or name them as novel."
        raise ConfigError(what, field="novel", found=", ".join(untrained), mend=mend)


def _votes(train_pairs: Sequence[PartPair], supports: SupportSet, novel: Sequence[str]) -> Mapping[str, Tensor]:
    """Part maps for the baseline majority, uint8 (m, s, s) by category."""
    names = dict.fromkeys(pair.category for pair in train_pairs if pair.category not in novel)
    trained = {name: torch.stack([pair.part_map for pair in train_pairs if pair.category == name]) for name in names}
    return {**supports.part_maps, **trained}  # a basis category without training pairs was refused before


def _predict_in_chunks(
    predict: PartPredictor,
    shapes: Tensor,
    categories: list[str],
    chunk: int,
    progress: Callable[[int], None] | None,
) -> PartGuess:
    answers = []
    for start in range(0, len(shapes), chunk):
        part = shapes[start : start + chunk]
        answer = predict(part[:, None].float(), categories[start : start + chunk])
        guess = answer if isinstance(answer, PartGuess) else PartGuess(answer, answer)
        for reading in guess:
            if reading.shape != part.shape:
                what = "the part predictor answers in another shape"
                raise ShapeMismatchError(what, found=tuple(reading.shape), expected=tuple(part.shape))
        answers.append(guess)
        if progress is not None:
            progress(len(part))
    return PartGuess(*(torch.cat([reading.cpu() for reading in readings]) for readings in zip(*answers, strict=True)))
