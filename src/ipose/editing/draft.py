"""A draft: one scene with the supports that will explain it, on the way through the edits."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from jaxtyping import Bool
from torch import Tensor

from ipose.errors import ConfigError
from ipose.types import LabelSpec, Scene, SceneObject, SupportSet


class Layer(NamedTuple):
    """An object that was lifted off the scene, and where it will be put.

    Args:
        item: its box is found when it is put there.
        mask: bool (h, w).
    """

    item: SceneObject
    mask: Bool[Tensor, "h w"]


@dataclass(frozen=True, eq=False)
class Draft:
    """What an edit changes before parts are inferred.

    Args:
        scene: its maps and objects. Edits number objects as the scene that was given does, from 0; added ones go on.
        supports: of every part category in the scene.
        spec: what the class ids mean.
        layers: objects by number that were moved or added, None = removed; `layout.settled` puts them into the scene.
        relabelled: whether the maps were painted over, so that objects may have lost pixels.
        numbered: the objects by number where the scene has lost or won some; None = those of the scene.
    """

    scene: Scene
    supports: SupportSet
    spec: LabelSpec
    layers: Mapping[int, Layer | None] = field(default_factory=dict)
    relabelled: bool = False
    numbered: tuple[SceneObject | None, ...] | None = None

    @property
    def objects(self) -> tuple[SceneObject | None, ...]:
        """By number; None = it is no longer in the scene."""
        if self.numbered is not None:
            return self.numbered
        everyone: list[SceneObject | None] = list(self.scene.objects)
        for number, layer in sorted(self.layers.items()):
            everyone[number : number + 1] = [None if layer is None else layer.item]
        return tuple(everyone)

    def object_named(self, number: int) -> SceneObject:
        """The object that edits call `number`. Raises ConfigError where there is none, or none any more."""
        objects = self.objects
        item = objects[number] if 0 <= number < len(objects) else None
        if item is None:
            there = [f"{i} {self.spec.classes[x.class_id].name}" for i, x in enumerate(objects) if x is not None]
            raise ConfigError(
                f"scene {self.scene.name!r} has no such object",
                field="object",
                found=number,
                expected=", ".join(there) or "an edit without objects: the scene has none",
            )
        return item

    def part_names(self, item: SceneObject) -> tuple[str, ...]:
        """Names of parts 1, 2, ... of an object; none where its class has no parts."""
        return () if item.part_category is None else self.supports.part_names.get(item.part_category, ())

    def with_layer(self, number: int, layer: Layer | None) -> "Draft":
        """The draft with an object put elsewhere, or nowhere."""
        return replace(self, layers={**self.layers, number: layer})
