"""Objects with the parts that a segmenter sees in their photographs, in the frame of part pairs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from scipy.ndimage import label as connected_pieces
from torch import Tensor

from ipose.data.object_frame import to_object_frame
from ipose.data.part_pairs import pairs_from_scenes
from ipose.data.png import read_photo
from ipose.data.progress_bar import progress_bar
from ipose.errors import ConfigError, DataError, EmptyShapeError
from ipose.types import LabelSpec, PartPair, Scene, SceneObject

PartsOfImage = Callable[[Tensor], Tensor]
"""An image, uint8 (3, h, w), to its part map, uint8 (h, w): 0 = background, 1..8 = parts."""

SPECK = 0.1
"""A piece of foreground smaller than this share of the largest one is no piece of the object."""

_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=int)


def pairs_of_scenes(
    scenes: Sequence[Scene],
    spec: LabelSpec,
    segment: PartsOfImage,
    category: str,
    *,
    limit: int | None = None,
    progress: bool = False,
) -> list[PartPair]:
    """The objects of one category, cut out as `pairs_from_scenes` does: the segmenter's map stands for the true one.

    Each image is segmented whole; an object's shape is its own pixels in the maps, so what the segmenter says beside
    the object is not used.

    Args:
        scenes: with photographs; true part maps are not looked at.
        spec: of the scenes.
        segment: the segmenter.
        category: a part category of the spec, or the name of one of its thing classes.
        limit: at most so many scenes.
        progress: show a bar.
    Raises:
        DataError: a scene without a photograph.
        ConfigError: the spec has no such category.
    """
    classes = _classes_of(spec, category)
    count = len(scenes) if limit is None else min(limit, len(scenes))
    seen = []
    for scene in progress_bar(islice(scenes, count), "segmenting", shown=progress, total=count):
        if scene.image is None:
            raise DataError(
                "a scene without a photograph, which parts are seen in", file=scene.name, expected="an image in *_img/"
            )
        objects = _objects(scene, classes, category)
        if objects:
            alone = replace(scene, image=None, part=segment(scene.image), objects=objects)
            seen += pairs_from_scenes([alone], spec)
    return seen


def category_of(spec: LabelSpec, category: str | None) -> str:
    """The category asked for; of a spec with a single one, that.

    Raises:
        ConfigError: none is asked for, and the spec has not just one.
    """
    if category is not None:
        _classes_of(spec, category)
        return category
    if len(spec.part_categories) != 1:
        raise ConfigError(
            "which objects are meant?", field="category", expected="one of " + ", ".join(_choices(spec)),
            mend="Say --category NAME.",
        )  # fmt: skip
    return spec.part_categories[0]


def pairs_of_photographs(
    paths: Sequence[Path], segment: PartsOfImage, category: str, *, progress: bool = False
) -> list[PartPair]:
    """One object a photograph: the segmenter's own foreground, without specks, brought to the object frame.

    Args:
        paths: of the photographs. Those in which nothing of three by three pixels is found are left out.
        segment: the segmenter.
        category: what the objects are.
        progress: show a bar.
    """
    pairs = []
    for path in progress_bar(paths, "segmenting", shown=progress, total=len(paths)):
        part = without_specks(segment(torch.from_numpy(read_photo(path)).permute(2, 0, 1)))
        try:
            shape, part_map = to_object_frame(part > 0, part)
        except EmptyShapeError:
            continue
        if part_map.any():
            pairs.append(PartPair(category, shape, part_map, path.stem))
    return pairs


def without_specks(part: UInt8[Tensor, "h w"]) -> UInt8[Tensor, "h w"]:
    """The part map without pieces of foreground that are much smaller than the largest one."""
    pieces, count = connected_pieces((part > 0).numpy(), structure=_EIGHT_NEIGHBOURS)
    if count < 2:
        return part
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return torch.where(torch.from_numpy((sizes >= SPECK * sizes.max())[pieces]), part, 0).to(torch.uint8)


def _objects(scene: Scene, classes: frozenset[int], category: str) -> tuple[SceneObject, ...]:
    return tuple(replace(item, part_category=category) for item in scene.objects if item.class_id in classes)


def _classes_of(spec: LabelSpec, category: str) -> frozenset[int]:
    """Thing classes that the category serves; else the thing class of that name."""
    served = [i for i, item in enumerate(spec.classes) if item.thing and item.part_category == category]
    named = [i for i, item in enumerate(spec.classes) if item.thing and item.name == category]
    if not served and not named:
        raise ConfigError(
            "the data have no such objects", field="category", found=repr(category), expected=", ".join(_choices(spec))
        )
    return frozenset(served or named)


def _choices(spec: LabelSpec) -> list[str]:
    things = [item.part_category or item.name for item in spec.classes if item.thing]
    return list(dict.fromkeys(things)) or ["(no class of this spec is a thing)"]
