"""COCO's panoptic JSON with its PNGs: every pixel belongs to one segment, a thing or stuff."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ipose.data.file_lists import list_files
from ipose.data.importing.coco import read_json
from ipose.data.importing.photos import Photos
from ipose.data.importing.source import ImportedClass, ImportItem, Region, numbered, scene_name
from ipose.data.png import read_photo
from ipose.errors import DataError


class CocoPanoptic:
    """An export of panoptic segments.

    Args:
        file: the JSON. Its PNGs lie in the folder of its name, or in any other below its own folder.
        photos: where the photographs are.
    Raises:
        DataError: not such a JSON.
    """

    kind = "COCO panoptic JSON"
    has_instances = True

    def __init__(self, file: Path, photos: Photos) -> None:
        self.file, self.ignored = file, Counter[str]()
        data = read_json(file)
        entries = sorted(data["categories"], key=lambda entry: entry["id"])
        ids = numbered([str(entry["name"]) for entry in entries], file)
        self.classes = tuple(
            ImportedClass(
                str(entry["name"]),
                ids[str(entry["name"])],
                tuple(entry["color"]) if "color" in entry else None,
                bool(entry.get("isthing", 1)),
            )
            for entry in entries
        )
        self._file_ids = {entry["id"]: ids[str(entry["name"])] for entry in entries}
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
