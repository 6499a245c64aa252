"""mIoU and pixel accuracy: whether a segmenter finds the classes of the label map in the generated image."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float64, Int64, Integer
from torch import Tensor

from ipose.errors import ConfigError, MissingDependencyError, ShapeMismatchError


class SemanticScores(NamedTuple):
    """Scores in 0..1 over a whole set.

    Args:
        miou: mean over the classes that are true or predicted somewhere, without ignored ones. NaN without classes.
        accuracy: share of right pixels.
        iou: of each class; NaN for ignored classes, and for classes that are neither true nor predicted.
        pixels: number of pixels that count.
    """

    miou: float
    accuracy: float
    iou: Float64[Tensor, " c"]
    pixels: int


def semantic_confusion(
    pairs: Iterable[tuple[Integer[Tensor, "_ _"], Integer[Tensor, "_ _"]]],
    num_classes: int,
) -> Int64[Tensor, "c c"]:
    """Count pixels by (true class, predicted class) over a whole set.

    Args:
        pairs: (predicted, true) class ids of each image, on the CPU.
        num_classes: ids are 0..num_classes - 1.
    Raises:
        ShapeMismatchError: maps of different sizes, or an id outside the classes.
        MissingDependencyError: torchmetrics is not installed.
    """
    try:
        from torchmetrics.classification import MulticlassConfusionMatrix
    except ImportError as error:
        raise MissingDependencyError(
            "mIoU needs torchmetrics, which is not installed", mend='Run pip install "ipose[metrics]".'
        ) from error
    matrix = MulticlassConfusionMatrix(num_classes, validate_args=False)
    for predicted, true in pairs:
        _check(predicted, true, num_classes)
        matrix.update(predicted.long()[None], true.long()[None])
    if not matrix.update_called:
        return torch.zeros(num_classes, num_classes, dtype=torch.int64)
    total: Tensor = matrix.compute()
    return total.long()


def semantic_scores(confusion: Int64[Tensor, "c c"], ignored_ids: Sequence[int] = ()) -> SemanticScores:
    """mIoU and pixel accuracy of a confusion matrix (rows: true class).

    Pixels of an ignored true class do not count, and the class has no IoU. Another pixel that is predicted as an
    ignored class is wrong.

    Raises:
        ConfigError: an ignored id is not a class.
    """
    if strangers := [i for i in ignored_ids if not 0 <= i < len(confusion)]:
        raise ConfigError("no such class to ignore", found=strangers, expected=f"0..{len(confusion) - 1}")
    confusion = confusion.clone()
    confusion[list(ignored_ids)] = 0
    right = confusion.diagonal().double()
    iou = right / (confusion.sum(0) + confusion.sum(1) - right)
    iou[list(ignored_ids)] = torch.nan
    pixels = int(confusion.sum())
    return SemanticScores(float(iou.nanmean()), float(right.sum() / pixels) if pixels else float("nan"), iou, pixels)


def _check(predicted: Tensor, true: Tensor, num_classes: int) -> None:
    if predicted.shape != true.shape:
        raise ShapeMismatchError(
            "predicted and true map differ in size", found=tuple(predicted.shape), expected=tuple(true.shape)
        )
    for name, ids in (("predicted", predicted), ("true", true)):
        if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < num_classes:
            found = f"{int(ids.min())}..{int(ids.max())}"
            raise ShapeMismatchError("class id out of range", field=name, found=found, expected=f"0..{num_classes - 1}")
