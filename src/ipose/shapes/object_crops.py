"""Object crops: from the image plane to the square object frame (S x S), all objects of a batch at once.

Source: iPOSE sec. 3.1, by the rule of the release: the crop of `crop_geometry` is stretched to the photograph's aspect
(nearest), zero-padded to a square and resized to S x S (nearest). Here, both resizes and the padding are one look-up of
rows and one of columns. `ipose.reference.object_crops` does one object and one step at a time.
"""

from typing import Literal

import torch
from jaxtyping import Bool, Float, Int, Integer
from torch import Tensor

from ipose.part_annotations import CROP_SIZE
from ipose.shapes.crop_geometry import CropGeometry, crop_geometry, even_box, geometry_of_objects
from ipose.shapes.resampling import bilinear_taps, nearest_index, scatter_taps

__all__ = [
    "CropGeometry",
    "crop_geometry",
    "crop_images",
    "crop_maps",
    "crop_object_shapes",
    "even_box",
    "geometry_of_objects",
]

STYLE_CROP_SIZE = 128
"""Side of the image crops for the style loss and object FID (iPOSE sec. 4.1)."""


def crop_maps(
    maps: Integer[Tensor, "b h w"] | Bool[Tensor, "b h w"],
    image_index: Int[Tensor, " n"],
    geometry: CropGeometry,
    *,
    outside: int,
    crop_size: int = CROP_SIZE,
) -> Integer[Tensor, "n s s"] | Bool[Tensor, "n s s"]:
    """Crops of any map of ids, one for each object, by nearest neighbour. The dtype is the map's.

    Args:
        maps: one map of ids for each image.
        image_index: the image of each object.
        geometry: of the n objects.
        outside: the id for the zero padding. It must fit the dtype and have no other meaning.
        crop_size: side S of the object frame.
    """
    rows, row_inside = _nearest_positions(geometry, 0, crop_size)
    cols, col_inside = _nearest_positions(geometry, 1, crop_size)
    crops = maps[image_index[:, None, None], rows[:, :, None], cols[:, None, :]]
    return torch.where(row_inside[:, :, None] & col_inside[:, None, :], crops, outside).to(maps.dtype)


def crop_object_shapes(
    label: Int[Tensor, "b h w"],
    instance: Int[Tensor, "b h w"],
    class_ids: Int[Tensor, " n"],
    instance_ids: Int[Tensor, " n"],
    image_index: Int[Tensor, " n"],
    geometry: CropGeometry,
    *,
    crop_size: int = CROP_SIZE,
) -> Float[Tensor, "n 1 s s"]:
    """The silhouette of each object in its square frame: 1 where (label, instance) is the object's own pair, else 0.

    Args:
        label: class ids.
        instance: instance ids.
        class_ids: of each object.
        instance_ids: of each object.
        image_index: the image of each object.
        geometry: of the n objects.
        crop_size: side S of the object frame.
    Returns:
        float32, 0 or 1: PartNet's input.
    """
    # two look-ups of maps instead of one of n masks: memory does not grow with n * h * w
    labels = crop_maps(label, image_index, geometry, outside=-1, crop_size=crop_size)
    instances = crop_maps(instance, image_index, geometry, outside=-1, crop_size=crop_size)
    own = (labels == class_ids[:, None, None]) & (instances == instance_ids[:, None, None])
    return own[:, None].float()


def crop_images(
    images: Float[Tensor, "b c h w"],
    image_index: Int[Tensor, " n"],
    geometry: CropGeometry,
    *,
    crop_size: int = STYLE_CROP_SIZE,
    mode: Literal["bilinear", "nearest"] = "bilinear",
) -> Float[Tensor, "n c s s"]:
    """Crops of images with the photograph's aspect, zero-padded to a square, for the style loss of objects.

    Source: iPOSE sec. 3.3 (object-level style), sizes as released. Differentiable with respect to the images.

    Args:
        images: in [-1, 1]. The padding is 0, mid grey.
        image_index: the image of each object.
        geometry: of the n objects.
        crop_size: side of the square crops.
        mode: of both resizes. "nearest" shows the same pixels as `crop_maps`. "bilinear" has no antialiasing.
    """
    if mode == "nearest":
        rows, row_inside = _nearest_positions(geometry, 0, crop_size)
        cols, col_inside = _nearest_positions(geometry, 1, crop_size)
        crops = images.movedim(1, -1)[image_index[:, None, None], rows[:, :, None], cols[:, None, :]]
        return (crops * (row_inside[:, :, None, None] & col_inside[:, None, :, None])).movedim(-1, 1)
    # a crop is rows @ image @ columns^T, with the two resizes and the padding inside the matrices
    row_matrix, col_matrix = (_bilinear_matrix(geometry, axis, crop_size, images.dtype) for axis in (0, 1))
    return row_matrix[:, None] @ images[image_index] @ col_matrix[:, None].transpose(-2, -1)


def _nearest_positions(
    geometry: CropGeometry, axis: int, crop_size: int
) -> tuple[Int[Tensor, "n s"], Bool[Tensor, "n s"]]:
    """Image row (axis 0) or column (axis 1) of each position of the frame, and whether there is one."""
    size, stretched, padding = geometry.size[:, axis], geometry.stretched[:, axis], geometry.padding[:, axis]
    frame = torch.arange(crop_size, device=size.device).expand(size.shape[0], -1)
    padded = nearest_index(frame, stretched + 2 * padding, torch.full_like(size, crop_size))
    position = padded - padding[:, None]
    inside = (position >= 0) & (position < stretched[:, None])
    return geometry.start[:, axis, None] + nearest_index(position.clamp(min=0), size, stretched), inside


def _bilinear_matrix(
    geometry: CropGeometry, axis: int, crop_size: int, dtype: torch.dtype
) -> Float[Tensor, "n s side"]:
    """Weights of the image's rows (axis 0) or columns (axis 1) for each position of the frame."""
    size, stretched, padding = geometry.size[:, axis], geometry.stretched[:, axis], geometry.padding[:, axis]
    frame = torch.arange(crop_size, device=size.device).expand(size.shape[0], -1)
    padded, outer = bilinear_taps(frame, stretched + 2 * padding, torch.full_like(size, crop_size), dtype)
    position = padded.flatten(1) - padding[:, None]
    inside = (position >= 0) & (position < stretched[:, None])
    source, inner = bilinear_taps(position.clamp(min=0), size, stretched, dtype)
    weight = outer[..., None] * (inner * inside[..., None]).unflatten(1, (crop_size, 2))
    index = (source + geometry.start[:, axis, None, None]).unflatten(1, (crop_size, 2))
    return scatter_taps(index.flatten(2), weight.flatten(2), geometry.image_size[axis])
