"""Object crops and their way back, literally: one object and one step at a time.

Source: iPOSE sec. 3.1 by the rule of the release. Slow, obviously right; for tests, contracts and benchmarks only.
"""

from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

Mode = Literal["bilinear", "nearest"]


class Place(NamedTuple):
    """Where one object lies: its crop in the image (ends exclusive) and its size with the photograph's aspect."""

    top: int
    bottom: int
    left: int
    right: int
    stretched_height: int
    stretched_width: int

    @property
    def pad_rows(self) -> int:
        """Zero rows above the stretched crop, and as many below."""
        return max(self.stretched_width - self.stretched_height, 0) // 2

    @property
    def pad_cols(self) -> int:
        """Zero columns left of the stretched crop, and as many right of it."""
        return max(self.stretched_height - self.stretched_width, 0) // 2


def even_range(low: int, high: int, side: int) -> tuple[int, int]:
    """Index time: an inclusive range whose high - low is even where the image lets it."""
    if (high - low) % 2 == 1:
        if high + 1 <= side:
            high = high + 1
        elif low - 1 >= 0:
            low = low - 1
    return low, high


def crop_range(low: int, high: int, side: int) -> tuple[int, int]:
    """Crop time: [low - 2, high + 2) clipped to the image, then an even length where the image lets it."""
    start, end = max(low - 2, 0), min(high + 2, side)
    if (end - start) % 2 == 1:
        if end + 1 <= side:
            end = end + 1
        elif start - 1 >= 0:
            start = start - 1
    return start, end


def place(
    box: tuple[int, int, int, int],
    original_size: tuple[int, int],
    image_size: tuple[int, int],
    *,
    release: bool = False,
) -> Place:
    """The crop of a box (min row, max row, min col, max col, inclusive) and its stretched size.

    `release`: the stretch is Ho : Wo whatever the image's size, else the ratio that undoes the squash to `image_size`.
    """
    top, bottom = crop_range(box[0], box[1], image_size[0])
    left, right = crop_range(box[2], box[3], image_size[1])
    height, width = bottom - top, right - left
    tall, wide = original_size
    if original_size != (1, 1) and not release:
        tall, wide = tall * image_size[1], wide * image_size[0]
    if tall > wide:
        height = height * tall // wide
    elif wide > tall:
        width = width * wide // tall
    return Place(top, bottom, left, right, height, width)


def resize(image: Float[Tensor, "c h w"], height: int, width: int, mode: Mode) -> Float[Tensor, "c height width"]:
    """To an explicit size; bilinear has align_corners off and no antialiasing."""
    corners = False if mode == "bilinear" else None
    return F.interpolate(image[None], size=(height, width), mode=mode, align_corners=corners)[0]


def crop(image: Float[Tensor, "c h w"], where: Place, crop_size: int, mode: Mode = "nearest") -> Float[Tensor, "c s s"]:
    """One crop: cut out, stretch, pad with zeros to a square, resize."""
    cut = image[:, where.top : where.bottom, where.left : where.right]
    stretched = resize(cut, where.stretched_height, where.stretched_width, mode)
    padded = F.pad(stretched, (where.pad_cols, where.pad_cols, where.pad_rows, where.pad_rows))
    return resize(padded, crop_size, crop_size, mode)


def paste(framed: Float[Tensor, "c s s"], where: Place, mode: Mode) -> Float[Tensor, "c h w"]:
    """One crop on its way back: to the square of the longer side, padding cut off, to the crop's size in the image."""
    side = max(where.stretched_height, where.stretched_width)
    square = resize(framed, side, side, mode)
    cut = square[:, where.pad_rows : side - where.pad_rows, where.pad_cols : side - where.pad_cols]
    return resize(cut, where.bottom - where.top, where.right - where.left, mode)


def crop_object_shapes(
    label: Int[Tensor, "b h w"],
    instance: Int[Tensor, "b h w"],
    objects: list[tuple[int, int, int, Place]],
    crop_size: int = 64,
) -> Float[Tensor, "n 1 s s"]:
    """Silhouettes; an object is (image index, class id, instance id, place)."""
    shapes = []
    for image, class_id, instance_id, where in objects:
        mask = ((label[image] == class_id) & (instance[image] == instance_id)).float()
        shapes.append(crop(mask[None], where, crop_size))
    return torch.stack(shapes)


def paste_objects(
    features: Float[Tensor, "n c s s"],
    masks: list[Float[Tensor, "h w"]],
    image_index: list[int],
    places: list[Place],
    batch_size: int,
    mode: Mode,
) -> Float[Tensor, "b c h w"]:
    """Features at each object's place where its mask (`pasted_shape` or its own pixels) is 1; a later object wins."""
    canvas = features.new_zeros(batch_size, features.shape[1], *masks[0].shape)
    for feature, mask, image, where in zip(features, masks, image_index, places, strict=True):
        pasted = paste(feature, where, mode)
        rows, cols = slice(where.top, where.bottom), slice(where.left, where.right)
        canvas[image, :, rows, cols] = torch.where(mask[rows, cols] == 1, pasted, canvas[image, :, rows, cols])
    return canvas


def pasted_shape(shape: Float[Tensor, "1 s s"], where: Place, image_size: tuple[int, int]) -> Float[Tensor, "h w"]:
    """The image pixels that one object writes by the release's rule: its 64x64 shape pasted back by nearest."""
    mask = shape.new_zeros(image_size)
    mask[where.top : where.bottom, where.left : where.right] = paste(shape, where, "nearest")[0]
    return mask
