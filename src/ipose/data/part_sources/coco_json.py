"""What the categories of a COCO-style JSON say about parts: "Quadruped Head" is the part "head" of "quadruped"."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from ipose.errors import DataError, MissingDependencyError
from ipose.images import size_in_words
from ipose.part_annotations import PART_CHANNELS
from ipose.whole_files import read_json


def read_json_file(path: Path) -> Any:
    """The content of a JSON file. Raises DataError where it is none."""
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise DataError(f"not a JSON file ({error})", file=path, mend="Get it again.") from error


def read_coco(path: Path) -> dict[str, list[Any]]:
    """A JSON with COCO's lists: images, annotations, categories. Raises DataError for anything else."""
    table, keys = read_json_file(path), ("images", "annotations", "categories")
    if not isinstance(table, dict) or not all(isinstance(table.get(key), list) for key in keys):
        found = ", ".join(map(str, table)) if isinstance(table, dict) else type(table).__name__
        raise DataError("not COCO-style annotations", file=path, found=found[:80], expected=f"lists {', '.join(keys)}")
    return table


class Place(NamedTuple):
    """Where a source's part belongs: the category, the part's name and its id there, 1..8."""

    category: str
    part: str
    part_id: int


def part_vocabulary(categories: Sequence[Any], path: Path) -> dict[int, Place]:
    """The place of each category id; parts are numbered in order of id, a name's case means nothing.

    Args:
        categories: entries with `id`, `name` and, where a category's name has several words, `supercategory`.
    Raises:
        DataError: an entry without id or name; a name without part; a part twice; more than eight parts.
    """
    for entry in categories:
        if not isinstance(entry, dict) or type(entry.get("id")) is not int or not isinstance(entry.get("name"), str):
            raise DataError("category without id or name", file=path, field="categories", found=repr(entry)[:60])
    places: dict[int, Place] = {}
    names: dict[str, list[str]] = {}
    for entry in sorted(categories, key=lambda entry: entry["id"]):
        category, part = _take_apart(entry, path)
        parts = names.setdefault(category, [])
        if part in parts or entry["id"] in places:
            raise DataError("part twice", file=path, field="categories", found=entry["name"], expected="each once")
        parts.append(part)
        places[entry["id"]] = Place(category, part, len(parts))
        if len(parts) >= PART_CHANNELS:
            what, most = f"more parts than PartNet has channels, in {category!r}", f"at most {PART_CHANNELS - 1}"
            found, mend = ", ".join(parts), "Merge some of them."
            raise DataError(what, file=path, field="categories", found=found, expected=most, mend=mend)
    return places


def _take_apart(entry: dict[str, Any], path: Path) -> tuple[str, str]:
    name, above = entry["name"].strip().lower(), str(entry.get("supercategory") or "").strip().lower()
    category, part = (above, name[len(above) :]) if above and name.startswith(f"{above} ") else name.partition(" ")[::2]
    if not part.strip() or Path(category).name != category or category.startswith("."):
        what, found = "category that names no part", repr(entry["name"])
        expected = '"<category> <part>", such as "Quadruped Head"'
        raise DataError(what, file=path, field="categories", found=found, expected=expected, mend="Name it so.")
    return category, part.strip()


FARTHEST = 4
"""How far outside the image a polygon may reach, in sides of the image; drawing it takes time with the distance."""

EXPECTED = "polygons [[x, y, x, y, x, y, ...], ...] or run lengths {size, counts}"


def decode_segmentation(segmentation: Any, size: tuple[int, int]) -> Bool[ndarray, "h w"]:
    """The pixels of one annotation.

    Args:
        segmentation: a list of polygons, or run lengths (compressed or not), as in COCO's JSON.
    Raises:
        DataError: neither; or run lengths of another size.
        MissingDependencyError: pycocotools is not installed.
    """
    try:
        from pycocotools import mask
    except ImportError as error:
        what, mend = "reading COCO segmentations needs pycocotools", 'Install it: pip install "ipose[data]".'
        raise MissingDependencyError(what, mend=mend) from error
    if isinstance(segmentation, list) and segmentation:
        runs = mask.merge(mask.frPyObjects([_checked_polygon(points, size) for points in segmentation], *size))
    else:
        runs = mask.frPyObjects(_checked_runs(segmentation, size), *size)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # its arrays are NumPy 1's
        decoded: ndarray = np.asarray(mask.decode(runs), dtype=bool)
    return decoded


def run_lengths_of(counts: str) -> list[int]:
    """COCO's compressed run lengths as numbers.

    Six bits a character (from "0" on): five of a number, the lowest first, and whether more follow; the fifth of the
    last is its sign. From the fourth number on, what is written is the difference to the last but one.

    Raises:
        DataError: a character outside the code, or an unfinished number.
    """
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        bits = ord(character) - ord("0")
        if not 0 <= bits < 64:
            raise DataError("run lengths that cannot be decoded", found=repr(character), expected=EXPECTED)
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    if shift:
        raise DataError("run lengths that cannot be decoded", found=f"{_short(counts)}, cut off", expected=EXPECTED)
    return runs


def sound_segmentation(segmentation: Any, size: tuple[int, int]) -> tuple[Any, list[DataError]]:
    """What can be drawn of an annotation (None = nothing), and what is wrong with the rest of it.

    Published files have slips: a polygon of two points beside a good one.
    """
    sound: list[Any] = []
    faults: list[DataError] = []
    polygons = isinstance(segmentation, list) and bool(segmentation)
    for piece in segmentation if polygons else [segmentation]:
        try:
            sound.append(_checked_polygon(piece, size) if polygons else _checked_runs(piece, size))
        except DataError as error:
            faults.append(error)
    return (sound if polygons else sound[0]) if sound else None, faults


def _checked_polygon(points: Any, size: tuple[int, int]) -> list[int | float]:
    numbers = isinstance(points, list) and all(type(value) in (int, float) for value in points)
    if not numbers or len(points) < 6 or len(points) % 2:
        raise DataError("not a polygon", found=_short(points), expected=EXPECTED)
    if not all(abs(value) <= FARTHEST * max(size) for value in points):  # not for NaN, either
        expected = f"points in or near the image of {size_in_words(*size)} pixels"
        raise DataError("a polygon far outside its image", found=_short(points), expected=expected)
    return list(points)


def _checked_runs(segmentation: Any, size: tuple[int, int]) -> dict[str, Any]:
    counts = segmentation.get("counts") if isinstance(segmentation, dict) else None
    if not isinstance(counts, list | str):
        raise DataError("not a segmentation", found=_short(segmentation), expected=EXPECTED)
    if segmentation.get("size") != list(size):
        found, expected = segmentation.get("size"), f"[height, width] {list(size)}"
        raise DataError("run lengths of another size", found=found, expected=expected)
    runs = run_lengths_of(counts) if isinstance(counts, str) else counts
    if not all(type(run) is int and run >= 0 for run in runs) or sum(runs) != size[0] * size[1]:
        expected = f"{size[0] * size[1]} pixels"
        raise DataError("run lengths that do not fill the image", found=_short(counts), expected=expected)
    return {"size": list(size), "counts": runs}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "..."
