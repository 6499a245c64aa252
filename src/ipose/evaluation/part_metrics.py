"""Metrics of part maps: AC (the paper's accuracy over the frame), accuracy on object pixels, and part mIoU.

All three are computed from a confusion matrix of counts (rows: true part, columns: predicted part). Matrices of objects
are added. No number is a mean of means, except those called "macro".
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
        where: pixels to count; None = all pixels of the frame.
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
    """AC, the paper's metric: share of right pixels of the whole 64x64 frame, with background, over all objects.

    Source: iPOSE sec. 4.1 (argmax over all 9 channels), suppl. table 4. Pooled over all maps, as the release does.
    NaN without pixels.
    """
    return _share_right(part_confusion(predicted, true))


def object_pixel_accuracy(
    predicted: Integer[Tensor, "*n s1 s2"], true: Integer[Tensor, "*n s1 s2"], shapes: Bool[Tensor, "*n s1 s2"]
) -> Float[Tensor, ""]:
    """Share of right pixels inside the objects' shapes, over all objects together.

    Background does not count, as the shape shows it. 0 ("no part") is wrong on a pixel of a part. On an object pixel
    without an annotated part, only 0 is right.

    Args:
        predicted: part ids 0..8.
        true: part ids 0..8.
    """
    return _share_right(part_confusion(predicted, true, shapes))


def part_iou(confusion: Int64[Tensor, "q q"]) -> Float[Tensor, " q"]:
    """Intersection over union of each channel. NaN for a channel that is neither true nor predicted anywhere."""
    right = confusion.diagonal().double()
    return right / (confusion.sum(0) + confusion.sum(1) - right)


def part_miou(confusion: Int64[Tensor, "q q"]) -> Float[Tensor, ""]:
    """Mean IoU over the parts 1..8 that are true or predicted anywhere, without background."""
    return part_iou(confusion)[1:].nanmean()


def _share_right(confusion: Int64[Tensor, "q q"]) -> Float[Tensor, ""]:
    return confusion.diagonal().sum().double() / confusion.sum()


class PartScore(NamedTuple):
    """Three metrics in 0..1 (NaN without pixels)."""

    ac: float
    object_pixels: float
    miou: float


@dataclass(frozen=True, eq=False)
class CategoryCounts:
    """Counts of one category.

    Args:
        frame: confusion of all pixels of the frame, int64 (9, 9), rows = true.
        inside: confusion of the pixels inside the objects' shapes.
    """

    objects: int
    frame: Tensor
    inside: Tensor

    @property
    def score(self) -> PartScore:
        """The three metrics, over all pixels of the category together."""
        return PartScore(
            _share_right(self.frame).item(), _share_right(self.inside).item(), part_miou(self.frame).item()
        )


@dataclass(frozen=True, eq=False)
class PartScores:
    """Part metrics of a data set, by category.

    Args:
        novel: categories without part annotation in training. All others are basis.
    """

    counts: Mapping[str, CategoryCounts]
    novel: tuple[str, ...] = ()

    @property
    def basis(self) -> tuple[str, ...]:
        """Categories with part annotation in training."""
        return tuple(name for name in self.counts if name not in self.novel)

    def __getitem__(self, category: str) -> PartScore:
        if category not in self.counts:
            raise ConfigError(f"no scores for category {category!r}", expected=", ".join(self.counts) or "none at all")
        return self.counts[category].score

    def macro(self, categories: Iterable[str]) -> PartScore | None:
        """Mean of the categories' scores, all with the same weight. None if none of them was scored."""
        scores = [self.counts[name].score for name in categories if name in self.counts]
        return PartScore(*(fmean(column) for column in zip(*scores, strict=True))) if scores else None

    def groups(self) -> dict[str, PartScore]:
        """Macro means of "basis" and, if there are novel categories, "novel"."""
        means = {"basis": self.macro(self.basis), "novel": self.macro(self.novel)}
        return {name: score for name, score in means.items() if score is not None}

    def pooled_ac(self, categories: Iterable[str]) -> float | None:
        """AC (pooled): share of right pixels of the frames of all objects together, whatever their category.

        Source: the authors' release. `macro` weighs categories alike instead. None if no category was scored.
        """
        frames = [self.counts[name].frame for name in categories if name in self.counts]
        return _share_right(torch.stack(frames).sum(0)).item() if frames else None

    def pooled(self) -> dict[str, float]:
        """AC (pooled) of "basis" and, if there are novel categories, "novel"."""
        shares = {"basis": self.pooled_ac(self.basis), "novel": self.pooled_ac(self.novel)}
        return {name: share for name, share in shares.items() if share is not None}

    def to_dict(self) -> dict[str, Any]:
        """As plain types, for a results file."""
        categories = {
            name: {"objects": count.objects, "novel": name in self.novel, **count.score._asdict()}
            for name, count in self.counts.items()
        }
        macro = {name: score._asdict() for name, score in self.groups().items()}
        return {"categories": categories, "macro": macro, "ac_pooled": self.pooled()}


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
        predicted: part ids 0..8, for AC and mIoU.
        true: part ids 0..8.
        inside: part ids for the accuracy on object pixels; None = `predicted`.
    Raises:
        ShapeMismatchError: not one category for each object, or a part id outside 0..8.
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
