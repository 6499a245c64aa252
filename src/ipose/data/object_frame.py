"""One object alone: from a shape or part map of any size to the object frame, by the crop rule of scenes."""

import torch
from jaxtyping import Bool, UInt8
from torch import Tensor

from ipose.errors import EmptyShapeError
from ipose.shapes.crop_geometry import crop_geometry, even_box
from ipose.shapes.object_crops import crop_maps
from ipose.types import CROP_SIZE


def to_object_frame(
    shape: Bool[Tensor, "h w"], part_map: UInt8[Tensor, "h w"]
) -> tuple[Bool[Tensor, "s s"], UInt8[Tensor, "s s"]]:
    """Crop an object drawn on a canvas of any size, and bring it to 64 x 64 (nearest), as objects of scenes are.

    A canvas of 64 x 64 is taken to be the object frame already and stays as it is.

    Raises:
        EmptyShapeError: the shape spans less than three pixels in rows or columns.
    """
    if shape.shape == (CROP_SIZE, CROP_SIZE):
        return shape, part_map
    return cut_to_object_frame(shape, part_map)


def cut_to_object_frame(
    shape: Bool[Tensor, "h w"], part_map: UInt8[Tensor, "h w"]
) -> tuple[Bool[Tensor, "s s"], UInt8[Tensor, "s s"]]:
    """Crop an object out of a picture, whatever the picture's size, and bring it to 64 x 64 (nearest).

    Raises:
        EmptyShapeError: the shape spans less than three pixels in rows or columns.
    """
    rows, cols = torch.nonzero(shape.any(1))[:, 0], torch.nonzero(shape.any(0))[:, 0]
    height, width = shape.shape
    box = None
    if len(rows):
        box = even_box(int(rows[0]), int(rows[-1]), int(cols[0]), int(cols[-1]), (height, width))
    if box is None:
        raise EmptyShapeError(
            "no object to crop", found=f"{int(shape.sum())} object pixels", expected="an object of at least 3x3 pixels"
        )
    geometry = crop_geometry(torch.tensor([box]), torch.tensor([[1, 1]]), (height, width))
    index = torch.zeros(1, dtype=torch.int64)
    cropped = crop_maps(torch.where(shape, part_map, 255)[None], index, geometry, outside=255)[0]
    return cropped != 255, torch.where(cropped == 255, 0, cropped).to(torch.uint8)
