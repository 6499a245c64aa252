"""LabelMe's JSON, one a photograph: polygons with a label. "flower/petal" is the part "petal" of a flower."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool
from numpy import ndarray
from PIL import Image, ImageDraw

from ipose.data.importing.source import ImportItem, Photos, Region, by_size, classes_with_parts, scene_name
from ipose.data.part_sources.coco_json import read_json_file
from ipose.data.png import image_size

SEPARATOR = "/"


class LabelMe:
    """A folder of LabelMe files.

    Raises:
        DataError: a file that is no JSON, or an object with more than eight parts.
    """

    kind = "LabelMe JSON"
    has_instances = True

    def __init__(self, files: list[Path], photos: Photos) -> None:
        self.ignored = Counter[str]()
        content = {file: read_json_file(file) for file in files}
        drawn = {file: [shape for shape in one["shapes"] if self._usable(shape)] for file, one in content.items()}
        parts: dict[str, list[str]] = defaultdict(list)
        for label in sorted({str(shape["label"]) for shapes in drawn.values() for shape in shapes}):
            whole, _, part = label.partition(SEPARATOR)
            parts[whole] += [part] if part else []
        self.classes = classes_with_parts(dict(sorted(parts.items())), files[0].parent)
        self._named = {item.name: item for item in self.classes}
        photographs = {file: str(one.get("imagePath") or "") for file, one in content.items()}
        self.items = tuple(self._items(drawn, photographs, photos))

    def _usable(self, shape: Any) -> bool:
        """Whether a shape has an area."""
        kind, points = shape.get("shape_type", "polygon"), shape.get("points", ())
        if kind not in ("polygon", "rectangle", "circle"):
            self.ignored[f"shapes of type {kind}, which have no area"] += 1
            return False
        if len(points) < (3 if kind == "polygon" else 2):
            self.ignored["shapes with too few points"] += 1
            return False
        return True

    def _items(self, drawn: dict[Path, list[Any]], named: dict[Path, str], photos: Photos) -> Iterator[ImportItem]:
        for file, shapes in drawn.items():
            photo = photos.find(named[file]) if named[file] else None
            photo = photo or next((p for p in photos.all if p.stem == file.stem and p.parent == file.parent), None)
            if photo is None:
                self.ignored["JSONs whose photograph is not there"] += 1
            elif not shapes:
                self.ignored["photographs without an annotation"] += 1
            else:
                yield ImportItem(scene_name(file.name), photo, image_size(photo), shapes)

    def regions(self, item: ImportItem) -> Iterator[Region]:
        """Large ones first, parts last."""
        yield from by_size([self._region(shape, item.size) for shape in item.where])

    def _region(self, shape: Any, size: tuple[int, int]) -> Region:
        whole, _, part = str(shape["label"]).partition(SEPARATOR)
        item = self._named[whole]
        return Region(item.file_id, _pixels(shape, size), item.parts.index(part) + 1 if part else 0)


def _pixels(shape: Any, size: tuple[int, int]) -> Bool[ndarray, "h w"]:
    canvas = Image.new("1", size[::-1])
    pen, points = ImageDraw.Draw(canvas), [tuple(map(float, point)) for point in shape["points"]]
    kind = shape.get("shape_type", "polygon")
    if kind == "polygon":
        pen.polygon(points, fill=1)
    elif kind == "rectangle":
        (x0, y0), (x1, y1) = points[:2]
        pen.rectangle((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), fill=1)
    else:
        (x, y), (edge_x, edge_y) = points[:2]
        radius = float(np.hypot(edge_x - x, edge_y - y))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    return np.array(canvas, dtype=bool)
