"""Where objects stand: a scene is taken apart into objects and ground, and put together again.

Objects that move or go are lifted all at once, before anything is filled or painted, so that edits of different objects
commute: no object is filled with the traces of another one.
"""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Integer
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from ipose.data.object_index import reindex_objects
from ipose.editing.draft import Draft, Layer
from ipose.editing.edit import Edit
from ipose.errors import ConfigError
from ipose.types import LabelSpec, Scene, SceneObject, SupportSet


def own_pixels(scene: Scene, item: SceneObject) -> Bool[Tensor, "h w"]:
    """The pixels of an object."""
    return (scene.label == item.class_id) & (scene.instance == item.instance_id)


def layer_of(draft: Draft, number: int) -> Layer:
    """An object as it stands now. Raises ConfigError where there is no such object, or none any more."""
    item = draft.object_named(number)
    return draft.layers.get(number) or Layer(item, own_pixels(draft.scene, item))


def settled(draft: Draft) -> Draft:
    """The scene put together: lifted objects leave the ground of the nearest stuff, then all are painted in order.

    Raises:
        ConfigError: no ground is left to fill with, or an object would be hidden or outside the image altogether.
    """
    if not draft.layers and not draft.relabelled:
        return draft
    scene, given = draft.scene, draft.scene.objects
    lifted = torch.zeros(scene.size, dtype=torch.bool)
    for number in draft.layers:
        if number < len(given):
            lifted |= own_pixels(scene, given[number])
    label, instance = scene.label, scene.instance
    if bool(lifted.any()):
        ground = _ground(draft, lifted)
        label, instance = (fill_from_nearest(ids, lifted, ground) for ids in (label, instance))
    label, instance = label.clone(), instance.clone()
    for _, layer in sorted(draft.layers.items()):
        if layer is not None:
            label[layer.mask], instance[layer.mask] = layer.item.class_id, layer.item.instance_id
    everyone = _numbered(draft, label, instance)
    kept = tuple(item for item in everyone if item is not None)
    whole = Scene(scene.name, None, label, instance, kept)
    return replace(draft, scene=whole, layers={}, numbered=everyone)


def _ground(draft: Draft, lifted: Bool[Tensor, "h w"]) -> Bool[Tensor, "h w"]:
    """The pixels that may fill a hole: stuff where there is any."""
    things = torch.tensor([item.thing for item in draft.spec.classes])[draft.scene.label]
    ground = ~things & ~lifted
    if not bool(ground.any()):
        raise ConfigError(
            "nothing is left to put behind these objects: the scene has no pixel of stuff",
            mend="Give the region a class first, or add ground to the label map.",
        )
    return ground


def _numbered(draft: Draft, label: Tensor, instance: Tensor) -> tuple[SceneObject | None, ...]:
    """Every object by number with its new box; None = removed, or too little of it is left to have parts."""
    everyone = list(draft.objects)
    for number, item in enumerate(everyone):
        if item is None:
            continue
        there = reindex_objects(label, instance, [item])
        if not there and draft.layers.get(number) is not None:
            raise ConfigError(
                "nothing to see of an object where it was put", field="object", found=number,
                mend="Put it inside the image, and not behind a later object.",
            )  # fmt: skip
        everyone[number] = there[0] if there else None
    return tuple(everyone)


def edited_draft(edit: Edit, scene: Scene, supports: SupportSet, spec: LabelSpec) -> Draft:
    """The scene and supports that an edit makes, put together: what parts are inferred from."""
    return settled(edit.prepare(Draft(scene, supports, spec)))


def fill_from_nearest(
    ids: Integer[Tensor, "h w"], hole: Bool[Tensor, "h w"], source: Bool[Tensor, "h w"]
) -> Integer[Tensor, "h w"]:
    """The map with its hole filled.

    Args:
        ids: of any meaning.
        hole: the pixels to fill.
        source: the pixels that may give their id; at least one.
    """
    rows, cols = distance_transform_edt(~source.numpy(), return_distances=False, return_indices=True)
    nearest = ids[torch.from_numpy(np.asarray(rows, np.int64)), torch.from_numpy(np.asarray(cols, np.int64))]
    return torch.where(hole, nearest, ids)
