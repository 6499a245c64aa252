"""What a scene's maps must fulfil: each check takes arrays as read from the files and yields what is wrong.

The doctor lists all faults of all scenes; `check_scene` raises the first one of a scene.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ipose.data.faults import Fault
from ipose.data.published.maps import mistaken_instance_faults, mistaken_label_faults
from ipose.data.scene_files import SceneFiles
from ipose.images import size_in_words
from ipose.label_spec import LabelSpec
from ipose.part_annotations import PART_CHANNELS

Ids = NDArray[np.int32]

UNKNOWN_FILE_ID = 255
"""What data sets write where nobody annotated, even if their spec has no such class."""


MOST_IDS = 40
"""Maps of as many ids or fewer are not taken for photographs."""


def scene_faults(
    files: SceneFiles, arrays: Mapping[str, NDArray[Any]], spec: LabelSpec, part_names: Mapping[str, tuple[str, ...]]
) -> Iterator[Fault]:
    """What is wrong with a scene, by all checks that its arrays allow.

    Args:
        arrays: what could be read of them, by kind (`ipose.data.scene_maps.Arrays`).
        part_names: names of the parts by category; a category that is not named may have eight.
    """
    if "label" not in arrays:
        return
    label = arrays["label"]
    yield from size_faults(files, {kind: array.shape[:2] for kind, array in arrays.items()})
    mistaken = list(mistaken_label_faults(files, label, spec))
    if mistaken:  # it is another map: its ids need no check
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


def size_faults(files: SceneFiles, sizes: Mapping[str, tuple[int, int]]) -> Iterator[Fault]:
    """All files of a scene have one size: `sizes` holds (height, width) by kind, the label map's among them."""
    for kind, path in (("img", files.image), ("inst", files.instance), ("part", files.part)):
        if kind in sizes and sizes[kind] != sizes["label"]:
            expected = f"{size_in_words(*sizes['label'])} as {'/'.join(files.label.parts[-2:])}"
            turned = kind == "img" and sizes[kind] == sizes["label"][::-1]
            mend = "Turn the photograph as its maps are." if turned else "Resize neither: get the pair that fits."
            yield Fault(str(path), "sizes differ", size_in_words(*sizes[kind]), expected, mend)


def label_faults(files: SceneFiles, label: Ids, spec: LabelSpec) -> Iterator[Fault]:
    """Every id of the label map is an id of the spec."""
    known = {item.file_id for item in spec.classes}
    counts = np.bincount(label.reshape(-1), minlength=1)
    strangers = [int(i) for i in np.flatnonzero(counts) if i not in known]
    if UNKNOWN_FILE_ID in strangers and spec.unknown is None:
        strangers.remove(UNKNOWN_FILE_ID)
        message = f"unknown-id {UNKNOWN_FILE_ID} in the label map, and spec {spec.name!r} has no unknown class"
        mend = f"Add a class with id = {UNKNOWN_FILE_ID} to the spec and name it as unknown, or annotate the pixels."
        yield Fault(str(files.label), message, f"{counts[UNKNOWN_FILE_ID]} pixels", mend=mend)
    if strangers and _like_photograph(label):
        message, mend = "this looks like a greyscale photograph, not a label map", "Name the label map of this scene."
        found = f"{np.count_nonzero(counts)} grey values that change from pixel to pixel"
        yield Fault(str(files.label), message, found, "one class id per pixel, in regions of one id", mend)
    elif strangers:
        found = _some([f"{i} ({counts[i]} pixels)" for i in strangers])
        mend = "Add the class to the spec, choose the spec that fits, or repaint the pixels."
        yield Fault(str(files.label), f"label id outside spec {spec.name!r}", found, _ranges(sorted(known)), mend)


def _like_photograph(label: Ids) -> bool:
    """Whether the values are many, and many neighbours in a row differ. In label maps few do."""
    return len(np.unique(label)) > MOST_IDS and int(np.count_nonzero(np.diff(label))) > 0.3 * label.size


def instance_faults(files: SceneFiles, label: Ids, instance: Ids, spec: LabelSpec) -> Iterator[Fault]:
    """Instance ids obey the spec's layout; in "pairs" any id does.

    "cityscapes": on a thing, its label id * 1000 + number, or the label id alone (a group is no object); elsewhere any
    id < 1000.
    """
    if spec.instance_layout != "cityscapes":
        return
    things = np.zeros(256, dtype=bool)
    things[[item.file_id for item in spec.classes if item.thing]] = True
    of_its_class = (instance // 1000 == label) | (instance == label)
    wrong = np.where(things[label], ~of_its_class, instance >= 1000)
    if wrong.any():
        pairs = np.unique(np.stack([instance[wrong], label[wrong]]), axis=1).T
        found = _some([f"{i} on pixels of label id {c}" for i, c in pairs])
        expected = "label id * 1000 + number on things (or the label id: a group), less than 1000 elsewhere"
        mend = 'Renumber the instances, or set instance_layout = "pairs" in the spec.'
        message = "instance id that layout 'cityscapes' does not allow"
        yield Fault(str(files.instance), message, found, expected, mend)


def part_faults(
    files: SceneFiles, label: Ids, part: Ids, spec: LabelSpec, part_names: Mapping[str, tuple[str, ...]]
) -> Iterator[Fault]:
    """Part ids are 0..8, lie on classes with parts, and each category has as many as it has names."""
    if part.max(initial=0) >= PART_CHANNELS:
        found = _some([str(i) for i in np.unique(part[part >= PART_CHANNELS])])
        mend = "Merge parts until at most eight are left, and number them from 1."
        yield Fault(str(files.part), "part id outside 0..8", found, f"0 (no part) to {PART_CHANNELS - 1}", mend)
    parts_of = np.zeros(256, dtype=np.int64)  # how many parts a class has, by file id
    for item in spec.classes:
        if item.part_category is not None:
            parts_of[item.file_id] = len(part_names.get(item.part_category, range(PART_CHANNELS - 1)))
    outside = (part > 0) & (parts_of[label] == 0)
    if outside.any():
        found = f"{int(outside.sum())} on pixels of label id {_some([str(i) for i in np.unique(label[outside])])}"
        expected = "parts only on classes with a part_category"
        mend = "Erase them, repaint the label map, or give the class a part_category in the spec."
        yield Fault(str(files.part), "part pixels outside the objects", found, expected, mend)
    nameless = (part > parts_of[label]) & (part < PART_CHANNELS) & ~outside
    for file_id in np.unique(label[nameless]):
        category = next(item.part_category for item in spec.classes if item.file_id == file_id)
        message, mend = f"part id that category {category!r} does not have", "Name the part in the spec's [parts], or "
        found = _some([str(i) for i in np.unique(part[nameless & (label == file_id)])])
        yield Fault(str(files.part), message, found, f"0..{parts_of[file_id]}", mend + "repaint it.")


def _some(items: list[str], limit: int = 5) -> str:
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more


def _ranges(ids: list[int]) -> str:
    """[0, 1, 2, 255] as "0..2, 255"."""
    runs: list[list[int]] = []
    for number in ids:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][-1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}..{b}" for a, b in runs)
