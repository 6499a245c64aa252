"""Object pastes: from the square object frame (S x S) back to the image plane, all objects of a batch at once.

Source: iPOSE sec. 3.1 (composed part features), by the rule of the release: the frame is resized to the padded square,
the padding is cut off, and the rest is resized to the crop's size in the image. Features are resized bilinearly, logits
and shapes by nearest neighbour. There are two steps here. An *owner map* says which object writes each pixel. Then only
owned pixels are computed, so the memory is that of the result for any number of objects. `ipose.reference.object_crops`
is the literal version.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Int64
from torch import Tensor

from ipose.errors import ShapeMismatchError
from ipose.shapes.crop_geometry import CropGeometry
from ipose.shapes.resampling import bilinear_taps, nearest_index

NOBODY = -1
"""Entry of an owner map: no object writes this pixel."""


def pasted_shape_owner(
    shapes: Float[Tensor, "n 1 s s"], image_index: Int[Tensor, " n"], geometry: CropGeometry, batch_size: int
) -> Int64[Tensor, "b h w"]:
    """The object that writes each pixel, by the release's rule: where its pasted-back S x S shape is 1. The last object
    wins.

    The edge can differ by a pixel from the instance map and can lie outside the object.

    Args:
        shapes: silhouettes of `crop_object_shapes`, 0 or 1.
        image_index: the image of each object.
        geometry: of the n objects, in painting order.
        batch_size: number of images.
    Returns:
        for each pixel, the position of its object among the n, or `NOBODY`.
    """
    size = shapes.shape[-1]
    item, row, col = _box_pixels(geometry)
    frame_row = nearest_back(geometry, 0, size)[item, row]
    frame_col = nearest_back(geometry, 1, size)[item, col]
    written = shapes[item, 0, frame_row, frame_col] > 0.5
    return _last_writer(item[written], row[written], col[written], image_index, geometry, batch_size)


def own_pixel_owner(
    label: Int[Tensor, "b h w"],
    instance: Int[Tensor, "b h w"],
    class_ids: Int[Tensor, " n"],
    instance_ids: Int[Tensor, " n"],
    image_index: Int[Tensor, " n"],
    geometry: CropGeometry,
) -> Int64[Tensor, "b h w"]:
    """The object that writes each pixel, if objects write exactly their own pixels (`paste="own_pixels"`).

    Args:
        label: class ids.
        instance: instance ids.
        class_ids: of each object.
        instance_ids: of each object.
        image_index: the image of each object.
        geometry: of the n objects. Nothing is written outside an object's crop.
    Returns:
        for each pixel, the position of its object among the n, or `NOBODY`.
    """
    item, row, col = _box_pixels(geometry)
    place = image_index[item], row + geometry.start[item, 0], col + geometry.start[item, 1]
    own = (label[place] == class_ids[item]) & (instance[place] == instance_ids[item])
    return _last_writer(item[own], row[own], col[own], image_index, geometry, label.shape[0])


def paste_objects(
    features: Float[Tensor, "n c s s"],
    owner: Int64[Tensor, "b h w"],
    geometry: CropGeometry,
    *,
    mode: Literal["bilinear", "nearest"],
) -> Float[Tensor, "b c h w"]:
    """Maps of objects at their places in the image plane, 0 where no object writes.

    Differentiable with respect to the features.

    Args:
        features: in the object frame: part features (bilinear), part logits (nearest), or others.
        owner: of `pasted_shape_owner` or `own_pixel_owner`. Features and logits can share it.
        geometry: of the n objects.
        mode: of both resizes: "bilinear" (align_corners off) or "nearest".
    Returns:
        channels last in memory on a CPU (use `reshape`, not `view`), contiguous on a GPU.
    Raises:
        ShapeMismatchError: features or owner map of another batch than the geometry.
    """
    channels, size = features.shape[1], features.shape[-1]
    images, height, width = owner.shape
    if len(features) != len(geometry) or (height, width) != geometry.image_size:
        raise ShapeMismatchError(
            "features, owner map and geometry are not of one batch",
            found=f"{len(features)} objects and an owner map of {height} x {width}",
            expected=f"{len(geometry)} objects in {geometry.image_size[0]} x {geometry.image_size[1]}",
        )
    pixel = (owner.flatten() != NOBODY).nonzero().squeeze(1)
    if not len(pixel):
        return features.new_zeros(images, channels, height, width)
    item = owner.flatten()[pixel]
    row = pixel // width % height - geometry.start[item, 0]
    col = pixel % width - geometry.start[item, 1]
    taps = _bilinear_back if mode == "bilinear" else _single_tap_back
    row_index, row_weight = (table[item, row] for table in taps(geometry, 0, size, features.dtype))
    col_index, col_weight = (table[item, col] for table in taps(geometry, 1, size, features.dtype))
    weight = row_weight[:, :, None] * col_weight[:, None, :]
    index = (item[:, None, None] * size + row_index[:, :, None]) * size + col_index[:, None, :]
    # a bag of taps for each pixel of the plane, empty where nobody writes: the result is the only large tensor made
    used = weight != 0
    taps_of_pixel = torch.zeros_like(owner).flatten().index_copy(0, pixel, used.sum((1, 2)))
    plane = F.embedding_bag(
        index[used],
        features.permute(0, 2, 3, 1).reshape(-1, channels),
        offsets=taps_of_pixel.cumsum(0) - taps_of_pixel,
        mode="sum",
        per_sample_weights=weight[used].to(features.dtype),
    )
    plane = plane.view(images, height, width, channels).permute(0, 3, 1, 2)
    # on a CPU turning the axes in memory would cost more than all of the above; convolutions take either order
    return plane.contiguous() if plane.is_cuda else plane


def _box_pixels(geometry: CropGeometry) -> tuple[Int64[Tensor, " p"], Int64[Tensor, " p"], Int64[Tensor, " p"]]:
    """For every pixel of every crop box: its object, and its row and column inside the box."""
    area = geometry.size.prod(dim=1)
    item = torch.arange(len(geometry), device=area.device).repeat_interleave(area)
    first = area.cumsum(0) - area
    number = torch.arange(item.shape[0], device=area.device) - first[item]
    width = geometry.size[item, 1]
    return item, number // width, number % width


def _last_writer(
    item: Int64[Tensor, " p"],
    row: Int64[Tensor, " p"],
    col: Int64[Tensor, " p"],
    image_index: Int[Tensor, " n"],
    geometry: CropGeometry,
    batch_size: int,
) -> Int64[Tensor, "b h w"]:
    """The owner map of objects that each write some pixels of their boxes. Later objects overwrite earlier ones."""
    height, width = geometry.image_size
    row, col = row + geometry.start[item, 0], col + geometry.start[item, 1]
    pixel = (image_index[item] * height + row) * width + col
    nobody = torch.full((batch_size * height * width,), NOBODY, device=item.device)
    return nobody.scatter_reduce(0, pixel, item, "amax").view(batch_size, height, width)


def nearest_back(geometry: CropGeometry, axis: int, size: int) -> Int64[Tensor, "n side"]:
    """The frame row (axis 0) or column (axis 1) at each position of an object's box, by nearest neighbour."""
    box, square = geometry.size[:, axis], geometry.side
    position = torch.arange(geometry.image_size[axis], device=box.device).expand(box.shape[0], -1)
    inside = nearest_index(position, geometry.cut[:, axis], box)
    return nearest_index(inside + geometry.padding[:, axis, None], torch.full_like(box, size), square)


def _single_tap_back(
    geometry: CropGeometry, axis: int, size: int, dtype: torch.dtype
) -> tuple[Int64[Tensor, "n side 1"], Float[Tensor, "n side 1"]]:
    index = nearest_back(geometry, axis, size)[..., None]
    return index, torch.ones_like(index, dtype=dtype)


def _bilinear_back(
    geometry: CropGeometry, axis: int, size: int, dtype: torch.dtype
) -> tuple[Int64[Tensor, "n side t"], Float[Tensor, "n side t"]]:
    """`bilinear_back` without taps that no object needs: an axis that was not stretched has no second resize."""
    index, weight = bilinear_back(geometry, axis, size, dtype)
    needed = weight.flatten(0, 1).any(dim=0)
    return index[..., needed], weight[..., needed]


def bilinear_back(
    geometry: CropGeometry, axis: int, size: int, dtype: torch.dtype
) -> tuple[Int64[Tensor, "n side 4"], Float[Tensor, "n side 4"]]:
    """The frame rows or columns for each position of an object's box, and their weights. Two resizes in one."""
    dtype = dtype if dtype == torch.float64 else torch.float32
    box, square = geometry.size[:, axis], geometry.side
    position = torch.arange(geometry.image_size[axis], device=box.device).expand(box.shape[0], -1)
    inside, inner = bilinear_taps(position, geometry.cut[:, axis], box, dtype)
    on_square = inside.flatten(1) + geometry.padding[:, axis, None]
    index, outer = bilinear_taps(on_square, torch.full_like(box, size), square, dtype)
    weight = (inner.flatten(1)[..., None] * outer).unflatten(1, (-1, 2)).flatten(2)
    return index.unflatten(1, (-1, 2)).flatten(2), weight
