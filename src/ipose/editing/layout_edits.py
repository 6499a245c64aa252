"""Another layout: objects moved, removed and added, regions of another class."""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ipose.editing.draft import Draft, Layer
from ipose.editing.edit import Edit
from ipose.errors import ConfigError
from ipose.label_spec import LabelSpec
from ipose.types import Box, SceneObject


@dataclass(frozen=True)
class MoveObject(Edit):
    """Shift an object by whole pixels. The nearest stuff fills its old place. Pixels outside the image are lost.

    Args:
        object: number of the object, counted from 0.
        down: pixels; negative = up.
        right: pixels; negative = left.
    Raises:
        ConfigError: in use: no such object, it would be outside the image, or the scene has no stuff.
    """

    object: int
    down: int = 0
    right: int = 0

    def prepare(self, draft: Draft) -> Draft:
        """The draft with the object's mask shifted. What leaves the scene is cut off."""
        layer = draft.layer_of(self.object)
        return draft.with_layer(self.object, Layer(layer.item, _shifted(layer.mask, self.down, self.right)))


@dataclass(frozen=True)
class RemoveObject(Edit):
    """Remove an object. The nearest stuff fills its place. The other objects keep their numbers.

    Args:
        object: number of the object, counted from 0.
    Raises:
        ConfigError: in use: no such object, or the scene has no stuff.
    """

    object: int

    def prepare(self, draft: Draft) -> Draft:
        """The draft without the object."""
        draft.object_named(self.object)
        return draft.with_layer(self.object, None)


@dataclass(frozen=True, eq=False)
class AddObject(Edit):
    """Put a new object in front of the others. It gets the next number.

    Args:
        category: class name of a thing, or a part category that one class has.
        shape: silhouette, bool (height, width) of any size. Nearest neighbour resizes it to the box.
        box: (top, left, height, width) in pixels of the scene, inside the image.
    Raises:
        ConfigError: an empty silhouette. In use: no such class, or a box outside the image.
    """

    category: str
    shape: Tensor
    box: tuple[int, int, int, int]

    def __post_init__(self) -> None:
        if self.shape.ndim != 2 or self.shape.dtype != torch.bool or not bool(self.shape.any()):
            found, expected = _described(self.shape), "bool (height, width), True where the object is"
            raise ConfigError("no silhouette", field="shape", found=found, expected=expected)

    def prepare(self, draft: Draft) -> Draft:
        """The draft with the new object as its front layer; ConfigError where the box leaves the scene."""
        height, width = draft.scene.size
        top, left, rows, cols = self.box
        if not (top >= 0 <= left and rows > 2 < cols and top + rows <= height and left + cols <= width):
            expected = f"(top, left, height, width) of 3 pixels or more, inside {height}x{width}"
            raise ConfigError("no place for an object", field="box", found=self.box, expected=expected)
        mask = torch.zeros(draft.scene.size, dtype=torch.bool)
        sized = F.interpolate(self.shape[None, None].float(), size=(rows, cols), mode="nearest")[0, 0]
        mask[top : top + rows, left : left + cols] = sized > 0.5
        return draft.with_layer(len(draft.objects), Layer(_new_object(draft, _thing(draft.spec, self.category)), mask))


@dataclass(frozen=True, eq=False)
class EditLabel(Edit):
    """Give a region another class: ground of a stuff class, or a new object of a thing class.

    The instance map gets the label id of new ground, as published maps have it: a GroupDNet that reads edges sees them.
    Objects lose their pixels in the region. Objects that other edits move or add are in front of the new ground.

    Args:
        region: bool (h, w) at the scene's size.
        class_name: name of a class of the spec.
    Raises:
        ConfigError: in use: no such class, a region of another size, or an empty one.
    """

    region: Tensor
    class_name: str

    def prepare(self, draft: Draft) -> Draft:
        """The draft with the region relabelled; ConfigError for an unknown class or an empty region."""
        scene, spec = draft.scene, draft.spec
        names = [item.name for item in spec.classes]
        if self.class_name not in names:
            found, known = repr(self.class_name), ", ".join(names)
            raise ConfigError("no such class", field="class_name", found=found, expected=known)
        if self.region.dtype != torch.bool or tuple(self.region.shape) != scene.size or not bool(self.region.any()):
            found, expected = _described(self.region), f"torch.bool {scene.size}, True in the region"
            raise ConfigError("no region to label", field="region", found=found, expected=expected)
        class_id = names.index(self.class_name)
        if spec.classes[class_id].thing:
            return draft.with_layer(len(draft.objects), Layer(_new_object(draft, class_id), self.region))
        label, instance = (
            torch.where(self.region, torch.full_like(ids, value), ids)
            for ids, value in ((scene.label, class_id), (scene.instance, _ground_id(draft, class_id)))
        )
        return replace(draft, scene=replace(scene, label=label, instance=instance), relabelled=True)


def _ground_id(draft: Draft, class_id: int) -> int:
    """What the instance map has where this stuff is: one id in the scene's other pixels of it, else its label id."""
    there = draft.scene.instance[draft.scene.label == class_id].unique().tolist()
    return int(there[0]) if len(there) == 1 else draft.spec.classes[class_id].file_id


def _new_object(draft: Draft, class_id: int) -> SceneObject:
    """An object with an unused instance id. Its box is computed when the scene is rebuilt."""
    item = draft.spec.classes[class_id]
    taken = [int(number) for number in draft.scene.instance.unique()]
    taken += [layer.item.instance_id for layer in draft.layers.values() if layer is not None]
    if draft.spec.instance_layout == "cityscapes":
        taken = [item.file_id * 1000 - 1, *(number for number in taken if number // 1000 == item.file_id)]
    sizes = [other.original_size for other in draft.scene.objects] or [(1, 1)]
    return SceneObject(class_id, max(0, *taken) + 1, item.part_category, Box(0, 0, 0, 0), sizes[0])


def _thing(spec: LabelSpec, category: str) -> int:
    """Id of the thing class of that name, or else of the first one with that part category."""
    things = {i: item for i, item in enumerate(spec.classes) if item.thing}
    named = [i for i, item in things.items() if item.name == category]
    named += [i for i, item in things.items() if item.part_category == category]
    if not named:
        known = ", ".join(item.name for item in things.values())
        raise ConfigError("no such class of things", field="category", found=repr(category), expected=known)
    return named[0]


def _described(mask: Tensor) -> str:
    return f"{mask.dtype} {tuple(mask.shape)}"


def _shifted(mask: Tensor, down: int, right: int) -> Tensor:
    height, width = mask.shape
    rows, cols = mask.nonzero(as_tuple=True)
    rows, cols = rows + down, cols + right
    inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    shifted = torch.zeros_like(mask)
    shifted[rows[inside], cols[inside]] = True
    return shifted
