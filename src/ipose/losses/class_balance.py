"""Class balancing: rare classes weigh as much as common ones in the (N+1)-class loss."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ipose.errors import ShapeMismatchError


def class_weights(label: Int[Tensor, "b h w"], num_classes: int, *, unknown: int | None = None) -> Float[Tensor, " c"]:
    """The weight of each class in this batch: pixels in the batch / (classes present * pixels of the class).

    Source: OASIS sec. 3.2, used by iPOSE sec. 3.3. Every present class thus sums to the same total over its pixels,
    and where no pixel is unknown the weights average to 1 over the pixels.

    Args:
        label: class ids 0..num_classes-1.
        num_classes: C, the unknown class included.
        unknown: id of the class of pixels without annotation, or None; it weighs 0 and is not counted as present,
            though its pixels do count as pixels of the batch.
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
