"""Another structure: other supports of a category, or the painted parts of one object (iPOSE fig. 6).

PartNet infers other parts from them.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from ipose.editing.draft import Draft, fill_from_nearest, own_pixels
from ipose.editing.edit import Edit
from ipose.errors import ConfigError, SupportError
from ipose.part_annotations import SupportSet
from ipose.shapes.crop_geometry import geometry_of_objects
from ipose.shapes.object_crops import crop_maps
from ipose.types import Scene


@dataclass(frozen=True, eq=False)
class EditSupports(Edit):
    """Change the supports of a part category for one scene, for example to cars without licence plates.

    Args:
        category: part category. PartNet infers all its objects in the scene again.
        drop: name of a part to remove from the supports. Its pixels become the nearest other part of the same support,
            so the supports keep their shapes.
        replace: other part maps, uint8 (k, 64, 64), or uint8 (64, 64), one map for all k.
        rename: (part, name). If the category already has a part of that name, both become one part. A new name changes
            no image.
    Raises:
        ConfigError: not exactly one of drop, replace, rename. In use: the scene has no object of the category.
        SupportError: in use: no such category or part, a part that no support shows, maps of another size or with
            unknown parts, or no part is left.
    """

    asks_partnet: ClassVar[bool] = True

    category: str
    drop: str | None = None
    replace: Tensor | None = None
    rename: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        asked = [name for name in ("drop", "replace", "rename") if getattr(self, name) is not None]
        if len(asked) != 1:
            found = " and ".join(asked) or "nothing"
            expected = "one of drop='license', replace=part_maps, rename=('light', 'chassis')"
            message = "an edit of supports does one thing; add two edits for two"
            raise ConfigError(message, field="EditSupports", found=found, expected=expected)

    def prepare(self, draft: Draft) -> Draft:
        """The draft with the edited supports; SupportError for a category that the model has none of."""
        supports = draft.supports
        if self.category not in supports.part_maps:
            known = ", ".join(supports.categories) or "a model with supports"
            raise SupportError("no such part category", field="category", found=repr(self.category), expected=known)
        maps, names = supports.part_maps[self.category], tuple(supports.part_names[self.category])
        if self.drop is not None:
            maps = self._without(self.drop, maps, names)
        elif self.rename is not None:
            maps, names = self._renamed(*self.rename, maps, names)
        elif self.replace is not None:
            maps = self._replaced(self.replace, maps)
        edited = SupportSet({**supports.part_names, self.category: names}, {**supports.part_maps, self.category: maps})
        return replace(draft, supports=edited)

    def check(self, scene: Scene, edited: Scene) -> None:
        """Raise ConfigError for a category that the scene does not show."""
        items = [item for each in (scene, edited) for item in (*each.objects, *each.unlabelled)]
        present = sorted({item.part_category for item in items if item.part_category is not None})
        if self.category not in present:
            message = "the scene has no object of this category, so the edit would change nothing"
            expected = ", ".join(present) or "a scene that has objects with parts"
            raise ConfigError(message, field="category", found=self.category, expected=expected)

    def _part_id(self, part: str, maps: Tensor, names: tuple[str, ...]) -> int:
        if part not in names:
            message = f"{self.category} has no such part"
            raise SupportError(message, field="part", found=repr(part), expected=", ".join(names))
        number = names.index(part) + 1
        if not bool((maps == number).any()):
            shown = ", ".join(name for i, name in enumerate(names, start=1) if bool((maps == i).any()))
            raise SupportError(f"no support of {self.category} shows a {part}", field="part", expected=shown)
        return number

    def _without(self, part: str, maps: Tensor, names: tuple[str, ...]) -> Tensor:
        number = self._part_id(part, maps, names)
        for i, part_map in enumerate(maps):
            if not bool(((part_map != number) & (part_map > 0)).any()):
                message = f"nothing is left of support {i + 1} of {self.category} without its {part}"
                mend = "Give other part maps (replace), or remove the objects from the label map."
                raise SupportError(message, field="drop", mend=mend)
        return torch.stack([fill_from_nearest(item, item == number, (item != number) & (item > 0)) for item in maps])

    def _renamed(self, part: str, name: str, maps: Tensor, names: tuple[str, ...]) -> tuple[Tensor, tuple[str, ...]]:
        number = self._part_id(part, maps, names)
        if name in names:
            return torch.where(maps == number, names.index(name) + 1, maps).to(maps.dtype), names
        return maps, tuple(name if i == number else old for i, old in enumerate(names, start=1))

    def _replaced(self, maps: Tensor, old: Tensor) -> Tensor:
        maps = maps.expand(len(old), -1, -1) if maps.ndim == 2 else maps
        if maps.shape != old.shape or maps.dtype != torch.uint8:
            message = f"these cannot replace the supports of {self.category}"
            expected = f"torch.uint8 {tuple(old.shape)}, or one map of {tuple(old.shape[1:])}"
            raise SupportError(message, field="replace", found=f"{maps.dtype} {tuple(maps.shape)}", expected=expected)
        if not bool((maps > 0).flatten(1).any(1).all()):
            raise SupportError("an empty part map", field="replace", mend="Draw at least one part in each.")
        return maps


@dataclass(frozen=True, eq=False)
class EditParts(Edit):
    """Paint the part map of one object. PartNet gets the painting as the only support of this object.

    The generator reads features of PartNet, not part ids, so it cannot read the painting itself. But a PartNet that
    gets an object's own part map as support reproduces it; it was trained for this case (iPOSE suppl. eq. 11). The
    output's parts show how well that worked.

    Args:
        object: number of the object, counted from 0.
        part_map: part ids, uint8 (h, w), at the scene's size. Only pixels of the object in the original scene count.
    Raises:
        ConfigError: in use: no such object, one without parts, a map of another size or with unknown parts, or no part
            on the object.
    """

    asks_partnet: ClassVar[bool] = True

    object: int
    part_map: Tensor

    def prepare(self, draft: Draft) -> Draft:
        """The draft with the painted part map; ConfigError for an object without parts or a map that does not fit."""
        item, scene = draft.object_named(self.object), draft.scene
        names = draft.part_names(item)
        if not names or self.object >= len(scene.objects):
            found, expected = draft.spec.classes[item.class_id].name, "an object of the scene whose class has parts"
            raise ConfigError(
                f"object {self.object} has no parts to paint", field="object", found=found, expected=expected
            )
        self._check_map(scene.size, names)
        item = scene.objects[self.object]
        painted = self.part_map * own_pixels(scene, item)
        crop = crop_maps(
            painted[None], torch.zeros(1, dtype=torch.int64), geometry_of_objects([item], scene.size), outside=0
        )
        if not bool(crop.any()):
            raise ConfigError(f"no part is painted on object {self.object}", field="part_map", mend="Paint inside it.")
        own = f"{item.part_category} {self.object}, painted"
        supports = SupportSet(
            {**draft.supports.part_names, own: names},
            {**draft.supports.part_maps, own: crop.expand(draft.supports.k, -1, -1)},
        )
        objects = list(scene.objects)
        objects[self.object] = replace(item, part_category=own)
        layers = dict(draft.layers)
        layer = layers.get(self.object)
        if layer is not None:
            layers[self.object] = layer._replace(item=replace(layer.item, part_category=own))
        return replace(draft, scene=replace(scene, objects=tuple(objects)), supports=supports, layers=layers)

    def _check_map(self, size: tuple[int, int], names: tuple[str, ...]) -> None:
        given = self.part_map
        if given.dtype != torch.uint8 or tuple(given.shape) != size:
            found, expected = f"{given.dtype} {tuple(given.shape)}", f"torch.uint8 {size}"
            message = "a painted part map must have the scene's size"
            raise ConfigError(message, field="part_map", found=found, expected=expected)
        if int(given.max()) > len(names):
            known = ", ".join(f"{i} {name}" for i, name in enumerate(("no part", *names)))
            message = "unknown part id in the painting"
            raise ConfigError(message, field="part_map", found=int(given.max()), expected=known)
