"""COCO segmentations to masks: polygons or run lengths, checked before the C code of pycocotools sees them."""

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
    _check(segmentation, size)
    try:
        runs = segmentation
        if isinstance(segmentation, list) or isinstance(segmentation["counts"], list):
            runs = mask.frPyObjects(segmentation, *size)
        if isinstance(runs, list):
            runs = mask.merge(runs)
        decoded: ndarray = np.asarray(mask.decode(runs), dtype=bool)
    except (ValueError, TypeError, KeyError) as error:
        raise DataError("segmentation that cannot be decoded", found=str(error), expected=EXPECTED) from error
    return decoded


def _check(segmentation: Any, size: tuple[int, int]) -> None:
    if isinstance(segmentation, list):
        if not segmentation or not all(map(_is_polygon, segmentation)):
            raise DataError("not a polygon", found=_short(segmentation), expected=EXPECTED)
        return
    counts = segmentation.get("counts") if isinstance(segmentation, dict) else None
    if not isinstance(counts, list | str):
        raise DataError("not a segmentation", found=_short(segmentation), expected=EXPECTED)
    if segmentation.get("size") != list(size):
        raise DataError(
            "run lengths of another size", found=segmentation.get("size"), expected=f"[height, width] {list(size)}"
        )
    if isinstance(counts, list) and (
        not all(type(run) is int and run >= 0 for run in counts) or sum(counts) != size[0] * size[1]
    ):
        raise DataError("run lengths that do not fill the image", found=_short(counts), expected=size[0] * size[1])


def _is_polygon(points: Any) -> bool:
    numbers = isinstance(points, list) and all(type(value) in (int, float) for value in points)
    return numbers and len(points) >= 6 and len(points) % 2 == 0


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "..."
