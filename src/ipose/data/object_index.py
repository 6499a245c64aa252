"""Which objects a scene has: every (class, instance id) pair of its maps, with the box that crops are taken from.

Boxes follow the even-side rule of iPOSE's crops (`ipose.shapes.crop_geometry.even_box`). The index of a whole data set
is kept in `ipose.data.index_cache`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Int32, Int64
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from torch import Tensor

from ipose.errors import ShapeMismatchError
from ipose.label_spec import LabelSpec
from ipose.shapes.crop_geometry import even_box
from ipose.types import SceneBatch, SceneObject

NO_OBJECT = -1
"""Instance id of thing pixels that belong to no object: crowds and groups whose objects are not told apart."""

OTHER_LABEL = -2
"""Instance ids from here down, OTHER_LABEL - id, are pixels of object `id` that the label map gives to another class.
They are no object where label and instance id make one, and the object's where the instance id alone does."""

_CLASS_SHIFT = 32  # key = class * 2**32 + instance id: sorts by class first, holds every int32 id >= 0


def index_objects(
    label: Int64[Tensor, "h w"],
    instance: Int32[Tensor, "h w"],
    spec: LabelSpec,
    *,
    original_size: tuple[int, int] = (1, 1),
) -> tuple[SceneObject, ...]:
    """The objects of a scene, in painting order: ascending by (class id, instance id).

    Source: iPOSE supplement A and the released loader (crop rule, step 1: the even-side box; objects whose box then
    spans less than two pixels are dropped).

    Args:
        label: class ids of the spec.
        instance: ids >= 0, or NO_OBJECT. What counts as an object depends on `spec.instance_layout`: "pairs" takes
            every pixel of a thing class, whatever its id >= 0; "cityscapes" only ids file_id * 1000 + number on pixels
            of that thing class.
        spec: says which classes are things and which part category serves them.
        original_size: (height, width) of the photograph before it was resized; (1, 1) = never stretched.
    Raises:
        ShapeMismatchError: the maps differ in size.
    """
    if label.shape != instance.shape:
        found, expected = tuple(instance.shape), tuple(label.shape)
        raise ShapeMismatchError("label and instance map differ in size", found=found, expected=expected)
    keys = object_keys(label.cpu().numpy(), instance.cpu().numpy(), spec)
    present, codes = distinct_keys(keys)
    outside = int((present < 0).sum())  # these come first
    present = present[outside:]
    places = find_objects(np.maximum(codes - outside + 1, 0))
    objects = []
    for key, place in zip(present.tolist(), places, strict=True):
        class_id, instance_id = key >> _CLASS_SHIFT, key & ((1 << _CLASS_SHIFT) - 1)
        if (box := even_box(*_extent(place), (keys.shape[0], keys.shape[1]))) is not None:
            category = spec.classes[class_id].part_category
            objects.append(SceneObject(class_id, instance_id, category, box, original_size))
    return tuple(objects)


def distinct_keys(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct keys of a map, ascending, and the place of each pixel's key among them.

    Pixels of equal keys lie side by side, so only the first one of each run is sorted: a fifth of the time.
    """
    flat = keys.reshape(-1)
    starts = np.flatnonzero(np.append(True, flat[1:] != flat[:-1])[: flat.size])
    present, codes = np.unique(flat[starts], return_inverse=True)
    return present, np.repeat(codes, np.diff(starts, append=flat.size)).reshape(keys.shape)


def reindex_objects(
    label: Int64[Tensor, "h w"], instance: Int32[Tensor, "h w"], objects: Sequence[SceneObject]
) -> tuple[SceneObject, ...]:
    """The same objects, in the same order, with the boxes that they have in these maps (a flipped scene's, say).

    Objects of which the maps show too little are left out, as in `index_objects`.
    """
    if not objects:
        return ()
    size = (label.shape[0], label.shape[1])
    keys = (label.cpu().numpy() << _CLASS_SHIFT) + instance.cpu().numpy()
    wanted = np.array([(item.class_id << _CLASS_SHIFT) + item.instance_id for item in objects], dtype=np.int64)
    order = np.argsort(wanted)
    codes = np.searchsorted(wanted, keys, sorter=order)
    own = np.append(wanted[order], -1)[codes] == keys
    places = find_objects(np.where(own, codes + 1, 0), max_label=len(objects))
    moved: list[SceneObject | None] = [None] * len(objects)
    for number, place in zip(order, places, strict=True):
        if place is not None:
            box = even_box(*_extent(place), size)
            moved[number] = None if box is None else replace(objects[number], box=box)
    return tuple(item for item in moved if item is not None)


def by_instance_alone(batch: SceneBatch) -> SceneBatch:
    """The batch as the release reads it: an object's pixels are those of its instance id, whatever the label map says.

    Boxes hold all these pixels. Several objects of one id come from an outline that reaches into a neighbour of another
    class: of them only the one with the most pixels of its own class stays. Objects that the label map does not show
    are there, too, where the data tell their class (`Scene.unlabelled`). The label map becomes 0, and the objects keep
    their class ids.
    """
    instance = torch.where(batch.instance <= OTHER_LABEL, OTHER_LABEL - batch.instance, batch.instance)
    objects: list[SceneObject] = []
    images: list[int] = []
    for image, (label, ids) in enumerate(zip(batch.label.cpu(), instance.cpu(), strict=True)):
        here = [item for item, index in zip(batch.objects, batch.image_index.tolist(), strict=True) if index == image]
        if batch.unlabelled and (more := batch.unlabelled[image]):
            here = sorted((*here, *more), key=lambda item: (item.class_id, item.instance_id))
        members = _largest_of_each_id(here, label, ids)
        alone = [replace(item, class_id=0) for item in members]
        boxes = {item.instance_id: item.box for item in reindex_objects(torch.zeros_like(label), ids, alone)}
        objects += [replace(item, box=boxes[item.instance_id]) for item in members if item.instance_id in boxes]
        images += [image] * (len(objects) - len(images))
    return replace(
        batch,
        label=torch.zeros_like(batch.label),
        instance=instance,
        objects=tuple(objects),
        image_index=torch.tensor(images, dtype=torch.int64, device=batch.image_index.device),
        unlabelled=(),
    )


def _largest_of_each_id(
    objects: Sequence[SceneObject], label: Int64[Tensor, "h w"], instance: Int32[Tensor, "h w"]
) -> list[SceneObject]:
    """Of the objects of one instance id, the one that most pixels are of; in the given order."""
    several = {number for number, count in Counter(item.instance_id for item in objects).items() if count > 1}
    areas = {
        item: int(((label == item.class_id) & (instance == item.instance_id)).sum())
        for item in objects
        if item.instance_id in several
    }
    largest = {number: max((i for i in areas if i.instance_id == number), key=areas.__getitem__) for number in several}
    return [item for item in objects if largest.get(item.instance_id, item) == item]


def object_keys(label: NDArray[np.int64], instance: NDArray[np.int32], spec: LabelSpec) -> NDArray[np.int64]:
    """One number per pixel, equal for the pixels of one object: class id * 2**32 + instance id; -1 = no object."""
    thing = np.array([item.thing for item in spec.classes])
    is_object = thing[label] & (instance >= 0)
    if spec.instance_layout == "cityscapes":
        file_id = np.array([item.file_id for item in spec.classes])
        is_object &= (instance >= 1000) & (instance // 1000 == file_id[label])
    return np.where(is_object, (label << _CLASS_SHIFT) + instance, np.int64(-1))


def _extent(place: Any) -> tuple[int, int, int, int]:
    rows, cols = place
    return rows.start, rows.stop - 1, cols.start, cols.stop - 1
