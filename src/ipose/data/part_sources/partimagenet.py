"""Part pairs from PartImageNet, or from any COCO-style JSON whose categories are named "<category> <part>".

Source: He et al., ECCV 2022. Each annotation is one part in one image; the object's shape is the union of its parts.
Super-categories ("Quadruped") become part categories, their parts ("Quadruped Head") the parts 1, 2, ... in order of
id. The `Seg` and the few-shot `OOD` edition split the same images differently: build them into folders of their own.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ipose.data.faults import Fault, raise_faults
from ipose.data.file_lists import PHOTO_ENDINGS, list_files
from ipose.data.object_index import index_objects
from ipose.data.part_pairs import pairs_from_scenes
from ipose.data.part_sources.coco_json import Place, decode_segmentation, part_vocabulary, read_coco, sound_segmentation
from ipose.data.part_sources.source import PartSource, SourceItem
from ipose.data.png import MOST_PIXELS
from ipose.errors import DataError
from ipose.images import size_in_words
from ipose.label_spec import LabelClass, LabelSpec
from ipose.part_annotations import PartPair
from ipose.types import Scene

PARTIMAGENET = "partimagenet"
JSON_SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class AnnotatedImage:
    """What the JSON says of one image.

    Args:
        name: path of the image, without its ending.
        parts: (annotation id, place of the part, segmentation) of each annotation.
    """

    name: str
    size: tuple[int, int]
    parts: tuple[tuple[Any, Place, Any], ...]


@dataclass(frozen=True)
class PartImageNetReader:
    """Draws the parts of one image and cuts the objects out.

    Args:
        categories: part categories, by number - 1.
    """

    categories: tuple[str, ...]

    @cached_property
    def spec(self) -> LabelSpec:
        """Class 0 is everything without parts; the categories follow."""
        names = enumerate(self.categories, start=1)
        things = (LabelClass(name, number, (0, 0, 0), True, name) for number, name in names)
        return LabelSpec(PARTIMAGENET, (LabelClass("everything else", 0, (0, 0, 0)), *things))

    def read(self, item: SourceItem) -> list[PartPair]:
        """See `ItemReader`."""
        try:
            return pairs_from_scenes([self.scene(item.payload)], self.spec)
        except DataError as error:
            raise Fault.of(error, item.name).error() from error

    def scene(self, image: AnnotatedImage) -> Scene:
        """All parts drawn, the large ones first: where two overlap, the smaller shows.

        Raises:
            DataError: a segmentation that cannot be decoded; says which annotation.
        """
        drawn = []
        for number, place, segmentation in image.parts:
            try:
                drawn.append((place, decode_segmentation(segmentation, image.size)))
            except DataError as error:
                field, found, expected = f"annotation {number}", error.found, error.expected
                mend = "Correct the annotation."
                raise DataError(error.message, field=field, found=found, expected=expected, mend=mend) from error
        label, part = np.zeros(image.size, dtype=np.int64), np.zeros(image.size, dtype=np.uint8)
        for place, pixels in sorted(drawn, key=lambda item: -int(item[1].sum())):
            label[pixels] = self.categories.index(place.category) + 1
            part[pixels] = place.part_id
        maps = torch.from_numpy(label), torch.zeros(image.size, dtype=torch.int32)
        return Scene(image.name, None, *maps, index_objects(*maps, self.spec), torch.from_numpy(part))


def open_partimagenet(root: Path) -> PartSource:
    """The annotated images of all splits: `train.json`, `val.json`, `test.json`, in any folders below `root`.

    An annotation or polygon at fault is dropped and listed (`PartSource.dropped`); the rest of its image is used.

    Raises:
        DataError: no such JSON, or two of one split; a damaged one; splits with different categories; no annotation
            without a fault.
    """
    files = find_annotations(root)
    places: dict[int, Place] = {}
    items: list[SourceItem] = []
    dropped: list[Fault] = []
    for split, path in files.items():
        table = read_coco(path)
        vocabulary = part_vocabulary(table["categories"], path)
        if places and vocabulary != places:
            raise DataError("splits with different part categories", file=path, mend="Take one edition's files.")
        places = vocabulary
        sound, faults = _items(table, places, split, path, path.relative_to(root).as_posix())
        if not sound:
            raise_faults(faults, f"annotations {path}")
        items += sound
        dropped += faults
    names: dict[str, list[str]] = defaultdict(list)
    for place in places.values():
        names[place.category].append(place.part)
    reader = PartImageNetReader(tuple(names))
    part_names = {key: tuple(parts) for key, parts in names.items()}
    return PartSource(PARTIMAGENET, root, part_names, tuple(items), reader, dropped=tuple(dropped))


def find_annotations(root: Path) -> dict[str, Path]:
    """The JSON of each split: named after it, or in a folder of that name."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in list_files(root, (".json",), beside=PHOTO_ENDINGS):
        split = path.stem if path.stem in JSON_SPLITS else path.parent.name
        if split in JSON_SPLITS:
            found[split].append(path)
    if not found:
        expected = "train.json, val.json or test.json, in any folders below"
        mend = "Unpack the published archive there, or check the path."
        raise DataError("no annotations of parts", file=root, expected=expected, mend=mend)
    for split, paths in found.items():
        if len(paths) > 1:
            names = ", ".join(path.relative_to(root).as_posix() for path in paths)
            mend = "Name the folder of one edition (Seg or OOD), or move the others away."
            what = f"several files of split {split!r}"
            raise DataError(what, file=root, found=names, expected="one edition", mend=mend)
    return {split: found[split][0] for split in JSON_SPLITS if split in found}


def _items(
    table: dict[str, list[Any]], places: Mapping[int, Place], split: str, path: Path, shown: str
) -> tuple[list[SourceItem], list[Fault]]:
    """One item an annotated image, and what had to be dropped; images without an annotation have no object."""
    faults: list[Fault] = []
    images = {entry["id"]: entry for entry in table["images"] if _is_image(entry, path, faults)}
    parts: dict[Any, list[tuple[Any, Place, Any]]] = defaultdict(list)
    for entry in table["annotations"]:
        fault = _annotation_fault(entry, images, places)
        if fault:
            faults.append(Fault(str(path), *fault))
        else:
            place, image = places[entry["category_id"]], images[entry["image_id"]]
            size = image["height"], image["width"]
            sound, wrong = sound_segmentation(entry.get("segmentation"), size)
            where = f"{shown}, image {image['file_name']}: annotation {entry.get('id')}"
            faults += [Fault.of(error, where) for error in wrong]
            if sound is not None:
                parts[entry["image_id"]].append((entry.get("id"), place, sound))
    return [_item(images[number], annotations, split, shown) for number, annotations in parts.items()], faults


def _item(entry: Mapping[str, Any], parts: Sequence[tuple[Any, Place, Any]], split: str, file: str) -> SourceItem:
    name = Path(entry["file_name"]).with_suffix("").as_posix()
    image = AnnotatedImage(name, (entry["height"], entry["width"]), tuple(parts))
    return SourceItem(f"{file}, image {entry['file_name']}", split, image)


def _is_image(entry: Any, path: Path, faults: list[Fault]) -> bool:
    kinds = {"id": int | str, "file_name": str, "height": int, "width": int}
    wrong = [key for key, kind in kinds.items() if not isinstance(entry, dict) or not isinstance(entry.get(key), kind)]
    if not wrong and not Path(entry["file_name"]).name.strip("."):
        wrong = ["a name in file_name"]
    if wrong:
        faults.append(Fault(str(path), "image entry without " + ", ".join(wrong), str(entry)[:60]))
    elif not 0 < entry["height"] * entry["width"] <= MOST_PIXELS or entry["height"] < 0:
        found, expected = size_in_words(entry["height"], entry["width"]), f"{MOST_PIXELS:,} pixels at most"
        faults.append(Fault(str(path), f"image {entry['file_name']} of an impossible size", found, expected))
        return False
    return not wrong


def _annotation_fault(
    entry: Any, images: Mapping[Any, Any], places: Mapping[int, Place]
) -> tuple[str, str, str, str] | None:
    ids = (entry.get("image_id"), entry.get("category_id")) if isinstance(entry, dict) else (None, None)
    if not all(isinstance(number, int | str) for number in ids):
        return "annotation without image_id or category_id", str(entry)[:60], "both", "Correct it."
    if entry["image_id"] not in images:
        return f"annotation {entry.get('id')} of no image", str(entry["image_id"]), "the id of an image", "Correct it."
    if entry["category_id"] not in places:
        known = f"one of the {len(places)} ids under categories"
        return f"annotation {entry.get('id')} of no category", str(entry["category_id"]), known, "Correct it."
    return None
