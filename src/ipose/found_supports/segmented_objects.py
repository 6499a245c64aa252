"""Part pairs of the objects of a category, whose parts a segmenter found in their photographs."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from ipose.data.scene_folder import SceneFolder
from ipose.errors import ConfigError, DataError, EmptyShapeError
from ipose.found_supports.part_naming import PartNaming
from ipose.label_spec import LabelSpec
from ipose.part_annotations import PartPair
from ipose.types import Scene


def category_of(spec: LabelSpec, category: str | None, there: frozenset[int] | None = None) -> str:
    """The given category, after a check; or the only one there is.

    Args:
        category: a part category of the spec, or the name of a thing class. None = the only one: of the categories with
            parts if there are any, else of all things.
        there: ids of the thing classes that occur in the scenes. None = any may occur.
    Raises:
        ConfigError: no such category, no object of it in the scenes, or none given where there are several.
    """
    present = things_of(spec) if there is None else things_of(spec) & there
    choice = "one of " + _listed(spec, present) if present else "scenes with objects"
    if category is not None:
        if classes_of(spec, category).isdisjoint(present):
            raise ConfigError(f"the scenes hold no {category}", field="category", expected=choice)
        return category
    with_parts = [i for i in sorted(present) if spec.classes[i].part_category is not None]
    names = _names(spec, with_parts or sorted(present))
    if len(names) != 1:
        message = "which objects are meant?" if names else "the scenes hold no objects"
        mend = "Say --category NAME." if names else "Check the instance maps with ipose doctor."
        raise ConfigError(message, field="category", expected=choice, mend=mend)
    return names[0]


def classes_there(scenes: Sequence[Scene], limit: int | None = None) -> frozenset[int] | None:
    """Ids of the thing classes in the scenes, if this is known without reading them. None = unknown.

    Args:
        scenes: of a split. Only a scene folder has an index of its objects.
        limit: number of scenes that count. None = all.
    """
    if not isinstance(scenes, SceneFolder):
        return None
    return frozenset(item.class_id for objects in scenes.objects[:limit] for item in objects)


def classes_of(spec: LabelSpec, category: str) -> frozenset[int]:
    """Ids of the thing classes with this part category, or else of the thing class with this name."""
    served = [i for i in things_of(spec) if spec.classes[i].part_category == category]
    named = [i for i in things_of(spec) if spec.classes[i].name == category]
    if not served and not named:
        known = _listed(spec, things_of(spec))
        raise ConfigError("the data have no such objects", field="category", found=repr(category), expected=known)
    return frozenset(served or named)


def things_of(spec: LabelSpec) -> frozenset[int]:
    """Class ids of the things."""
    return frozenset(i for i, item in enumerate(spec.classes) if item.thing)


def _names(spec: LabelSpec, classes: Iterable[int]) -> list[str]:
    return list(dict.fromkeys(spec.classes[i].part_category or spec.classes[i].name for i in classes))


def _listed(spec: LabelSpec, classes: frozenset[int]) -> str:
    return ", ".join(_names(spec, sorted(classes))) or "(no class of this spec is a thing)"


PartsOfImage = Callable[[Tensor], Tensor]
"""Takes an image, uint8 (3, h, w), and gives its part map, uint8 (h, w): 0 = background, 1..8 = parts."""

SPECK = 0.1
"""A piece of foreground is removed if it is smaller than this share of the largest piece."""

LEAST_LEFT = 0.5
"""Least share of the foreground that must remain after parts were named background."""

NOTHING_FOUND = "the segmenter found nothing"
"""Why objects are left out: no part pixel, or too few to cut out."""

MOSTLY_DROPPED = "less than half of the foreground is left, as --names calls the rest background"
"""Why objects are left out: too little of the object remains."""

_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=int)


@dataclass(frozen=True, eq=False)
class SegmentedObjects:
    """Objects with found parts, and the number of objects that were left out.

    Args:
        passed_over: number of objects that were left out, by reason.
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
) -> SegmentedObjects:
    """The objects of one category, cut out as in `pairs_from_scenes`, with the segmenter's map as part map.

    Each image is segmented as a whole. The shape of an object comes from the instance map. Parts outside it are
    ignored.

    Args:
        scenes: with photographs. True part maps are not used.
        category: a part category of the spec, or the name of one of its thing classes.
        limit: most scenes to use. None = all.
    Raises:
        DataError: a scene without a photograph.
        ConfigError: the spec has no such category.
    """
    classes = classes_of(spec, category)
    count = len(scenes) if limit is None else min(limit, len(scenes))
    pairs, there = list[PartPair](), 0
    for scene in progress_bar(islice(scenes, count), "segmenting", shown=progress, total=count):
        if scene.image is None:
            raise DataError("a scene without a photograph", file=scene.name, expected="an image in *_img/")
        objects = tuple(replace(item, part_category=category) for item in scene.objects if item.class_id in classes)
        there += len(objects)
        if objects:
            alone = replace(scene, image=None, part=segment(scene.image), objects=objects)
            pairs += pairs_from_scenes([alone], spec)
    return SegmentedObjects(pairs, {NOTHING_FOUND: there - len(pairs)} if there > len(pairs) else {})


def pairs_of_photographs(
    paths: Sequence[Path],
    segment: PartsOfImage,
    category: str,
    naming: PartNaming | None = None,
    *,
    progress: bool = False,
) -> SegmentedObjects:
    """One object for each photograph: the segmenter's foreground without small pieces, in the object frame.

    Parts that the naming calls background do not belong to the object. If less than half of the foreground remains, the
    object is left out.

    Args:
        paths: of the photographs. One with less than 3x3 pixels of foreground is left out.
        segment: the segmenter, with its own part ids.
        naming: of the segmenter's parts. None = unchanged.
    """
    pairs, reasons = list[PartPair](), Counter[str]()
    for path in progress_bar(paths, "segmenting", shown=progress, total=len(paths)):
        found = without_specks(segment(torch.from_numpy(read_photo(path)).permute(2, 0, 1)))
        part = found if naming is None else without_specks(naming.apply(found))
        if (part > 0).sum() < LEAST_LEFT * (found > 0).sum():
            reasons[MOSTLY_DROPPED] += 1
            continue
        try:
            pairs.append(PartPair(category, *cut_to_object_frame(part > 0, part), path.stem))
        except EmptyShapeError:
            reasons[NOTHING_FOUND] += 1
    return SegmentedObjects(pairs, reasons)


def without_specks(part: UInt8[Tensor, "h w"]) -> UInt8[Tensor, "h w"]:
    """The part map without the pieces of foreground that are much smaller than the largest piece."""
    pieces, count = connected_pieces((part > 0).numpy(), structure=_EIGHT_NEIGHBOURS)
    if count < 2:
        return part
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return torch.where(torch.from_numpy((sizes >= SPECK * sizes.max())[pieces]), part, 0).to(torch.uint8)
