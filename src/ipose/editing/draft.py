"""A draft: one scene with its supports, as the edits change it. `rebuild_scene` puts moved objects into its maps.

All objects that move or go are lifted at once, before a hole is filled. So edits of different objects commute, and no
hole is filled with pixels of another lifted object.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Integer
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from ipose.data.object_index import reindex_objects
from ipose.errors import ConfigError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import SupportSet
from ipose.types import Scene, SceneObject


class Layer(NamedTuple):
    """An object that is not in the scene's maps at present, and its new place.

    Args:
        item: the object. Its box is computed when the scene is rebuilt.
        mask: bool (h, w), its pixels at the new place.
    """

    item: SceneObject
    mask: Bool[Tensor, "h w"]


@dataclass(frozen=True, eq=False)
class Draft:
    """What an edit changes before parts are inferred.

    Args:
        scene: its maps and objects. Edits number objects from 0, as in the scene that was given; new objects follow.
        supports: of every part category in the scene.
        spec: what the class ids mean.
        layers: moved and added objects by number, None = removed. `rebuild_scene` puts them into the scene.
        relabelled: whether a class was painted over the maps, so that objects may have lost pixels.
        numbered: the objects by number, after the scene was rebuilt. None = the objects of the scene.
    """

    scene: Scene
    supports: SupportSet
    spec: LabelSpec
    layers: Mapping[int, Layer | None] = field(default_factory=dict)
    relabelled: bool = False
    numbered: tuple[SceneObject | None, ...] | None = None

    @property
    def objects(self) -> tuple[SceneObject | None, ...]:
        """The objects by number. None = no longer in the scene."""
        if self.numbered is not None:
            return self.numbered
        everyone: list[SceneObject | None] = list(self.scene.objects)
        for number, layer in sorted(self.layers.items()):
            everyone[number : number + 1] = [None if layer is None else layer.item]
        return tuple(everyone)

    def object_named(self, number: int) -> SceneObject:
        """The object with this number. Raises ConfigError where there is none, or where it was removed."""
        objects = self.objects
        item = objects[number] if 0 <= number < len(objects) else None
        if item is None:
            there = [f"{i} {self.spec.classes[x.class_id].name}" for i, x in enumerate(objects) if x is not None]
            expected = ", ".join(there) or "an edit without objects: the scene has none"
            message = f"scene {self.scene.name!r} has no such object"
            raise ConfigError(message, field="object", found=number, expected=expected)
        return item

    def part_names(self, item: SceneObject) -> tuple[str, ...]:
        """Names of parts 1, 2, ... of an object. Empty if its class has no parts."""
        return () if item.part_category is None else self.supports.part_names.get(item.part_category, ())

    def layer_of(self, number: int) -> Layer:
        """An object at its present place. Raises ConfigError where there is none, or where it was removed."""
        item = self.object_named(number)
        return self.layers.get(number) or Layer(item, own_pixels(self.scene, item))

    def with_layer(self, number: int, layer: Layer | None) -> "Draft":
        """The draft with an object at another place. None = removed."""
        return replace(self, layers={**self.layers, number: layer})


def own_pixels(scene: Scene, item: SceneObject) -> Bool[Tensor, "h w"]:
    """The pixels of an object."""
    return (scene.label == item.class_id) & (scene.instance == item.instance_id)


def rebuild_scene(draft: Draft) -> Draft:
    """The draft with its layers in the scene's maps. Holes get the nearest stuff, then objects are painted in order.

    Raises:
        ConfigError: no stuff is left to fill a hole, or an object would be hidden or outside the image.
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
    whole = Scene(scene.name, None, label, instance, kept, unlabelled=scene.unlabelled)
    return replace(draft, scene=whole, layers={}, numbered=everyone)


def _ground(draft: Draft, lifted: Bool[Tensor, "h w"]) -> Bool[Tensor, "h w"]:
    """The pixels of stuff, which may fill a hole."""
    things = torch.tensor([item.thing for item in draft.spec.classes])[draft.scene.label]
    ground = ~things & ~lifted
    if not bool(ground.any()):
        message = "nothing is left to put behind these objects: the scene has no pixel of stuff"
        raise ConfigError(message, mend="Give the region a class first, or add ground to the label map.")
    return ground


def _numbered(draft: Draft, label: Tensor, instance: Tensor) -> tuple[SceneObject | None, ...]:
    """Every object by number with its new box. None = removed, or too few of its pixels are left to have parts."""
    everyone = list(draft.objects)
    for number, item in enumerate(everyone):
        if item is None:
            continue
        there = reindex_objects(label, instance, [item])
        if not there and draft.layers.get(number) is not None:
            mend = "Put it inside the image, and not behind a later object."
            raise ConfigError("nothing to see of an object where it was put", field="object", found=number, mend=mend)
        everyone[number] = there[0] if there else None
    return tuple(everyone)


def fill_from_nearest(
    ids: Integer[Tensor, "h w"], hole: Bool[Tensor, "h w"], source: Bool[Tensor, "h w"]
) -> Integer[Tensor, "h w"]:
    """The map with its hole filled: each pixel gets the id of the nearest source pixel. There is one source pixel at
    least.
    """
    rows, cols = distance_transform_edt(~source.numpy(), return_distances=False, return_indices=True)
    nearest = ids[torch.from_numpy(np.asarray(rows, np.int64)), torch.from_numpy(np.asarray(cols, np.int64))]
    return torch.where(hole, nearest, ids)
