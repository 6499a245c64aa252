"""Boxes, owners and pastes of objects in a form whose sizes depend on no data, for exported programs.

`ipose.shapes.object_pastes` computes owned pixels only, and the number of these depends on the data. Here every pixel
of every object is computed. The result is the same.
"""

from typing import Literal

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from ipose.shapes.crop_geometry import CropGeometry
from ipose.shapes.object_pastes import NOBODY, bilinear_back, nearest_back


def even_boxes(masks: Bool[Tensor, "n h w"]) -> Int64[Tensor, "n 4"]:
    """`crop_geometry.even_box` of each mask: min row, max row, min column, max column. An empty mask: its first pixel.

    Objects that are too small to crop have max - min < 2 here, too; the caller leaves them out.
    """
    ends = []
    for axis in (2, 1):
        lines = masks.any(axis).long()
        low, high = lines.argmax(1), lines.shape[1] - 1 - lines.flip(1).argmax(1)
        high = torch.where(lines.any(1), high, low)
        ends += [low, high + (high - low) % 2]
    return torch.stack(ends, 1)


def box_pixels(geometry: CropGeometry) -> Bool[Tensor, "n h w"]:
    """The pixels of each crop box in the image plane."""
    rows, cols = (_positions(geometry, axis)[1] for axis in (0, 1))
    return rows[:, :, None] & cols[:, None, :]


def pasted_shapes(shapes: Float[Tensor, "n 1 s s"], geometry: CropGeometry) -> Bool[Tensor, "n h w"]:
    """The pixels that each object writes by the release's rule: where its pasted-back shape is 1."""
    rows, cols = (_frame_positions(geometry, axis, shapes.shape[-1]) for axis in (0, 1))
    item = torch.arange(shapes.shape[0], device=shapes.device)[:, None, None]
    return (shapes[item, 0, rows[:, :, None], cols[:, None, :]] > 0.5) & box_pixels(geometry)


def last_writer(
    written: Bool[Tensor, "n h w"], image_index: Int64[Tensor, " n"], images: int
) -> Int64[Tensor, "b h w"]:
    """The owner map of objects that write some pixels each: the last one of its image wins; `NOBODY` elsewhere."""
    number = torch.arange(written.shape[0], device=written.device)[:, None, None]
    claims = torch.where(written, number, NOBODY)
    nobody = claims.new_full((images, written.shape[1], written.shape[2]), NOBODY)
    return nobody.scatter_reduce(0, image_index[:, None, None].expand_as(claims), claims, "amax")


def paste_densely(
    features: Float[Tensor, "n c s s"],
    owner: Int64[Tensor, "b h w"],
    geometry: CropGeometry,
    *,
    mode: Literal["bilinear", "nearest"],
) -> Float[Tensor, "b c h w"]:
    """`object_pastes.paste_objects`: one look-up of the whole plane for each tap of the resizes (1 or 16)."""
    if features.shape[0] == 0:
        return features.new_zeros(owner.shape[0], features.shape[1], owner.shape[1], owner.shape[2])
    size, item = features.shape[-1], owner.clamp(min=0)
    (rows, row_weights), (cols, col_weights) = (
        _taps(item, geometry, axis, size, features.dtype, mode) for axis in (0, 1)
    )
    flat = features.permute(0, 2, 3, 1).flatten(0, 2)
    weights = row_weights * (owner != NOBODY)[..., None].to(features.dtype)
    plane: Tensor | float = 0.0
    for i in range(rows.shape[-1]):
        for j in range(cols.shape[-1]):
            place = (item * size + rows[..., i]) * size + cols[..., j]
            plane = plane + flat[place] * (weights[..., i] * col_weights[..., j])[..., None]
    assert isinstance(plane, Tensor)
    return plane.permute(0, 3, 1, 2)


def _positions(geometry: CropGeometry, axis: int) -> tuple[Int64[Tensor, "n side"], Bool[Tensor, "n side"]]:
    """The row (axis 0) or column (axis 1) in each object's box for each one of the image, and whether there is one."""
    start, size = geometry.start[:, axis, None], geometry.size[:, axis, None]
    position = torch.arange(geometry.image_size[axis], device=start.device) - start
    return position.clamp(min=0), (position >= 0) & (position < size)


def _frame_positions(geometry: CropGeometry, axis: int, size: int) -> Int64[Tensor, "n side"]:
    """The frame's row or column at each row or column of the image."""
    return nearest_back(geometry, axis, size).gather(1, _positions(geometry, axis)[0])


def _taps(
    item: Int64[Tensor, "b h w"], geometry: CropGeometry, axis: int, size: int, dtype: torch.dtype, mode: str
) -> tuple[Int64[Tensor, "b h w t"], Float[Tensor, "b h w t"]]:
    """The frame's rows or columns that each pixel of the plane reads of its object, and their weights."""
    shape = (1, -1, 1) if axis == 0 else (1, 1, -1)
    line = torch.arange(geometry.image_size[axis], device=item.device).view(shape)
    position = (line - geometry.start[item, axis]).clamp(min=0)
    if mode == "nearest":
        index = nearest_back(geometry, axis, size)[..., None]
        weight = torch.ones_like(index, dtype=dtype)
    else:
        index, weight = bilinear_back(geometry, axis, size, dtype)
    return index[item, position], weight[item, position].to(dtype)
