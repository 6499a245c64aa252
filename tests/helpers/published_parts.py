"""Small copies of the published part annotations, folder for folder and mode for mode, drawn by PartWorld.

What a source says is what PartWorld drew: a reader that is right gives back PartWorld's own part pairs, to the pixel.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ipose.data.part_pairs import pairs_from_scenes
from ipose.data.part_sources.merge_table import MergeTable, load_merge_table
from ipose.data.part_sources.release_tree import CATEGORY_NAMES
from ipose.part_annotations import PartPair
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.types import Scene

STREET = ("human", "car", "truck", "bus")
"""Categories of Cityscapes-PPS that PartWorld draws."""

SIDE = 80
"""Height and width of the scenes."""


def drawn_scenes(count: int, categories: Sequence[str], *, objects: int = 2, seed: int = 0) -> list[Scene]:
    """Scenes that hold nothing but these categories."""
    config = PartWorldConfig(
        seed=seed, count=count, size=(SIDE, SIDE), categories=tuple(categories), objects=(objects, objects)
    )
    return list(PartWorld(config))


def drawn_pairs(scenes: Iterable[Scene]) -> list[PartPair]:
    """The part pairs that a reader of these scenes, however they are written down, must give."""
    return pairs_from_scenes(scenes, PARTWORLD)


def panoptic_uids(scene: Scene, table: MergeTable) -> NDArray[np.int32]:
    """A scene in panoptic part ids; a part of ours is spread over all pids that make it, pixel by pixel.

    Stuff is class 7. Instance numbers are PartWorld's.
    """
    assert scene.part is not None
    uids = np.full(scene.size, 7, dtype=np.int32)
    place = np.add.outer(np.arange(scene.size[0]), np.arange(scene.size[1]))
    for item in scene.objects:
        source = next(c for c in table.classes.values() if c.category == item.part_category)
        own = (scene.label == item.class_id) & (scene.instance == item.instance_id)
        uids[own.numpy()] = source.sid * 1000 + item.instance_id
        for part in range(1, len(table.part_names[source.category]) + 1):
            pids = np.flatnonzero(table.lookup[source.sid] == part)
            pixels = (own & (scene.part == part)).numpy()
            uids[pixels] = source.sid * 100_000 + item.instance_id * 100 + pids[place[pixels] % len(pids)]
    return uids


def write_tiff(path: Path, ids: NDArray[Any], **options: Any) -> None:
    """A TIFF, in a folder that is made where it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(ids).save(path, **options)


def write_cityscapes_pps(root: Path) -> dict[str, list[Scene]]:
    """`gtFinePanopticParts/{train,val}/<city>/`, compressed as published; three scenes to train on, one to validate."""
    scenes = drawn_scenes(4, STREET)
    table = load_merge_table("cityscapes-pps")
    places = [("train", "aachen"), ("train", "aachen"), ("train", "bochum"), ("val", "frankfurt")]
    for number, ((split, city), scene) in enumerate(zip(places, scenes, strict=True)):
        folder = root / "gtFinePanopticParts" / split / city
        name = f"{city}_{number:06d}_000019_gtFinePanopticParts.tif"
        write_tiff(folder / name, panoptic_uids(scene, table), compression="tiff_lzw")
    (root / "README.txt").write_text("Cityscapes Panoptic Parts\n")
    return {"train": scenes[:3], "val": scenes[3:]}


def write_pascal_pps(root: Path, count: int = 10, categories: Sequence[str] = ("aeroplane", "cow", "human")) -> None:
    """`labels/{training,validation}/<year>_<number>.tif`; one scene each, in drawing order."""
    table = load_merge_table("pascal-pps")
    for number, scene in enumerate(drawn_scenes(count, categories)):
        folder = root / "labels" / ("validation" if number % 2 else "training")
        write_tiff(folder / f"2008_{number:06d}.tif", panoptic_uids(scene, table))


ANIMALS: Mapping[str, Sequence[str]] = {
    "dog": ("Quadruped Head", "Quadruped Body", "Quadruped Foot", "Quadruped Tail"),
    "bottle": ("Bottle Mouth", "Bottle Body"),
}
"""What PartImageNet calls PartWorld's parts of these categories."""


def write_partimagenet(root: Path) -> dict[str, list[Scene]]:
    """`annotations/{train,val}.json`, one object an image: run lengths, compressed and not, in turn."""
    names = [name for parts in ANIMALS.values() for name in parts]
    categories = [{"id": number, "name": name, "supercategory": name.split()[0]} for number, name in enumerate(names)]
    made = {}
    for split, count in (("train", 5), ("val", 2)):
        made[split] = drawn_scenes(count, tuple(ANIMALS), objects=1, seed=count)
        images, annotations = [], []
        for number, scene in enumerate(made[split]):
            images.append({"id": number, "file_name": f"n02_{number}.JPEG", "height": SIDE, "width": SIDE})
            annotations += [
                {"id": 10 * number + part_id, "image_id": number, "category_id": names.index(name), **shape}
                for part_id, name, shape in _part_shapes(scene, compressed=number % 2 == 0)
            ]
        path = root / "annotations" / f"{split}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return made


def _part_shapes(scene: Scene, *, compressed: bool) -> Iterable[tuple[int, str, dict[str, Any]]]:
    assert scene.part is not None
    (item,) = scene.objects
    for part_id, name in enumerate(ANIMALS[item.part_category or ""], start=1):
        pixels = scene.part == part_id
        if pixels.any():
            runs = compressed_runs(pixels) if compressed else {"size": list(scene.size), "counts": run_lengths(pixels)}
            yield part_id, name, {"segmentation": runs, "iscrowd": 0, "area": int(pixels.sum())}


def run_lengths(pixels: Tensor) -> list[int]:
    """COCO's uncompressed run lengths: column by column, first how many pixels are off, then on, ..."""
    flat = pixels.T.flatten().int()
    ends = torch.nonzero(flat[1:] != flat[:-1])[:, 0] + 1
    marks = torch.cat([torch.zeros(1).long(), ends, torch.tensor([len(flat)])])
    lengths: list[int] = (marks[1:] - marks[:-1]).tolist()
    return [0, *lengths] if flat[0] else lengths


def compressed_runs(pixels: Tensor) -> dict[str, Any]:
    """COCO's compressed run lengths, as they stand in a JSON."""
    from pycocotools import mask

    runs = mask.encode(np.asfortranarray(pixels.numpy().astype(np.uint8)))
    return {"size": list(runs["size"]), "counts": runs["counts"].decode()}


def write_release_tree(root: Path) -> dict[str, list[PartPair]]:
    """Numbered categories with shapes (0, 255) and part maps beside them, and `support_shape/{1,2}/<number>/`."""
    numbers = {"car": 26, "human": 15, "horse": 13}
    made = {"train": drawn_pairs(drawn_scenes(6, tuple(numbers))), "val": drawn_pairs(drawn_scenes(3, ("car",)))}
    for split, pairs in made.items():
        for count, pair in enumerate(pairs):
            folder = root / str(numbers[pair.category]) / split
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pair.shape.numpy().astype(np.uint8) * 255).save(folder / f"{count}_label.png")
            Image.fromarray(pair.part_map.numpy()).save(folder / f"{count}_part.png")
    lenders = {"car": 26, "human": 24, "horse": 13}  # 15 reads the supports of 24, 40 those of 13
    assert all(CATEGORY_NAMES[number] == category for category, number in lenders.items())
    for k in (1, 2):
        for category, lender in lenders.items():
            folder = root / "support_shape" / str(k) / str(lender)
            folder.mkdir(parents=True, exist_ok=True)
            for count, pair in enumerate([p for p in made["train"] if p.category == category][:k]):
                Image.fromarray(pair.part_map.numpy()).save(folder / f"{count}_part.png")
    return made
