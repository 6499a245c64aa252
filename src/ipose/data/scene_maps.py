"""One scene, from its files to tensors: read, checked, ids brought to classes, resized.

`check_scene` is for files that nobody has checked, `read_scene` for those that it has let pass.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import label as connected_components

from ipose.data.faults import Fault
from ipose.data.object_index import index_objects
from ipose.data.png import image_size, read_index, read_photo
from ipose.data.published.maps import PUBLISHED_READERS, published_instances, unlabelled_objects
from ipose.data.scene_checks import scene_faults, size_faults
from ipose.data.scene_files import SceneFiles
from ipose.errors import DataError
from ipose.label_spec import LabelSpec
from ipose.types import Scene, SceneObject

Id = TypeVar("Id", bound=np.generic)

Arrays = dict[str, NDArray[Any]]
"""What the files of a scene hold, by kind: "img" uint8 (H, W, 3); "label", "inst", "part" int32 (H, W), file ids."""

_READERS: Mapping[str, Callable[[Path], NDArray[Any]]] = {
    "label": read_index,
    "img": read_photo,
    "inst": partial(read_index, bits=16),
    "part": read_index,
}


def read_arrays(files: SceneFiles) -> tuple[Arrays, list[Fault]]:
    """Read all files of a scene; a file that cannot be read gives a fault and no array."""
    readers = {**_READERS, **PUBLISHED_READERS.get(files.layout, {})}
    arrays: Arrays = {}
    faults = []
    for kind, path in (("label", files.label), ("img", files.image), ("inst", files.instance), ("part", files.part)):
        if path is None:
            continue
        try:
            arrays[kind] = readers[kind](path)
        except DataError as error:
            faults.append(Fault.of(error, path))
    return arrays, faults


def check_scene(files: SceneFiles, spec: LabelSpec, size: tuple[int, int] | None = None) -> Scene:
    """Read and check the maps of one scene; of its photograph, only the size is checked.

    Args:
        size: (height, width) to resize to, nearest. None = as it is.
    Returns:
        The scene with its objects, without its photograph.
    Raises:
        DataError: a file cannot be read or breaks the spec (the first fault).
    """
    arrays, faults = read_arrays(replace(files, image=None))
    faults += scene_faults(files, arrays, spec, {})
    if not faults and files.image is not None:
        size_of_photo = image_size(files.image, upright=files.layout not in PUBLISHED_READERS)
        faults += size_faults(files, {"label": arrays["label"].shape, "img": size_of_photo})
    if faults:
        raise faults[0].error()
    return _scene(files, arrays, spec, size)


def read_scene(
    files: SceneFiles, spec: LabelSpec, size: tuple[int, int] | None, objects: tuple[SceneObject, ...]
) -> Scene:
    """Read one scene that `check_scene` has let pass: nothing is checked again.

    Args:
        size: (height, width) to resize to: the photograph bicubic with antialiasing, maps nearest. None = as it is.
    Raises:
        DataError: a file cannot be read.
    """
    arrays, faults = read_arrays(files)
    if faults:
        raise faults[0].error()
    return _scene(files, arrays, spec, size, objects)


def _scene(
    files: SceneFiles,
    arrays: Arrays,
    spec: LabelSpec,
    size: tuple[int, int] | None,
    objects: tuple[SceneObject, ...] | None = None,
) -> Scene:
    """The tensors of a scene; its objects are found where they are not given."""
    label = class_ids(arrays["label"], spec)
    instance = instance_ids(files, arrays, label, spec)
    target = size or (label.shape[0], label.shape[1])
    label_map = torch.from_numpy(resize_ids(label, target))
    instance_map = torch.from_numpy(resize_ids(instance, target))
    original = (1, 1) if size is None else (label.shape[0], label.shape[1])
    if objects is None:
        objects = index_objects(label_map, instance_map, spec, original_size=original)
    unlabelled: tuple[SceneObject, ...] = ()
    if "inst" in arrays and _has_published_numbers(files, spec):
        unlabelled = unlabelled_objects(resize_ids(arrays["inst"], target), objects, spec, original)
    image = None
    if "img" in arrays:
        image = torch.from_numpy(resize_photo(arrays["img"], target)).permute(2, 0, 1).contiguous()
    part = torch.from_numpy(resize_ids(arrays["part"].astype(np.uint8), target)) if "part" in arrays else None
    return Scene(files.name, image, label_map, instance_map, objects, part, unlabelled)


def class_ids(file_ids: NDArray[np.int32], spec: LabelSpec) -> NDArray[np.int64]:
    """File ids (all of them in the spec) to class ids, the positions in the spec."""
    table = np.full(256, -1, dtype=np.int64)
    table[[item.file_id for item in spec.classes]] = np.arange(spec.num_classes)
    return table[file_ids]


def instance_ids(files: SceneFiles, arrays: Arrays, label: NDArray[np.int64], spec: LabelSpec) -> NDArray[np.int32]:
    """The instance map of a scene, whatever its files hold: given, or the connected pieces of thing classes."""
    if "inst" not in arrays:
        return component_instances(label, spec)
    numbered = _has_published_numbers(files, spec)
    return published_instances(arrays["inst"], arrays["label"]) if numbered else arrays["inst"]


def _has_published_numbers(files: SceneFiles, spec: LabelSpec) -> bool:
    """Whether the instance map holds label id * 1000 + number, and the spec asks for numbers alone."""
    return files.layout in PUBLISHED_READERS and spec.instance_layout == "pairs"


def component_instances(label: NDArray[np.int64], spec: LabelSpec) -> NDArray[np.int32]:
    """An instance map where the data set has none: each connected piece of a thing class is an object.

    Pixels that touch at a corner are connected. An object whose middle is hidden becomes two; two objects that touch
    become one. As in published maps, stuff has its label id (file id): so the map has edges between stuff regions, too.
    Objects are numbered over all classes from 1, without the ids of the stuff ("pairs"), or file id * 1000 + number
    ("cityscapes", where the 1000th piece and further ones of a class keep the label id, as groups do).
    """
    thing = np.array([item.thing for item in spec.classes])
    instance = np.array([item.file_id for item in spec.classes], dtype=np.int32)[label]
    stuff = set(instance[~thing[label]].tolist())
    numbers = (number for number in count(1) if number not in stuff)
    for class_id in np.unique(label[thing[label]]):
        pieces, found = connected_components(label == class_id, structure=np.ones((3, 3)))
        if spec.instance_layout == "cityscapes":
            first = spec.classes[class_id].file_id * 1000
            kept = (pieces > 0) & (pieces < 1000)
            instance[kept] = first + pieces[kept]
        else:
            table = np.array([0, *islice(numbers, found)], dtype=np.int32)
            instance[pieces > 0] = table[pieces[pieces > 0]]
    return instance


def resize_photo(photo: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Bicubic with antialiasing: (H, W, 3) to (h, w, 3)."""
    if photo.shape[:2] == size:
        return photo
    return np.array(Image.fromarray(photo).resize((size[1], size[0]), Image.Resampling.BICUBIC))


def resize_ids(ids: NDArray[Id], size: tuple[int, int]) -> NDArray[Id]:
    """Nearest by pixel centres, source = floor((target + 1/2) * in / out): maps stay in register with the photograph.

    Object crops inside the model pick floor(target * in / out) instead, which is the release's rule.
    """
    if ids.shape == size:
        return ids
    # in whole numbers: no rounding to worry about
    rows, cols = ((2 * np.arange(new) + 1) * old // (2 * new) for old, new in zip(ids.shape, size, strict=True))
    resized: NDArray[Id] = ids[rows[:, None], cols]
    return resized
