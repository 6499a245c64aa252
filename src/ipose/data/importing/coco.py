"""COCO's instance JSON: polygons, run lengths, crowds; and parts: categories below another category of the file."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipose.data.importing.photos import Photos
from ipose.data.importing.source import ImportedClass, ImportItem, Region, by_size, numbered, scene_name
from ipose.data.part_sources.coco_json import decode_segmentation
from ipose.errors import DataError

PARTS = 8


def read_json(file: Path) -> Any:
    """The content of a JSON file. Raises DataError where it is none."""
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError("not a JSON file", file=file, found=str(error)) from error


class CocoInstances:
    """An export in COCO's form (CVAT, Label Studio, Roboflow, VGG's annotator, ... write it).

    Args:
        file: the JSON.
        photos: where the photographs are.
    Raises:
        DataError: not such a JSON.
    """

    kind = "COCO JSON"
    has_instances = True

    def __init__(self, file: Path, photos: Photos) -> None:
        self.file, self.ignored = file, Counter[str]()
        data = read_json(file)
        for key in ("images", "annotations", "categories"):
            if not isinstance(data, dict) or not isinstance(data.get(key), list):
                raise DataError(f"no list {key!r}", file=file, expected="COCO's images, annotations, categories")
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
    wholes = [entry for entry in sorted(entries, key=lambda entry: entry["id"]) if entry["id"] not in owner]
    ids = numbered([str(entry["name"]) for entry in wholes], file)
    parts: dict[str, list[str]] = defaultdict(list)
    places = {entry["id"]: (ids[str(entry["name"])], 0) for entry in wholes}
    for entry in sorted(entries, key=lambda entry: entry["id"]):
        category = owner.get(entry["id"])
        if category in ids:
            parts[category].append(str(entry["name"]))
            places[entry["id"]] = (ids[category], len(parts[category]))
            if len(parts[category]) > PARTS:
                found, mend = ", ".join(parts[category]), "Merge some of them."
                raise DataError("more than eight parts", file=file, field=category, found=found, mend=mend)
    made = (ImportedClass(name, number, parts=tuple(parts[name])) for name, number in ids.items())
    return tuple(made), places


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
