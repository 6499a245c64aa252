"""Maps and images as pictures of the same size. Sheets and pages scale them."""

import numpy as np
from jaxtyping import Bool, Float, Int32, Int64, Integer, UInt8
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ipose.data.palette import BARE, INK, NOTHING, PART_COLORS, instance_color, lookup
from ipose.errors import ShapeMismatchError
from ipose.images import image_uint8
from ipose.label_spec import LabelSpec
from ipose.part_annotations import PART_CHANNELS


def photo(image: UInt8[Tensor, "3 h w"] | Float[Tensor, "3 h w"]) -> Image.Image:
    """An image as a picture. Float images in [-1, 1] are clipped and rounded."""
    if image.is_floating_point():
        image = image_uint8(image.detach())
    return Image.fromarray(image.cpu().permute(1, 2, 0).contiguous().numpy())


def label_picture(label: Int64[Tensor, "h w"], spec: LabelSpec) -> Image.Image:
    """A label map in the spec's colours.

    Raises:
        ShapeMismatchError: a class id outside the spec.
    """
    if label.numel() and not 0 <= int(label.min()) <= int(label.max()) < spec.num_classes:
        raise ShapeMismatchError(
            f"class id outside spec {spec.name!r}",
            found=f"{int(label.min())}..{int(label.max())}",
            expected=f"0..{spec.num_classes - 1}",
        )
    return Image.fromarray(lookup(tuple(c.color for c in spec.classes))[label.cpu().numpy()])


def instance_picture(label: Int64[Tensor, "h w"], instance: Int32[Tensor, "h w"], spec: LabelSpec) -> Image.Image:
    """Each object (class and id of a thing class) in its own colour, with dark borders between objects. Stuff is no
    object: light grey.

    Colours follow the order of (class, id) in this picture; they mean nothing across pictures.
    """
    ids, classes = instance.cpu().numpy().astype(np.int64), label.cpu().numpy()
    thing = np.asarray([c.thing for c in spec.classes])[classes]
    thing &= ids >= (1000 if spec.instance_layout == "cityscapes" else 0)
    key = np.where(thing, classes * (1 << 32) + ids, -1)
    present, number = np.unique(key, return_inverse=True)
    first = int(present[0] == -1)  # 1 where there is stuff, which then stands first
    colors = (NOTHING,) * first + tuple(instance_color(i) for i in range(len(present) - first))
    picture = lookup(colors)[number.reshape(key.shape)]
    picture[_meets_another_object(key)] = INK
    return Image.fromarray(picture)


def part_picture(part: Integer[Tensor, "h w"], shape: Bool[Tensor, "h w"] | None = None) -> Image.Image:
    """A part map in the part colours. Pixels of the `shape` without a part are darker than the background.

    Raises:
        ShapeMismatchError: a part id outside 0..8.
    """
    ids = _part_ids(part)
    picture = lookup(PART_COLORS)[ids]
    if shape is not None:
        picture[shape.cpu().numpy() & (ids == 0)] = BARE
    return Image.fromarray(picture)


def part_overlay(image: Image.Image, part: Integer[Tensor, "h w"], opacity: float = 0.55) -> Image.Image:
    """The part colours on top of an image of the same size. Pixels without a part show the image.

    Raises:
        ShapeMismatchError: the two differ in size, or a part id outside 0..8.
    """
    ids = _part_ids(part)
    if image.size[::-1] != ids.shape:
        raise ShapeMismatchError("image and part map differ in size", found=ids.shape, expected=image.size[::-1])
    base = np.asarray(image.convert("RGB"), dtype=np.float64)
    alpha = opacity * (ids > 0)[..., None]
    return Image.fromarray(np.rint(base * (1 - alpha) + lookup(PART_COLORS)[ids] * alpha).astype(np.uint8))


def _part_ids(part: Tensor) -> NDArray[np.int64]:
    ids: NDArray[np.int64] = part.cpu().numpy().astype(np.int64)
    if ids.size and not 0 <= ids.min() <= ids.max() < PART_CHANNELS:
        raise ShapeMismatchError("part id out of range", found=f"{ids.min()}..{ids.max()}", expected="0..8")
    return ids


def _meets_another_object(key: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Object pixels whose right or lower neighbour belongs to another object. Stuff has key -1."""
    edge = np.zeros(key.shape, dtype=bool)
    edge[:, :-1] |= (key[:, :-1] != key[:, 1:]) & (key[:, :-1] >= 0) & (key[:, 1:] >= 0)
    edge[:-1] |= (key[:-1] != key[1:]) & (key[:-1] >= 0) & (key[1:] >= 0)
    return edge
