"""Small copies of the published data sets, folder for folder and mode for mode, with scenes drawn for tests.

Everything that the downloads hold beside what is read (colours, polygons, train ids, test splits) is there too.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Ids = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class PublishedScene:
    """What was drawn: `label` in file ids; `objects`, the number of each object's pixels by (file id, number)."""

    name: str
    label: Ids
    objects: dict[tuple[int, int], int]


_STREET = ("train", "aachen", 0), ("train", "aachen", 1), ("train", "bochum", 0), ("val", "frankfurt", 0)


def write_cityscapes(root: Path, size: tuple[int, int] = (32, 64)) -> dict[str, list[PublishedScene]]:
    """Three training scenes in two cities and one for validation, as `leftImg8bit` and `gtFine` hold them.

    Each has two cars, a person, a rider on a bicycle, a caravan without parts, and a group of cars that is no object.
    """
    scenes: dict[str, list[PublishedScene]] = {"train": [], "val": []}
    for split, city, frame in _STREET:
        name = f"{city}_00000{frame}_000019"
        label, instance = _street(frame, size)
        photos, maps = root / "leftImg8bit" / split / city, root / "gtFine" / split / city
        _save(photos / f"{name}_leftImg8bit.png", _photo(label))
        _save(maps / f"{name}_gtFine_labelIds.png", label.astype(np.uint8))
        _save(maps / f"{name}_gtFine_instanceIds.png", instance.astype(np.uint16))
        _save(maps / f"{name}_gtFine_color.png", np.dstack([_photo(label), np.full(size, 255, dtype=np.uint8)]))
        _save(maps / f"{name}_gtFine_labelTrainIds.png", np.where(label == 7, 0, 255).astype(np.uint8))
        (maps / f"{name}_gtFine_polygons.json").write_text("{}")
        own = np.where(instance >= 1000, instance, 0)
        scenes[split].append(PublishedScene(name, label, _counts(own // 1000, own % 1000, own > 0)))
    test = root / "leftImg8bit" / "test" / "berlin"
    _save(test / "berlin_000000_000019_leftImg8bit.png", _photo(label))
    (root / "README").write_text("Cityscapes\n")
    return scenes


def _street(seed: int, size: tuple[int, int]) -> tuple[Ids, Ids]:
    label = np.full(size, 7, dtype=np.int32)  # road
    label[: size[0] // 2] = 23  # sky
    label[size[0] // 4 : size[0] // 2, ::3] = 11  # building
    label[-2:], label[:, :1] = 1, 3  # ego vehicle, out of roi
    instance = label.copy()
    group = 26
    for file_id, number, (row, col, height, width) in (
        (26, 26000, (14, 4, 8, 12)),
        (26, 26001, (18, 12 + seed, 8, 12)),
        (26, group, (16, 52, 4, 8)),
        (24, 24000, (10, 30, 14, 5)),
        (25, 25000, (8, 38, 9, 4)),
        (33, 33000, (15, 36, 8, 8)),
        (29, 29000, (12, 46, 6, 5)),
    ):
        label[row : row + height, col : col + width] = file_id
        instance[row : row + height, col : col + width] = number
    return label, instance


def write_ade20k(root: Path) -> dict[str, list[PublishedScene]]:
    """Two training scenes and one for validation, of sizes of their own, as the benchmark and its instances hold them.

    Each has two persons, a table and a chair as objects; a second chair that no instance tells of; and pixels that the
    label map gives to the table and the instance map to a person.
    """
    scenes: dict[str, list[PublishedScene]] = {"train": [], "val": []}
    room = (("train", "training", 1, (48, 40)), ("train", "training", 2, (36, 60)), ("val", "validation", 1, (40, 40)))
    for split, folder, number, size in room:
        name = f"ADE_{'train' if split == 'train' else 'val'}_{number:08d}"
        label, classes, numbers = _room(size)
        _save(root / "images" / folder / f"{name}.jpg", _photo(label))
        _save(root / "annotations" / folder / f"{name}.png", label.astype(np.uint8))
        pixels = np.stack([classes, numbers, np.zeros_like(classes)], axis=-1).astype(np.uint8)
        _save(root / "annotations_instance" / folder / f"{name}.png", pixels)
        own = (classes == 4) & (label == 13) | (classes == 6) & (label == 16) | (classes == 8) & (label == 20)
        scenes[split].append(PublishedScene(name, label, _counts(label, numbers, own)))
    (root / "objectInfo150.txt").write_text("Idx\tRatio\n")
    return scenes


def _room(size: tuple[int, int]) -> tuple[Ids, Ids, Ids]:
    """Label ids, instance classes, instance numbers."""
    label = np.full(size, 4, dtype=np.int32)  # floor
    label[: size[0] // 2], label[:2] = 1, 0  # wall, other
    classes, numbers = np.zeros_like(label), np.zeros_like(label)
    for file_id, instance_class, number, (row, col, height, width) in (
        (13, 4, 1, (8, 4, 20, 6)),
        (13, 4, 2, (10, 14, 20, 6)),
        (16, 6, 3, (20, 22, 10, 14)),
        (20, 8, 4, (6, 24, 8, 6)),
        (20, 0, 0, (6, 32, 8, 6)),
    ):
        area = np.s_[row : row + height, col : col + width]
        label[area], classes[area], numbers[area] = file_id, instance_class, number
    classes[20:22, 22:24], numbers[20:22, 22:24] = 4, 2  # a person's hand on the table
    return label, classes, numbers


def write_coco_stuff(root: Path) -> dict[str, list[PublishedScene]]:
    """Two training scenes and one for validation in SPADE's layout: {train,val}_{img,label,inst}.

    Things carry a running number from 0 on, whatever their class; stuff its label; nobody annotated the first row.
    """
    scenes: dict[str, list[PublishedScene]] = {"train": [], "val": []}
    for split, number, size in (("train", 9, (40, 48)), ("train", 25, (48, 36)), ("val", 139, (32, 48))):
        label = np.full(size, 123, dtype=np.int32)  # grass
        label[: size[0] // 3], label[:1] = 156, 255  # sky, nobody knows
        instance = label.copy()
        for count, (file_id, row, col) in enumerate([(0, 4, 4), (0, 10, 14), (23, 16, 22), (2, 20, 2)]):
            area = np.s_[row : row + 8, col : col + 9]
            label[area], instance[area] = file_id, count
        things = label < 91
        name = f"{number:012d}"
        _save(root / f"{split}_img" / f"{name}.jpg", _photo(label))
        _save(root / f"{split}_label" / f"{name}.png", label.astype(np.uint8))
        _save(root / f"{split}_inst" / f"{name}.png", instance.astype(np.uint8))
        scenes[split].append(PublishedScene(name, label, _counts(label, instance, things)))
    return scenes


def _counts(file_ids: Ids, numbers: Ids, where: NDArray[np.bool_]) -> dict[tuple[int, int], int]:
    pairs, counts = np.unique(np.stack([file_ids[where], numbers[where]]), axis=1, return_counts=True)
    return {(int(a), int(b)): int(count) for (a, b), count in zip(pairs.T, counts, strict=True)}


def _photo(label: Ids) -> NDArray[np.uint8]:
    """Some colour for each id."""
    return np.stack([label * 37 % 256, label * 91 % 256, label * 151 % 256], axis=-1).astype(np.uint8)


def _save(path: Path, pixels: NDArray[np.generic]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
