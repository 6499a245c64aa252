"""What the maps of the published layouts hold: read with the modes that they are published in, and checked.

Instance maps of both layouts come out in one form: label id * 1000 + number where an object is, less elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ipose.data.faults import Fault
from ipose.data.object_index import NO_OBJECT, OTHER_LABEL
from ipose.data.png import read_index, read_photo
from ipose.data.published.layouts import ADE20K, CITYSCAPES
from ipose.data.scene_files import SceneFiles
from ipose.data.specs import load_spec
from ipose.errors import DataError
from ipose.label_spec import LabelSpec
from ipose.shapes.crop_geometry import even_box
from ipose.types import SceneObject

NUMBERS = 1000
"""Instance ids are label id * NUMBERS + number."""

TRAIN_IDS = {*range(19), 255}
"""The ids of Cityscapes' 19 evaluated classes, and of everything else."""


def read_greyscale_ids(path: Path, *, bits: int) -> NDArray[np.int32]:
    """The ids of a greyscale PNG of exactly so many bits, int32 (H, W): as published, and not stored anew."""
    ids = read_index(path, bits=bits)
    with Image.open(path) as image:
        mode = image.mode
    if mode == "P":
        what, expected = "palette PNG where greyscale is published", f"{bits}-bit greyscale ids"
        mend = "Get the published file again: a palette's indices need not be the ids."
        raise DataError(what, file=path, found="indices of colours", expected=expected, mend=mend)
    if bits == 16 and mode == "L":
        found, mend = "8-bit greyscale", "Get the published file again: ids from 1000 on do not fit into 8 bits."
        raise DataError("wrong bit depth", file=path, found=found, expected="16-bit greyscale", mend=mend)
    return ids


def read_ade20k_instances(path: Path) -> NDArray[np.int32]:
    """ADE20K's instance map: label id * 1000 + number on objects, 0 elsewhere; int32 (H, W)."""
    pixels = read_photo(path, upright=False)  # says what is wrong with a file that is no image
    with Image.open(path) as image:
        found = f"{image.format}, mode {image.mode}"
    if found != "PNG, mode RGB":
        expected = "an RGB PNG: instance class in the first channel, number in the second"
        mend = "Get annotations_instance again, and leave the files as they are."
        raise DataError("not an instance map of ADE20K", file=path, found=found, expected=expected, mend=mend)
    classes, numbers = pixels[..., 0].astype(np.int32), pixels[..., 1].astype(np.int32)
    table = ade20k_instance_classes()
    if classes.max(initial=0) >= len(table):
        mend = "Get annotations_instance again: this file counts its classes in another way."
        raise DataError("instance class outside 1..100", file=path, found=int(classes.max()), mend=mend)
    return np.where(classes > 0, table[classes] * NUMBERS + numbers, 0).astype(np.int32)


@cache
def ade20k_instance_classes() -> NDArray[np.int32]:
    """Label id of ADE20K's instance classes 1..100, int32 (101,): the things of the spec, in order. Entry 0 is 0."""
    return np.array([0, *(item.file_id for item in load_spec("ade20k").classes if item.thing)], dtype=np.int32)


_AS_STORED: Mapping[str, Callable[[Path], NDArray[Any]]] = {
    "img": partial(read_photo, upright=False),
    "label": partial(read_greyscale_ids, bits=8),
}
"""Published maps are of the stored pixels, so no photograph is turned."""

PUBLISHED_READERS: Mapping[str, Mapping[str, Callable[[Path], NDArray[Any]]]] = {
    CITYSCAPES: {**_AS_STORED, "inst": partial(read_greyscale_ids, bits=16)},
    ADE20K: {**_AS_STORED, "inst": read_ade20k_instances},
}
"""By layout and kind of file."""


def published_instances(numbers: NDArray[np.int32], label: NDArray[np.int32]) -> NDArray[np.int32]:
    """For specs of layout "pairs": an object's number at its own class's pixels, OTHER_LABEL - number at its other
    pixels, NO_OBJECT elsewhere.
    """
    number = numbers % NUMBERS
    of_object = np.where(numbers // NUMBERS == label, number, OTHER_LABEL - number)
    return np.where(numbers >= NUMBERS, of_object, NO_OBJECT).astype(np.int32)


def unlabelled_objects(
    numbers: NDArray[np.int32], objects: Sequence[SceneObject], spec: LabelSpec, original_size: tuple[int, int]
) -> tuple[SceneObject, ...]:
    """The objects that the instance map names, and of which the label map shows too little to be among `objects`.

    For specs of layout "pairs"; in "cityscapes" the two maps must agree. The release lists objects as the annotations
    name them, whatever the label map says.

    Args:
        numbers: label id * 1000 + number on objects.
        original_size: as in `SceneObject`.
    """
    things = {item.file_id: i for i, item in enumerate(spec.classes) if item.thing}
    known, found = {(item.class_id, item.instance_id) for item in objects}, []
    for number in np.unique(numbers[numbers >= NUMBERS]).tolist():
        class_id, instance_id = things.get(number // NUMBERS), number % NUMBERS
        if class_id is not None and (class_id, instance_id) not in known:
            rows, cols = (line.tolist() for line in np.nonzero(numbers == number))
            box = even_box(min(rows), max(rows), min(cols), max(cols), (numbers.shape[0], numbers.shape[1]))
            category = spec.classes[class_id].part_category
            found += [SceneObject(class_id, instance_id, category, box, original_size)] if box is not None else []
    return tuple(found)


def mistaken_label_faults(files: SceneFiles, label: NDArray[np.int32], spec: LabelSpec) -> Iterator[Fault]:
    """Train ids where label ids are expected, though every id is one of the spec.

    255 is what train ids write for everything that is not evaluated; published label ids have no pixels of it.
    """
    if files.layout != CITYSCAPES or spec.name != "cityscapes":
        return
    ids = set(np.flatnonzero(np.bincount(label.reshape(-1))).tolist())
    if 255 in ids and ids <= TRAIN_IDS:
        message, found = "train ids where label ids are expected", "only ids 0..18 and 255"
        mend = "Get gtFine again (train ids do not tell all classes apart), or name --spec cityscapes-trainids "
        mend += "with a scene folder."
        yield Fault(str(files.label), message, found, "label ids 0..33", mend)


def mistaken_instance_faults(
    files: SceneFiles, label: NDArray[np.int32], instance: NDArray[np.int32]
) -> Iterator[Fault]:
    """ADE20K's instances of another scene, or in another numbering: most object pixels lie on other classes.

    A few pixels may: the two maps overlap in their own ways.
    """
    if files.layout != ADE20K:
        return
    objects = instance >= NUMBERS
    agree = objects & (instance // NUMBERS == label)
    if 2 * agree.sum() < objects.sum():
        found = f"{int(agree.sum())} of {int(objects.sum())} object pixels lie on their class"
        mend = "Get both maps again, of one and the same scene."
        yield Fault(str(files.instance), "instance map that does not fit the label map", found, "most of them", mend)
