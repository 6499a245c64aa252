"""Regions to maps."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Int32, UInt8
from numpy import ndarray

from ipose.data.importing.source import ImportedClass, Region

MOST_OBJECTS = 999
"""Numbers that a class has in an image (ids are file id * 1000 + number)."""


class Maps(NamedTuple):
    """What a scene's files will hold: file ids, instance ids (file id * 1000 + number), part ids."""

    label: Int32[ndarray, "h w"]
    instance: Int32[ndarray, "h w"]
    part: UInt8[ndarray, "h w"]


def paint(regions: Iterable[Region], size: tuple[int, int], things: frozenset[int], ignored: Counter[str]) -> Maps:
    """Paint regions one over the other: the last one wins. Parts are painted on objects of their class only.

    Args:
        regions: in painting order.
        size: (height, width).
        things: file ids of the classes whose regions are objects.
        ignored: what is left out is counted here.
    """
    maps = Maps(np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.uint8))
    numbers: Counter[int] = Counter()
    for region in regions:
        if not region.pixels.any():
            ignored["regions without a pixel"] += 1
        elif region.part:
            _paint_part(maps, region, ignored)
        else:
            maps.label[region.pixels] = region.file_id
            maps.part[region.pixels] = 0
            maps.instance[region.pixels] = _instance_id(region, things, numbers, ignored)
    return maps


def _paint_part(maps: Maps, region: Region, ignored: Counter[str]) -> None:
    own = region.pixels & (maps.label == region.file_id) & (maps.instance >= 1000)
    if not own.any():
        ignored["parts that lie on no object of their class"] += 1
    maps.part[own] = region.part


def _instance_id(region: Region, things: frozenset[int], numbers: Counter[int], ignored: Counter[str]) -> int:
    if region.file_id not in things:
        return 0
    if region.crowd:
        ignored["crowds: painted as their class, but no object"] += 1
        return region.file_id
    if numbers[region.file_id] == MOST_OBJECTS:
        ignored[f"objects after the first {MOST_OBJECTS} of a class in one image: painted as a group"] += 1
        return region.file_id
    numbers[region.file_id] += 1
    return region.file_id * 1000 + numbers[region.file_id]


def thing_ids(classes: Iterable[ImportedClass]) -> frozenset[int]:
    """File ids of the classes with objects."""
    return frozenset(item.file_id for item in classes if item.thing)
