"""Part pairs of the objects of a category, whose parts a segmenter found in their photographs.

`PartNaming` holds the names that a person gives to these parts. Names can merge parts and drop them.
"""

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

from ipose.data.data_config import CropRule
from ipose.data.object_categories import classes_of
from ipose.data.object_photos import object_crop
from ipose.data.parallel import progress_bar
from ipose.data.part_pairs import cut_to_object_frame, pairs_from_scenes
from ipose.data.png import read_photo
from ipose.errors import ConfigError, DataError, EmptyShapeError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import PART_CHANNELS, PartPair
from ipose.types import Scene

NO_PART = "-"
"""The name for a part that becomes background."""

MOST = PART_CHANNELS - 1


@dataclass(frozen=True)
class PartNaming:
    """Which part of the supports each found part becomes.

    Args:
        ids: for the found parts 1..K in order, the part id in the supports. 0 = background.
    """

    ids: tuple[int, ...]
    names: tuple[str, ...]

    def apply(self, found: UInt8[Tensor, "h w"]) -> UInt8[Tensor, "h w"]:
        """Turn a map of found parts (0 = background) into a map of the supports' parts."""
        renamed: Tensor = torch.tensor([0, *self.ids], dtype=torch.uint8)[found.long()]
        return renamed


def name_parts(found: Sequence[str], given: Sequence[str] | None = None) -> PartNaming:
    """The naming for a list of names. Equal names make one part, and "-" makes background.

    Raises:
        ConfigError: another number of names than parts, no part left, or more than a part map can hold (8).
    Example:
        >>> name_parts(["part 1", "part 2", "part 3"], ["leg", "-", "leg"])
        PartNaming(ids=(1, 0, 1), names=('leg',))
    """
    names = list(found if given is None else given)
    if len(names) != len(found):
        raise ConfigError(
            "every part that the segmenter finds needs one name",
            field="names",
            found=f"{len(names)} names",
            expected=f"{len(found)}, for {', '.join(found)}",
            mend=f"Give a name twice to make two parts one, and {NO_PART!r} to a part that is background.",
        )
    kept = list(dict.fromkeys(name for name in names if name != NO_PART))
    if not 1 <= len(kept) <= MOST:
        message = "supports cannot have so many parts" if kept else "no part is left"
        mend = "Name the parts with --names, and give some the same name: they become one."
        count, expected = f"{len(kept)} different parts", f"1 to {MOST}"
        raise ConfigError(message, field="names", found=count, expected=expected, mend=mend)
    ids = [0 if name == NO_PART else kept.index(name) + 1 for name in names]
    return PartNaming(tuple(ids), tuple(kept))


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
    crops: CropRule | None = None,
    limit: int | None = None,
    progress: bool = False,
) -> SegmentedObjects:
    """The objects of one category, cut out as in `pairs_from_scenes`, with the segmenter's map as part map.

    The shape of an object comes from the instance map. Parts outside it are
    ignored.

    Args:
        scenes: with photographs. True part maps are not used.
        category: a part category of the spec, or the name of one of its thing classes.
        crops: segment each object alone, cut out of its photograph by this rule. None = each image as a whole.
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
            alone = replace(scene, objects=objects)
            part = segment(scene.image) if crops is None else parts_of_crops(alone, segment, crops)
            alone = replace(alone, image=None, part=part)
            pairs += pairs_from_scenes([alone], spec)
    return SegmentedObjects(pairs, {NOTHING_FOUND: there - len(pairs)} if there > len(pairs) else {})


def parts_of_crops(scene: Scene, segment: PartsOfImage, crops: CropRule) -> UInt8[Tensor, "h w"]:
    """The part map of a scene's objects, each of them cut out and segmented alone. 0 where no object is."""
    found = torch.zeros(scene.size, dtype=torch.uint8)
    for item in scene.objects:
        cut, window, own = object_crop(scene, item, crops)
        rows, cols = own.nonzero(as_tuple=True)
        found[rows, cols] = segment(cut)[rows - window.top, cols - window.left]
    return found


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
