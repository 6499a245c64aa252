"""Scenes of golden files: instance map and crop rows become the batch that `infer_scene_parts` takes.

A row is [category * 1000 + instance id, min row, max row, min col, max col, Ho, Wo], ends inclusive, Ho = Wo = 1 where
nothing was stretched. The instance map holds the whole number (Cityscapes form) or the id alone (COCO, ADE20K form).
"""

from typing import Literal

import torch
from torch import Tensor

from helpers.golden_files import Golden
from ipose.part_annotations import PART_CHANNELS, SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.scene_parts import SceneParts, infer_scene_parts
from ipose.types import Box, SceneBatch, SceneObject

Form = Literal["whole", "id"]
CATEGORY = 1000
"""A row's number is category * 1000 + instance id."""


def golden_supports(golden: Golden) -> SupportSet:
    """The support maps of a file, under the names that its categories have there: their numbers."""
    names = [str(number) for number in golden.config["categories"]]
    parts = tuple(f"part {i}" for i in range(1, PART_CHANNELS))
    maps = dict(zip(names, golden["in.support_part_maps"], strict=True))
    return SupportSet(dict.fromkeys(names, parts), maps)


def golden_rows(golden: Golden) -> tuple[Tensor, Tensor]:
    """(image index, crop row) of each object: int64 (n,) and (n, 7)."""
    rows = golden["in.crop_params"]
    return torch.arange(len(rows)).repeat_interleave(rows.shape[1]), rows.flatten(0, 1)


def instance_form(golden: Golden) -> Form:
    """How the file's instance map numbers its objects."""
    index, rows = golden_rows(golden)
    whole = [(golden["in.instance"][i] == number).any() for i, number in zip(index, rows[:, 0], strict=True)]
    return "whole" if any(whole) else "id"


def ids_tell_objects_apart(golden: Golden) -> bool:
    """Whether no two objects of an image share the id behind their category."""
    ids = golden["in.crop_params"][..., 0] % CATEGORY
    return all(len(set(image.tolist())) == len(image) for image in ids)


def golden_batch(golden: Golden, form: Form | None = None) -> SceneBatch:
    """The scene batch of a file.

    Args:
        golden: with `in.instance` (b, 1, h, w) and `in.crop_params` (b, n, 7).
        form: bring the instance map to this form; None = as found. From "id" to "whole" needs ids that tell objects
            apart.
    """
    found, instance = instance_form(golden), golden["in.instance"][:, 0].to(torch.int32)
    index, rows = golden_rows(golden)
    label = torch.zeros_like(instance, dtype=torch.int64)  # the files hold no label map: all is one class,
    if form == "id" and found == "whole":
        label, instance = instance.long() // CATEGORY, instance % CATEGORY  # but for ids that need their category
    elif form == "whole" and found == "id":
        instance = _with_categories(instance, index, rows[:, 0])
    whole, classes = (form or found) == "whole", bool(label.any())
    objects = tuple(_object(row, label.shape[-2:], whole=whole, classes=classes) for row in rows.tolist())
    names = tuple(f"image {i}" for i in range(len(label)))
    return SceneBatch(names, None, label, instance, objects, index)


def golden_scene_parts(golden: Golden, network: PartNet, supports: SupportSet, form: Form | None = None) -> SceneParts:
    """What our pipeline composes for a file."""
    with torch.no_grad():
        return infer_scene_parts(network, golden_batch(golden, form), supports)


def _object(row: list[int], size: torch.Size, *, whole: bool, classes: bool) -> SceneObject:
    number, *box, high, wide = row
    # the release stretches by Ho : Wo, we by Ho*W : Wo*H (the same for the squares that it was made for)
    original = (1, 1) if high == wide == 1 else (high * size[0], wide * size[1])
    return SceneObject(
        class_id=number // CATEGORY if classes else 0,
        instance_id=number if whole else number % CATEGORY,
        part_category=str(number // CATEGORY),
        box=Box(*box),
        original_size=original,
    )


def _with_categories(instance: Tensor, index: Tensor, numbers: Tensor) -> Tensor:
    whole = instance.clone()
    for image, number in zip(index.tolist(), numbers.tolist(), strict=True):
        whole[image][instance[image] == number % CATEGORY] = number
    return whole
