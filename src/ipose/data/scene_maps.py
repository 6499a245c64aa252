"""One scene, from its files to tensors: read, checked, ids brought to classes, resized."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import label as connected_components

from ipose.data.faults import Fault
from ipose.data.object_index import index_objects
from ipose.data.png import read_index, read_photo
from ipose.data.published.maps import (
    PUBLISHED_READERS,
    mistaken_instance_faults,
    mistaken_label_faults,
    published_instances,
)
from ipose.data.resizing import resize_ids, resize_photo
from ipose.data.scene_checks import instance_faults, label_faults, part_faults, size_faults
from ipose.data.scene_files import SceneFiles
from ipose.errors import DataError
from ipose.types import LabelSpec, Scene, SceneObject

Arrays = dict[str, NDArray[Any]]
"""What the files of a scene hold, by kind: "img" uint8 (H, W, 3); "label", "inst", "part" int32 (H, W), file ids."""

_READERS: Mapping[str, Callable[[Path], NDArray[Any]]] = {
    "label": read_index,
    "img": read_photo,
    "inst": partial(read_index, bits=16),
    "part": read_index,
}


def read_arrays(files: SceneFiles, *, photo: bool = True) -> tuple[Arrays, list[Fault]]:
    """Read all files of a scene; a file that cannot be read gives a fault and no array."""
    readers = {**_READERS, **PUBLISHED_READERS.get(files.layout, {})}
    arrays: Arrays = {}
    faults = []
    for kind, path in (("label", files.label), ("img", files.image), ("inst", files.instance), ("part", files.part)):
        if path is None or (kind == "img" and not photo):
            continue
        try:
            arrays[kind] = readers[kind](path)
        except DataError as error:
            faults.append(Fault.of(error, path))
    return arrays, faults


def scene_faults(
    files: SceneFiles, arrays: Arrays, spec: LabelSpec, part_names: Mapping[str, tuple[str, ...]]
) -> Iterator[Fault]:
    """All checks of `ipose.data.scene_checks` that the arrays which could be read allow."""
    if "label" not in arrays:
        return
    label = arrays["label"]
    yield from size_faults(files, {kind: array.shape[:2] for kind, array in arrays.items()})
    mistaken = list(mistaken_label_faults(files, label, spec))
    if mistaken:  # another map altogether: its ids need no further words
        yield from mistaken
        return
    strangers = list(label_faults(files, label, spec))
    yield from strangers
    if "inst" in arrays and arrays["inst"].shape == label.shape:
        yield from instance_faults(files, label, arrays["inst"], spec)
        if not strangers:
            yield from mistaken_instance_faults(files, label, arrays["inst"])
    if "part" in arrays and arrays["part"].shape == label.shape:
        yield from part_faults(files, label, arrays["part"], spec, part_names)


def load_scene(
    files: SceneFiles,
    spec: LabelSpec,
    size: tuple[int, int] | None = None,
    *,
    objects: tuple[SceneObject, ...] | None = None,
    photo: bool = True,
) -> Scene:
    """Read, check and resize one scene.

    Args:
        files: of the scene.
        spec: of its ids.
        size: (height, width) to resize to: the photograph bicubic with antialiasing, maps nearest. None = as it is.
        objects: the scene's objects at that size where they are known already; else they are found.
        photo: False leaves the photograph out.
    Raises:
        DataError: a file that cannot be read or breaks the spec (the first fault found).
    """
    arrays, faults = read_arrays(files, photo=photo)
    faults += scene_faults(files, arrays, spec, {})
    if faults:
        raise faults[0].error()
    label = class_ids(arrays["label"], spec)
    instance = instance_ids(files, arrays, label, spec)
    target = size or (label.shape[0], label.shape[1])
    label_map = torch.from_numpy(resize_ids(label, target))
    instance_map = torch.from_numpy(resize_ids(instance, target))
    if objects is None:
        original = (1, 1) if size is None else (label.shape[0], label.shape[1])
        objects = index_objects(label_map, instance_map, spec, original_size=original)
    image = torch.from_numpy(resize_photo(arrays["img"], target)).permute(2, 0, 1) if "img" in arrays else None
    part = torch.from_numpy(resize_ids(arrays["part"].astype(np.uint8), target)) if "part" in arrays else None
    return Scene(
        files.name, None if image is None else image.contiguous(), label_map, instance_map, objects, part
    )  # fmt: skip


def class_ids(file_ids: NDArray[np.int32], spec: LabelSpec) -> NDArray[np.int64]:
    """File ids (all of them in the spec) to class ids, the positions in the spec."""
    table = np.full(256, -1, dtype=np.int64)
    table[[item.file_id for item in spec.classes]] = np.arange(spec.num_classes)
    return table[file_ids]


def instance_ids(files: SceneFiles, arrays: Arrays, label: NDArray[np.int64], spec: LabelSpec) -> NDArray[np.int32]:
    """The instance map of a scene, whatever its files hold: given, or the connected pieces of thing classes.

    Args:
        files: of the scene.
        arrays: what they hold.
        label: its class ids.
        spec: of these.
    """
    if "inst" not in arrays:
        return component_instances(label, spec)
    if files.layout in PUBLISHED_READERS and spec.instance_layout == "pairs":
        return published_instances(arrays["inst"], arrays["label"])
    return arrays["inst"]


def component_instances(label: NDArray[np.int64], spec: LabelSpec) -> NDArray[np.int32]:
    """An instance map where the data set has none: connected pieces (corners count) of each thing class, numbered.

    Pieces of one object that something hides in the middle become two, and two that touch become one. Numbers run over
    all classes from 1 ("pairs") or are file id * 1000 + number ("cityscapes"); 0 elsewhere.
    """
    instance = np.zeros(label.shape, dtype=np.int32)
    count = 0
    for class_id in np.unique(label):
        item = spec.classes[class_id]
        if not item.thing:
            continue
        pieces, found = connected_components(label == class_id, structure=np.ones((3, 3)))
        if spec.instance_layout == "cityscapes":  # 999 numbers a class; further specks are no objects
            kept = (pieces > 0) & (pieces < 1000)
            instance[kept] = item.file_id * 1000 + pieces[kept]
        else:
            instance[pieces > 0] = count + pieces[pieces > 0]
        count += found
    return instance
