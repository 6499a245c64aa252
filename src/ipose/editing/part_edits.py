"""The parts of one object, painted by hand."""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from ipose.editing.draft import Draft
from ipose.editing.edit import Edit
from ipose.editing.layout import own_pixels
from ipose.errors import ConfigError
from ipose.shapes.crop_geometry import geometry_of_objects
from ipose.shapes.object_crops import crop_maps
from ipose.types import SupportSet


@dataclass(frozen=True, eq=False)
class EditParts(Edit):
    """Paint the part map of one object: PartNet is shown the painting as the object's only support.

    The generator reads PartNet's features, not part ids, so the painting cannot be handed to it as it is. A PartNet
    that is shown an object's own part map reproduces it (training has that case, iPOSE suppl. eq. 11), and gives the
    features that go with it. How closely it does is to be seen in the output's parts.

    Args:
        object: its number, as the scene counts from 0.
        part_map: uint8 (h, w) part ids at the scene's size, in the place of the object in the scene as given; what is
            painted elsewhere does not count.
    Raises:
        ConfigError: on use: no such object, one without parts, a map of another size or with unknown parts, or no paint
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
            raise ConfigError(
                f"object {self.object} has no parts to paint", field="object",
                found=draft.spec.classes[item.class_id].name, expected="an object of the scene whose class has parts",
            )  # fmt: skip
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
            raise ConfigError(
                "parts are painted at the scene's size", field="part_map",
                found=f"{given.dtype} {tuple(given.shape)}", expected=f"torch.uint8 {size}",
            )  # fmt: skip
        if int(given.max()) > len(names):
            raise ConfigError(
                "part id in the painting", field="part_map", found=int(given.max()),
                expected=", ".join(f"{i} {name}" for i, name in enumerate(("no part", *names))),
            )  # fmt: skip
