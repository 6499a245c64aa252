"""The place of an object and of the square around it. Cropping and pasting both use these numbers.

Source: iPOSE sec. 3.1 only says that objects are cropped and resized. The exact rule is the release's, because the
released networks were trained on its crops. This package has no other way to crop:

1. `even_box`, when the object index is built: the box of the object's pixels, with even sides. 2. `crop_geometry`, in
use: two pixels of context, clipped to the image; the size with the photograph's aspect; the zeros that make it a
square. 3. `ipose.shapes.object_crops` resizes that square to S x S. `ipose.shapes.object_pastes` goes back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from ipose.errors import ShapeMismatchError
from ipose.types import Box, SceneObject

CONTEXT_PX = 2
"""Pixels of context around an object's box. At the far end it is one less, because the end is exclusive."""

MIN_EXTENT = 2
"""An object is dropped if max - min is less than this, in rows or columns."""


def even_box(min_row: int, max_row: int, min_col: int, max_col: int, image_size: tuple[int, int]) -> Box | None:
    """The box of an object for the object index. None = the object is too small to crop.

    If max - min is odd: max + 1 if that is <= the image side, else min - 1 if that is >= 0. The comparison is the
    release's. max is inclusive, so an even box can end one row or column below the image; cropping clips it.

    Args:
        min_row: first row with a pixel of the object.
        max_row: last row (inclusive).
        min_col: first column.
        max_col: last column (inclusive).
        image_size: (height, width) of the map.
    Returns:
        the box. None = max - min < 2 in rows or columns.
    Example:
        >>> even_box(4, 9, 0, 8, image_size=(64, 64))
        Box(min_row=4, max_row=10, min_col=0, max_col=8)
    """
    rows = _even_range(min_row, max_row, image_size[0])
    cols = _even_range(min_col, max_col, image_size[1])
    if rows[1] - rows[0] < MIN_EXTENT or cols[1] - cols[0] < MIN_EXTENT:
        return None
    return Box(*rows, *cols)


def _even_range(low: int, high: int, side: int) -> tuple[int, int]:
    if (high - low) % 2 == 0:
        return low, high
    if high + 1 <= side:
        return low, high + 1
    return (low - 1, high) if low >= 1 else (low, high)


@dataclass(frozen=True, eq=False)
class CropGeometry:
    """The place of n objects and how their crops become squares. The last axis is (row, column).

    Args:
        start: int64 (n, 2), first row and column of the crop in the image.
        size: int64 (n, 2), height and width of the crop in the image.
        stretched: int64 (n, 2), height and width with the aspect of the photograph.
        padding: int64 (n, 2), zeros on each of the two sides of an axis. An odd difference has one zero less.
        image_size: (height, width) of the image plane.
    """

    start: Int[Tensor, "n 2"]
    size: Int[Tensor, "n 2"]
    stretched: Int[Tensor, "n 2"]
    padding: Int[Tensor, "n 2"]
    image_size: tuple[int, int]

    def __len__(self) -> int:
        return self.start.shape[0]

    @property
    def side(self) -> Int[Tensor, " n"]:
        """Side of the square around each stretched crop."""
        return self.stretched.amax(dim=1)

    @property
    def cut(self) -> Int[Tensor, "n 2"]:
        """Size of the square after a paste cuts off the padding: one more than `stretched` for odd differences.

        Source: measured on the release. Its crop pads both sides by the rounded half, and its paste cuts the same.
        """
        return self.side[:, None] - 2 * self.padding

    def to(self, device: torch.device | str) -> "CropGeometry":
        """The same geometry with its tensors on `device`."""
        return self._each(lambda tensor: tensor.to(device))

    def __getitem__(self, index: Tensor | slice) -> "CropGeometry":
        """The geometry of the objects in `index`, in its order."""
        return self._each(lambda tensor: tensor[index])

    def _each(self, change: Callable[[Tensor], Tensor]) -> "CropGeometry":
        return replace(
            self,
            start=change(self.start),
            size=change(self.size),
            stretched=change(self.stretched),
            padding=change(self.padding),
        )


def crop_geometry(
    boxes: Int[Tensor, "n 4"],
    original_size: Int[Tensor, "n 2"],
    image_size: tuple[int, int],
    *,
    stretch: Literal["photograph", "release"] = "photograph",
    context_px: int = CONTEXT_PX,
) -> CropGeometry:
    """Compute the crops of all objects: context, clipping, even sides, aspect, padding.

    Rows [min-2, max+2), clipped to the image. An odd side gets end+1 if <= the image side, else start-1 if >= 0. With
    original height Ho and width Wo the crop is stretched, never shrunk: Ho > Wo gives floor(height*Ho/Wo), Wo > Ho
    gives floor(width*Wo/Ho). The shorter side is padded by floor(difference/2) at both ends.

    Args:
        boxes: min row, max row, min col, max col of `even_box`, inclusive.
        original_size: (Ho, Wo) of the photograph before it was resized to `image_size`. (1, 1) = it was not resized.
        image_size: (height H, width W) of the image plane.
        stretch: "photograph" takes the ratio Ho*W : Wo*H, which restores the photograph's aspect whatever the image's
            size, and does nothing where the aspect was kept. The release squashes to squares only, where that ratio is
            its own, Ho : Wo; "release" takes Ho : Wo for every image size.
        context_px: image pixels around the box that the crop shows too; 0 for the release's style crops.
    Raises:
        ShapeMismatchError: a box without a pixel inside the image.
    """
    low, high = boxes[:, 0::2], boxes[:, 1::2]
    side = torch.tensor(image_size, device=boxes.device)
    start = (low - context_px).clamp(min=0)
    end = torch.minimum(high + context_px, side)
    exporting = torch.compiler.is_exporting()  # a program checks nothing
    if not exporting and bool(((start >= end) | (high < low)).any()):
        raise ShapeMismatchError(
            "a box has no pixel in the image",
            field="boxes",
            found=boxes[((start >= end) | (high < low)).any(dim=1)][0].tolist(),
            expected=f"min <= max inside {image_size[0]} x {image_size[1]}",
            mend="Build the object index from maps of this size.",
        )
    odd = (end - start) % 2 == 1
    grows = odd & (end + 1 <= side)
    start = torch.where(odd & ~grows & (start >= 1), start - 1, start)
    end = torch.where(grows, end + 1, end)
    size = end - start
    stretched = _stretch(size, original_size, image_size if stretch == "photograph" else (1, 1))
    padding = (stretched.amax(dim=1, keepdim=True) - stretched) // 2
    return CropGeometry(start, size, stretched, padding, image_size)


def _stretch(
    size: Int[Tensor, "n 2"], original_size: Int[Tensor, "n 2"], image_size: tuple[int, int]
) -> Int[Tensor, "n 2"]:
    """Sizes with the photograph's aspect: the shrunk axis grows by Ho*W : Wo*H (or its inverse), rounded down."""
    squashed = torch.tensor([image_size[1], image_size[0]], device=size.device)
    ratio = torch.where((original_size == 1).all(dim=1, keepdim=True), 1, original_size * squashed)
    return torch.where(ratio > ratio.flip(1), size * ratio // ratio.flip(1), size)


def geometry_of_objects(
    objects: Sequence[SceneObject], image_size: tuple[int, int], *, context_px: int = CONTEXT_PX
) -> CropGeometry:
    """`crop_geometry` of scene objects, on the CPU."""
    boxes = torch.tensor([item.box for item in objects], dtype=torch.int64).reshape(-1, 4)
    original = torch.tensor([item.original_size for item in objects], dtype=torch.int64).reshape(-1, 2)
    return crop_geometry(boxes, original, image_size, context_px=context_px)
