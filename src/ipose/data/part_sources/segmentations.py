"""COCO segmentations to masks: polygons or run lengths, checked before the C code of pycocotools sees them."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from ipose.errors import DataError, MissingDependencyError

EXPECTED = "polygons [[x, y, x, y, x, y, ...], ...] or run lengths {size, counts}"


def decode_segmentation(segmentation: Any, size: tuple[int, int]) -> Bool[ndarray, "h w"]:
    """The pixels of one annotation.

    Args:
        segmentation: a list of polygons, or run lengths (compressed or not), as in COCO's JSON.
        size: (height, width) of the image.
    Raises:
        DataError: neither; or run lengths of another size.
        MissingDependencyError: pycocotools is not installed.
    """
    try:
        from pycocotools import mask
    except ImportError as error:
        raise MissingDependencyError(
            "reading COCO segmentations needs pycocotools", mend='Install it: pip install "ipose[data]".'
        ) from error
    if isinstance(segmentation, list):
        _check_polygons(segmentation)
        runs = mask.merge(mask.frPyObjects(segmentation, *size))
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


def _check_polygons(polygons: list[Any]) -> None:
    for points in polygons:
        numbers = isinstance(points, list) and all(type(value) in (int, float) for value in points)
        if not numbers or len(points) < 6 or len(points) % 2:
            raise DataError("not a polygon", found=_short(points), expected=EXPECTED)
    if not polygons:
        raise DataError("not a polygon", found="an empty list", expected=EXPECTED)


def _checked_runs(segmentation: Any, size: tuple[int, int]) -> dict[str, Any]:
    counts = segmentation.get("counts") if isinstance(segmentation, dict) else None
    if not isinstance(counts, list | str):
        raise DataError("not a segmentation", found=_short(segmentation), expected=EXPECTED)
    if segmentation.get("size") != list(size):
        raise DataError(
            "run lengths of another size", found=segmentation.get("size"), expected=f"[height, width] {list(size)}"
        )
    runs = run_lengths_of(counts) if isinstance(counts, str) else counts
    if not all(type(run) is int and run >= 0 for run in runs) or sum(runs) != size[0] * size[1]:
        raise DataError(
            "run lengths that do not fill the image", found=_short(counts), expected=f"{size[0] * size[1]} pixels"
        )
    return {"size": list(size), "counts": runs}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "..."
