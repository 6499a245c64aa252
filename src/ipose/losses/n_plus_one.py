"""(N+1)-class loss, a class-balanced loss: D labels every pixel with its class, or as fake (class 0 of C+1)."""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Int64
from torch import Tensor, nn

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.losses.precision import full_precision


def n_plus_one_loss(
    logits: Float[Tensor, "b c1 h w"],
    label: Int[Tensor, "b h w"] | None,
    target: Literal["real", "fake"],
    unknown: int | None = None,
) -> Float[Tensor, ""]:
    """Cross-entropy of the C+1 logits of each pixel, the mean over all pixels; at least in float32.

    Source: iPOSE sec. 3.3 (OASIS sec. 3.2). "real": the target is class label+1, times the class-balancing weight of
    the label (`class_weights`). It is for D on real images and for G. "fake": the target is class 0, without weights.
    It is for D on fakes.

    Args:
        logits: C+1 of them; 0 = fake, c+1 = class c.
        label: class ids 0..C-1. None is possible for "fake", which does not use it.
        target: "real" or "fake".
        unknown: class of pixels without annotation, which have weight 0 and no gradient. None = there is none.
    Raises:
        ConfigError: another target, or no label for "real".
        ShapeMismatchError: label and logits differ in size, or a label is no class.
    """
    with full_precision(logits) as (logits,):
        if target == "fake":
            fake = torch.zeros_like(logits[:, 0], dtype=torch.int64)
            return cross_entropy_map(logits, fake).mean()
        label = _checked(logits, label, target)
        weights = class_weights(label, logits.shape[1] - 1, unknown=unknown).to(logits.dtype)
        return (weights[label] * cross_entropy_map(logits, label + 1)).mean()


def cross_entropy_map(logits: Float[Tensor, "b c1 h w"], target: Int64[Tensor, "b h w"]) -> Float[Tensor, "b h w"]:
    """Cross-entropy of each pixel. Logits in channels-last memory are read as rows, which is faster."""
    if not logits.is_contiguous(memory_format=torch.channels_last):
        return F.cross_entropy(logits, target, reduction="none")
    rows = F.cross_entropy(logits.permute(0, 2, 3, 1).flatten(0, 2), target.flatten(), reduction="none")
    return rows.view_as(target)


def _checked(logits: Tensor, label: Tensor | None, target: str) -> Tensor:
    if target != "real":
        raise ConfigError(
            "no such target of the (N+1)-class loss", field="target", found=target, expected="real or fake"
        )
    if label is None:
        raise ConfigError("the (N+1)-class loss on real pixels needs their classes", field="label", found="None")
    if (logits.shape[0], *logits.shape[2:]) != tuple(label.shape):
        message = "label map and logits differ in size"
        raise ShapeMismatchError(message, found=tuple(label.shape), expected=(logits.shape[0], *logits.shape[2:]))
    return label.long()


class NPlusOneLoss(nn.Module):
    """`n_plus_one_loss` for a data set with a fixed unknown class, or none."""

    def __init__(self, unknown: int | None = None) -> None:
        super().__init__()
        self.unknown = unknown

    def forward(
        self,
        logits: Float[Tensor, "b c1 h w"],
        label: Int[Tensor, "b h w"] | None,
        target: Literal["real", "fake"],
    ) -> Float[Tensor, ""]:
        """`n_plus_one_loss` with this module's unknown class."""
        return n_plus_one_loss(logits, label, target, self.unknown)


def class_weights(label: Int[Tensor, "b h w"], num_classes: int, *, unknown: int | None = None) -> Float[Tensor, " c"]:
    """The weight of each class in this batch: pixels in the batch / (classes present * pixels of the class).

    Source: OASIS sec. 3.2, used by iPOSE sec. 3.3. So the weights of the pixels of each present class have the same
    sum. If no pixel is unknown, the mean weight of the pixels is 1.

    Args:
        label: class ids 0..num_classes-1.
        num_classes: C, including the unknown class.
        unknown: id of the class of pixels without annotation. It has weight 0 and is not counted as present, but its
            pixels count as pixels of the batch. None = there is none.
    Returns:
        float32, 0 for absent classes and for the unknown one.
    Raises:
        ShapeMismatchError: a class id is outside 0..num_classes-1.
    Example:
        >>> class_weights(torch.tensor([[[0, 1, 1, 1]]]), 3)
        tensor([2.0000, 0.6667, 0.0000])
    """
    if label.numel() and int(label.min()) < 0:
        raise _outside(int(label.min()), num_classes)
    pixels = torch.bincount(label.flatten(), minlength=num_classes)
    if len(pixels) > num_classes:
        raise _outside(len(pixels) - 1, num_classes)
    if unknown is not None:
        pixels[unknown] = 0
    present = pixels > 0
    balanced = label.numel() / (present.sum() * pixels).float()
    return torch.where(present, balanced, torch.zeros_like(balanced))


def _outside(found: int, num_classes: int) -> ShapeMismatchError:
    return ShapeMismatchError(
        "class id in a label map",
        found=found,
        expected=f"0..{num_classes - 1}",
        mend="Run ipose doctor on the data set, or check the number of classes.",
    )
