"""COCO's two JSONs. Instances: polygons, run lengths, crowds; and parts: categories below another category of the file.
Panoptic, with PNGs: every pixel belongs to one segment, a thing or stuff.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ipose.data.file_lists import list_files
from ipose.data.importing.source import (
    ImportedClass,
    ImportItem,
    Photos,
    Region,
    by_size,
    classes_with_parts,
    numbered,
    scene_name,
)
from ipose.data.part_sources.coco_json import decode_segmentation, read_coco
from ipose.data.png import read_photo
from ipose.errors import DataError


class CocoInstances:
    """An export in COCO's form (CVAT, Label Studio, Roboflow, VGG's annotator, ... write it)."""

    kind = "COCO JSON"
    has_instances = True

    def __init__(self, file: Path, photos: Photos) -> None:
        self.file, self.ignored = file, Counter[str]()
        data = read_coco(file)
        self.classes, self._places = _classes(data["categories"], file)
        drawn: dict[Any, list[Any]] = defaultdict(list)
        for entry in data["annotations"]:
            drawn[entry.get("image_id")].append(entry)
        self.items = tuple(_items(data["images"], drawn, photos, self.ignored))

    def regions(self, item: ImportItem) -> Iterator[Region]:
        """Large ones first, parts last."""
        found = [self._region(entry, item) for entry in item.where]
        yield from by_size([region for region in found if region is not None])

    def _region(self, entry: Any, item: ImportItem) -> Region | None:
        place = self._places.get(entry.get("category_id"))
        if place is None:
            self.ignored["annotations of a category that the file does not list"] += 1
            return None
        if not entry.get("segmentation"):
            self.ignored["annotations without a segmentation (boxes or points alone)"] += 1
            return None
        try:
            pixels = decode_segmentation(entry["segmentation"], item.size)
        except DataError as error:
            self.ignored[f"annotations that cannot be read ({error.message})"] += 1
            return None
        return Region(place[0], pixels, place[1], bool(entry.get("iscrowd")))


def _classes(entries: list[Any], file: Path) -> tuple[tuple[ImportedClass, ...], dict[Any, tuple[int, int]]]:
    """The classes, and (file id, part id) of each category id."""
    names = {str(entry["name"]) for entry in entries}
    owner = {e["id"]: str(e.get("supercategory")) for e in entries if e.get("supercategory") in names - {e["name"]}}
    entries = sorted(entries, key=lambda entry: entry["id"])
    parts: dict[str, list[str]] = {str(entry["name"]): [] for entry in entries if entry["id"] not in owner}
    ids = numbered(list(parts), file)
    places = {entry["id"]: (ids[str(entry["name"])], 0) for entry in entries if entry["id"] not in owner}
    for entry in entries:
        category = owner.get(entry["id"])
        if category in parts:
            parts[category].append(str(entry["name"]))
            places[entry["id"]] = (ids[category], len(parts[category]))
    return classes_with_parts(parts, file), places


def _items(
    images: list[Any], drawn: dict[Any, list[Any]], photos: Photos, ignored: Counter[str]
) -> Iterator[ImportItem]:
    for entry in images:
        photo = photos.find(str(entry.get("file_name")))
        if photo is None:
            ignored["images of the JSON that are not in the folder"] += 1
        elif entry["id"] not in drawn:
            ignored["photographs without an annotation"] += 1
        else:
            size = int(entry["height"]), int(entry["width"])
            yield ImportItem(scene_name(str(entry["file_name"])), photo, size, drawn[entry["id"]])


class CocoPanoptic:
    """An export of panoptic segments.

    Args:
        file: the JSON. Its PNGs lie in the folder of its name, or in any other below its own folder.
    Raises:
        DataError: not such a JSON.
    """

    kind = "COCO panoptic JSON"
    has_instances = True

    def __init__(self, file: Path, photos: Photos) -> None:
        self.file, self.ignored = file, Counter[str]()
        data = read_coco(file)
        entries = sorted(data["categories"], key=lambda entry: entry["id"])
        ids = numbered([str(entry["name"]) for entry in entries], file)
        self._file_ids = {entry["id"]: ids[str(entry["name"])] for entry in entries}
        colors = [tuple(entry["color"]) if "color" in entry else None for entry in entries]
        self.classes = tuple(
            ImportedClass(str(entry["name"]), self._file_ids[entry["id"]], color, bool(entry.get("isthing", 1)))
            for entry, color in zip(entries, colors, strict=True)
        )
        images = {entry["id"]: entry for entry in data["images"]}
        self.items = tuple(self._items(data["annotations"], images, photos))

    def _items(self, annotations: list[Any], images: dict[Any, Any], photos: Photos) -> Iterator[ImportItem]:
        masks = {path.name: path for path in list_files(self.file.parent, (".png",), tell=False)}
        beside = self.file.with_suffix("")
        for entry in annotations:
            image = images[entry["image_id"]]
            photo, mask = photos.find(str(image["file_name"])), beside / entry["file_name"]
            mask = mask if mask.is_file() else masks.get(Path(entry["file_name"]).name, mask)
            if photo is None or not mask.is_file():
                self.ignored["images of the JSON whose photograph or PNG is not there"] += 1
                continue
            size = int(image["height"]), int(image["width"])
            yield ImportItem(scene_name(str(image["file_name"])), photo, size, (mask, entry["segments_info"]))

    def regions(self, item: ImportItem) -> Iterator[Region]:
        """The segments; they do not overlap."""
        mask, segments = item.where
        pixels = read_photo(mask).astype(np.int64)
        if pixels.shape[:2] != item.size:
            found, expected = f"{pixels.shape[:2]}", f"{item.size} as the JSON says"
            raise DataError("sizes differ", file=mask, found=found, expected=expected)
        numbers = pixels @ np.array([1, 256, 65536])
        known = {segment["id"] for segment in segments}
        self.ignored["segments of a PNG that the JSON does not list"] += len(set(np.unique(numbers)) - known - {0})
        for segment in segments:
            file_id = self._file_ids.get(segment["category_id"])
            if file_id is None:
                self.ignored["segments of a category that the file does not list"] += 1
            else:
                yield Region(file_id, numbers == segment["id"], crowd=bool(segment.get("iscrowd")))
