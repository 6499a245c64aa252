"""How right a part map is: the paper's accuracy over the frame, accuracy on the object's own pixels, and part mIoU.

All three are read off a confusion matrix of counts (rows: true part, columns: predicted part), so that pooling objects
is adding matrices and no number is an average of averages unless it says "macro".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int64, Integer
from torch import Tensor

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.part_annotations import PART_CHANNELS


def part_confusion(
    predicted: Integer[Tensor, "*n s1 s2"],
    true: Integer[Tensor, "*n s1 s2"],
    where: Bool[Tensor, "*n s1 s2"] | None = None,
) -> Int64[Tensor, "q q"]:
    """Count pixels by (true part, predicted part) over all maps, 9 by 9.

    Args:
        predicted: part ids 0..8 (argmax over all part channels).
        true: part ids 0..8.
        where: the pixels to count; None counts the whole frame.
    Raises:
        ShapeMismatchError: a part id outside 0..8.
    """
    if where is not None:
        predicted, true = predicted[where], true[where]
    for name, ids in (("predicted", predicted), ("true", true)):
        if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < PART_CHANNELS:
            raise ShapeMismatchError(
                "part id out of range", field=name, found=f"{int(ids.min())}..{int(ids.max())}", expected="0..8"
            )
    pair = true.flatten().long() * PART_CHANNELS + predicted.flatten().long()
    return torch.bincount(pair, minlength=PART_CHANNELS**2).reshape(PART_CHANNELS, PART_CHANNELS)


def part_accuracy(predicted: Integer[Tensor, "*n s1 s2"], true: Integer[Tensor, "*n s1 s2"]) -> Float[Tensor, ""]:
    """AC, the paper's metric: the share of all pixels of the 64x64 frame with the right channel, background included.

    Source: iPOSE sec. 4.3 and suppl. table 4 (argmax over all 9 channels; facts section 5). NaN where nothing is given.
    """
    return _share_right(part_confusion(predicted, true))


def object_pixel_accuracy(
    predicted: Integer[Tensor, "*n s1 s2"], true: Integer[Tensor, "*n s1 s2"], shapes: Bool[Tensor, "*n s1 s2"]
) -> Float[Tensor, ""]:
    """The share of right pixels among those inside the objects' shapes, all objects pooled.

    The background, which the shape gives away, does not help. Predicting 0 ("no part") on a pixel of a part is wrong;
    on a pixel of the shape that no annotator assigned to a part, 0 is the only right answer.

    Args:
        predicted: part ids 0..8.
        true: part ids 0..8.
        shapes: the objects' silhouettes.
    """
    return _share_right(part_confusion(predicted, true, shapes))


def part_iou(confusion: Int64[Tensor, "q q"]) -> Float[Tensor, " q"]:
    """Intersection over union of every channel; NaN for a channel that is neither there nor predicted."""
    right = confusion.diagonal().double()
    return right / (confusion.sum(0) + confusion.sum(1) - right)


def part_miou(confusion: Int64[Tensor, "q q"]) -> Float[Tensor, ""]:
    """Mean IoU over the parts 1..8 that are annotated or predicted anywhere; the background channel is left out."""
    return part_iou(confusion)[1:].nanmean()


def _share_right(confusion: Int64[Tensor, "q q"]) -> Float[Tensor, ""]:
    return confusion.diagonal().sum().double() / confusion.sum()


class PartScore(NamedTuple):
    """Three shares in 0..1 (NaN where there is nothing to count)."""

    ac: float
    object_pixels: float
    miou: float


@dataclass(frozen=True, eq=False)
class CategoryCounts:
    """Everything the metrics of one category need.

    Args:
        objects: how many objects were counted.
        frame: confusion over all pixels of the frame, int64 (9, 9), rows = true.
        inside: confusion over the pixels of the objects' shapes.
    """

    objects: int
    frame: Tensor
    inside: Tensor

    @property
    def score(self) -> PartScore:
        """The three metrics, each pooled over the category's pixels."""
        return PartScore(
            _share_right(self.frame).item(), _share_right(self.inside).item(), part_miou(self.frame).item()
        )


@dataclass(frozen=True, eq=False)
class PartScores:
    """Part metrics of a data set, by category.

    Args:
        counts: per category, in the order of first appearance.
        novel: categories without part annotation in training; all others are basis.
    """

    counts: Mapping[str, CategoryCounts]
    novel: tuple[str, ...] = ()

    @property
    def basis(self) -> tuple[str, ...]:
        """Categories whose part maps the network was trained on."""
        return tuple(name for name in self.counts if name not in self.novel)

    def __getitem__(self, category: str) -> PartScore:
        if category not in self.counts:
            raise ConfigError(f"no scores for category {category!r}", expected=", ".join(self.counts) or "none at all")
        return self.counts[category].score

    def macro(self, categories: Iterable[str]) -> PartScore | None:
        """Plain mean of the categories' scores (each category weighs the same); None where none of them was scored."""
        scores = [self.counts[name].score for name in categories if name in self.counts]
        return PartScore(*(fmean(column) for column in zip(*scores, strict=True))) if scores else None

    def groups(self) -> dict[str, PartScore]:
        """The macro means: "basis" and, where there are novel categories, "novel"."""
        means = {"basis": self.macro(self.basis), "novel": self.macro(self.novel)}
        return {name: score for name, score in means.items() if score is not None}

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for a results file."""
        categories = {
            name: {"objects": count.objects, "novel": name in self.novel, **count.score._asdict()}
            for name, count in self.counts.items()
        }
        return {"categories": categories, "macro": {name: score._asdict() for name, score in self.groups().items()}}


def score_parts(
    predicted: Integer[Tensor, "n s s"],
    true: Integer[Tensor, "n s s"],
    shapes: Bool[Tensor, "n s s"],
    categories: Sequence[str],
    novel: Sequence[str] = (),
    *,
    inside: Integer[Tensor, "n s s"] | None = None,
) -> PartScores:
    """Score predicted part maps by category.

    Args:
        predicted: part ids 0..8, scored over the frame (AC, mIoU).
        true: part ids 0..8.
        shapes: the objects' silhouettes.
        categories: part category of each object.
        novel: categories that were not trained on.
        inside: part ids scored on the objects' pixels, from a predictor that knows them to be object; None = the same.
    Raises:
        ShapeMismatchError: not one category per object, or a part id outside 0..8.
    """
    if len(categories) != len(predicted):
        raise ShapeMismatchError("every object needs its category", found=len(categories), expected=len(predicted))
    counts = {}
    for name in dict.fromkeys(categories):
        rows = torch.tensor([i for i, category in enumerate(categories) if category == name], device=predicted.device)
        frame = part_confusion(predicted[rows], true[rows])
        objects = predicted if inside is None else inside
        counts[name] = CategoryCounts(len(rows), frame, part_confusion(objects[rows], true[rows], shapes[rows]))
    return PartScores(counts, tuple(novel))
