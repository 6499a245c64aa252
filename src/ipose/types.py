"""Scenes: one image with its maps and objects, and scenes in a batch. Frozen values, checked when they are made.

Modules downstream need not check them again. The other nouns of the system have files of their own, and can be imported
from here, too: `ipose.label_spec`, `ipose.part_annotations`, `ipose.objective`.

Axes (one legend for the whole package): `b` images, `h w` pixels, `c` classes, `n` objects, `k` supports, `q` part
channels (0 = not a part, 1..8 = parts), `s` side of an object crop (64), `f` features per part channel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ipose.errors import ShapeMismatchError
from ipose.images import image_float
from ipose.label_spec import LabelClass, LabelSpec
from ipose.objective import Objective, Phase
from ipose.part_annotations import CROP_SIZE, PART_CHANNELS, PartPair, SupportSet
from ipose.tensor_check import check_tensor

__all__ = [
    "CROP_SIZE",
    "PART_CHANNELS",
    "Box",
    "LabelClass",
    "LabelSpec",
    "Objective",
    "PartPair",
    "Phase",
    "Scene",
    "SceneBatch",
    "SceneObject",
    "SupportSet",
]


class Box(NamedTuple):
    """Rows and columns of an object, ends inclusive, after the even-side rule (see `ipose.shapes.object_crops`)."""

    min_row: int
    max_row: int
    min_col: int
    max_col: int


@dataclass(frozen=True)
class SceneObject:
    """One object of a scene: the pixels where (label, instance) equals (class_id, instance_id).

    Args:
        class_id: semantic class.
        instance_id: id in the instance map.
        part_category: name of the part category whose supports serve it; None where the class has no parts.
        box: in pixels of the scene's maps.
        original_size: (height, width) of the photograph before it was resized; (1, 1) = never stretched.
    """

    class_id: int
    instance_id: int
    part_category: str | None
    box: Box
    original_size: tuple[int, int] = (1, 1)


@dataclass(frozen=True, eq=False)
class Scene:
    """One image with its maps.

    Args:
        name: unique in its data set; noise is drawn from (seed, name).
        image: uint8 (3, H, W), or None for a map without a photograph.
        label: int64 (H, W), class ids of the spec.
        instance: int32 (H, W).
        objects: the object index of this scene, in painting order; () = it has none. `Scene.from_arrays` finds them.
        part: uint8 (H, W) true part ids 0..8, or None where the data set has none.
        unlabelled: objects of the instance map of which the label map shows too little, or nothing. Only the rule that
            asks the instance id alone reads them (`ipose.data.object_index.by_instance_alone`).
    """

    name: str
    image: Tensor | None
    label: Tensor
    instance: Tensor
    objects: tuple[SceneObject, ...]
    part: Tensor | None = None
    unlabelled: tuple[SceneObject, ...] = ()

    def __post_init__(self) -> None:
        check_tensor("label", self.label, torch.int64, 2)
        check_tensor("instance", self.instance, torch.int32, 2)
        if self.image is not None:
            check_tensor("image", self.image, torch.uint8, 3)
        if self.part is not None:
            check_tensor("part", self.part, torch.uint8, 2)
        maps = {name: getattr(self, name) for name in ("image", "label", "instance", "part")}
        sizes = {name: tuple(tensor.shape[-2:]) for name, tensor in maps.items() if tensor is not None}
        if len(set(sizes.values())) > 1:
            raise ShapeMismatchError(
                f"the maps of scene {self.name!r} differ in size", found=sizes, expected="one height and width"
            )

    @classmethod
    def from_arrays(
        cls,
        label: Any,
        instance: Any = None,
        image: Any = None,
        part: Any = None,
        *,
        spec: "LabelSpec | str | Path",
        name: str = "scene",
        class_indices: bool = False,
    ) -> "Scene":
        """A checked scene, with its objects, from numpy or torch arrays of any integer type, Pillow images, or paths.

        Args:
            label: (H, W) ids as the data set's files hold them.
            instance: (H, W) ids. None = each connected piece of a thing class is one object.
            image: the photograph: uint8 (H, W, 3) array, uint8 (3, H, W) tensor, Pillow image or path.
            part: (H, W) true part ids 0..8.
            spec: what the label ids mean; `model.spec` of the model that will paint it, the name of a built-in one, or
                the path of a dataset.toml.
            name: noise is drawn from (seed, name).
            class_indices: the label map holds positions in the spec (0..C-1) in place of the files' ids.
        Raises:
            ShapeMismatchError: a value of another type, an id that cannot be one.
            DataError: ids outside the spec, sizes that differ, or a file that cannot be read.
            SpecError: no such spec.

        Example::

            scene = Scene.from_arrays(label, spec=model.spec, name="my street")
            out = model(scene, seed=7)
        """
        from ipose.data.scene_arrays import scene_from_arrays  # upwards: only when it is called

        return scene_from_arrays(label, instance, image, part, spec=spec, name=name, class_indices=class_indices)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.label.shape[0], self.label.shape[1]


@dataclass(frozen=True, eq=False)
class SceneBatch:
    """Scenes of one size, stacked; the objects of all images in one flat list, without padding.

    Args:
        names: one a scene.
        image: float32 (B, 3, H, W) in [-1, 1], or None.
        label: int64 (B, H, W).
        instance: int32 (B, H, W).
        objects: N of them, images in order; none at all is fine.
        image_index: int64 (N,), which image each object is in.
        part: uint8 (B, H, W), or None.
        unlabelled: those of each scene; () = there are none.
    """

    names: tuple[str, ...]
    image: Tensor | None
    label: Tensor
    instance: Tensor
    objects: tuple[SceneObject, ...]
    image_index: Tensor
    part: Tensor | None = None
    unlabelled: tuple[tuple[SceneObject, ...], ...] = ()

    def __post_init__(self) -> None:
        check_tensor("label", self.label, torch.int64, 3)
        check_tensor("instance", self.instance, torch.int32, 3)
        check_tensor("image_index", self.image_index, torch.int64, 1)
        if self.image is not None:
            check_tensor("image", self.image, torch.float32, 4)
        if len(self.objects) != len(self.image_index):
            raise ShapeMismatchError(
                "every object needs its image", found=len(self.image_index), expected=len(self.objects)
            )

    @classmethod
    def from_scenes(cls, scenes: Sequence[Scene]) -> "SceneBatch":
        """Stack scenes of one size; images go from uint8 0..255 to float32 -1..1."""
        images = [scene.image for scene in scenes if scene.image is not None]
        parts = [scene.part for scene in scenes if scene.part is not None]
        index = [i for i, scene in enumerate(scenes) for _ in scene.objects]
        return cls(
            names=tuple(scene.name for scene in scenes),
            image=image_float(torch.stack(images)) if len(images) == len(scenes) else None,
            label=torch.stack([scene.label for scene in scenes]),
            instance=torch.stack([scene.instance for scene in scenes]),
            objects=tuple(item for scene in scenes for item in scene.objects),
            image_index=torch.tensor(index, dtype=torch.int64),
            part=torch.stack(parts) if len(parts) == len(scenes) else None,
            unlabelled=tuple(scene.unlabelled for scene in scenes),
        )

    def to(self, device: torch.device | str) -> "SceneBatch":
        """The same batch with its tensors on `device`."""
        there: Any = {name: value.to(device) for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **there)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.label.shape[-2], self.label.shape[-1]
