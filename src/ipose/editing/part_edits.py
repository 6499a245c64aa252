"""The parts of one object, painted by hand."""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from ipose.editing.draft import Draft, own_pixels
from ipose.editing.edit import Edit
from ipose.errors import ConfigError
from ipose.part_annotations import SupportSet
from ipose.shapes.crop_geometry import geometry_of_objects
from ipose.shapes.object_crops import crop_maps


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
