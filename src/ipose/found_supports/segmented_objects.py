"""Objects with the parts that a segmenter sees in their photographs, in the frame of part pairs."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from scipy.ndimage import label as connected_pieces
from torch import Tensor

from ipose.data.parallel import progress_bar
from ipose.data.part_pairs import cut_to_object_frame, pairs_from_scenes
from ipose.data.png import read_photo
from ipose.errors import DataError, EmptyShapeError
from ipose.found_supports.categories import classes_of
from ipose.found_supports.part_naming import PartNaming
from ipose.types import LabelSpec, PartPair, Scene, SceneObject

PartsOfImage = Callable[[Tensor], Tensor]
"""An image, uint8 (3, h, w), to its part map, uint8 (h, w): 0 = background, 1..8 = parts."""

SPECK = 0.1
"""A piece of foreground smaller than this share of the largest one is no piece of the object."""

LEFT = 0.5
"""Least share of a photograph's foreground that must be left by the parts that are named background."""

NOTHING_FOUND = "the segmenter found nothing"
"""Why objects are passed over: no part pixel, or too few to cut out."""

MOSTLY_DROPPED = "less than half of the foreground is left, as --names calls the rest background"
"""Why objects are passed over: what is left is hardly the object."""

_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=int)


@dataclass(frozen=True, eq=False)
class SeenObjects:
    """Objects that the segmenter saw, and how many it did not see.

    Args:
        pairs: with the parts that it saw.
        passed_over: number of the others, by reason.
    """

    pairs: list[PartPair]
    passed_over: Mapping[str, int] = field(default_factory=dict)


def pairs_of_scenes(
    scenes: Sequence[Scene],
    spec: LabelSpec,
    segment: PartsOfImage,
    category: str,
    *,
    limit: int | None = None,
    progress: bool = False,
) -> SeenObjects:
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
    classes = classes_of(spec, category)
    count = len(scenes) if limit is None else min(limit, len(scenes))
    seen, there = list[PartPair](), 0
    for scene in progress_bar(islice(scenes, count), "segmenting", shown=progress, total=count):
        if scene.image is None:
            raise DataError(
                "a scene without a photograph, which parts are seen in", file=scene.name, expected="an image in *_img/"
            )
        objects = _objects(scene, classes, category)
        there += len(objects)
        if objects:
            alone = replace(scene, image=None, part=segment(scene.image), objects=objects)
            seen += pairs_from_scenes([alone], spec)
    return SeenObjects(seen, {NOTHING_FOUND: there - len(seen)} if there > len(seen) else {})


def pairs_of_photographs(
    paths: Sequence[Path],
    segment: PartsOfImage,
    category: str,
    naming: PartNaming | None = None,
    *,
    progress: bool = False,
) -> SeenObjects:
    """One object a photograph: the segmenter's own foreground, without specks, cut out and brought to the object frame.

    Parts that the naming calls background are none of the object, so the object is cut out of what they leave. Where
    they leave less than half of the foreground, the object is hardly whole, and is passed over.

    Args:
        paths: of the photographs. Those in which nothing of three by three pixels is found are passed over.
        segment: the segmenter, answering in its own parts.
        category: what the objects are.
        naming: of the segmenter's parts; None = as they are.
        progress: show a bar.
    """
    pairs, reasons = list[PartPair](), Counter[str]()
    for path in progress_bar(paths, "segmenting", shown=progress, total=len(paths)):
        found = without_specks(segment(torch.from_numpy(read_photo(path)).permute(2, 0, 1)))
        part = found if naming is None else without_specks(naming.apply(found))
        if (part > 0).sum() < LEFT * (found > 0).sum():
            reasons[MOSTLY_DROPPED] += 1
            continue
        try:
            pairs.append(PartPair(category, *cut_to_object_frame(part > 0, part), path.stem))
        except EmptyShapeError:
            reasons[NOTHING_FOUND] += 1
    return SeenObjects(pairs, reasons)


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
