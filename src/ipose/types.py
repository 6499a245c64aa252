"""The nouns of the system: frozen values, checked at the door, so that no module downstream checks them again.

Axes (one legend for the whole package): `b` images, `h w` pixels, `c` classes, `n` objects, `k` supports, `q` part
channels (0 = not a part, 1..8 = parts), `s` side of an object crop (64), `f` features per part channel.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from ipose.errors import ShapeMismatchError, SpecError, SupportError
from ipose.images import image_float

PART_CHANNELS = 9
"""Q: channel 0 is everything that is no part, 1..8 are parts (iPOSE suppl. B)."""

CROP_SIZE = 64
"""S: side of the square object frame in pixels (iPOSE sec. 3.1)."""


def _check(name: str, tensor: Tensor, dtype: torch.dtype, ndim: int) -> None:
    if tensor.dtype != dtype or tensor.ndim != ndim:
        raise ShapeMismatchError(
            "tensor breaks its contract",
            field=name,
            found=f"{tensor.dtype} with shape {tuple(tensor.shape)}",
            expected=f"{dtype} with {ndim} axes",
        )


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
        objects: the object index of this scene, in painting order.
        part: uint8 (H, W) true part ids 0..8, or None where the data set has none.
    """

    name: str
    image: Tensor | None
    label: Tensor
    instance: Tensor
    objects: tuple[SceneObject, ...] = ()
    part: Tensor | None = None

    def __post_init__(self) -> None:
        _check("label", self.label, torch.int64, 2)
        _check("instance", self.instance, torch.int32, 2)
        if self.image is not None:
            _check("image", self.image, torch.uint8, 3)
        if self.part is not None:
            _check("part", self.part, torch.uint8, 2)
        sizes = {
            key: tuple(tensor.shape[-2:])
            for key, tensor in (
                ("image", self.image),
                ("label", self.label),
                ("instance", self.instance),
                ("part", self.part),
            )
            if tensor is not None
        }
        if len(set(sizes.values())) > 1:
            raise ShapeMismatchError(
                f"the maps of scene {self.name!r} differ in size", found=sizes, expected="one height and width"
            )

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
    """

    names: tuple[str, ...]
    image: Tensor | None
    label: Tensor
    instance: Tensor
    objects: tuple[SceneObject, ...]
    image_index: Tensor
    part: Tensor | None = None

    def __post_init__(self) -> None:
        _check("label", self.label, torch.int64, 3)
        _check("instance", self.instance, torch.int32, 3)
        _check("image_index", self.image_index, torch.int64, 1)
        if self.image is not None:
            _check("image", self.image, torch.float32, 4)
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
        )

    def to(self, device: torch.device | str) -> "SceneBatch":
        """The same batch with its tensors on `device`."""
        return replace(
            self,
            image=None if self.image is None else self.image.to(device),
            label=self.label.to(device),
            instance=self.instance.to(device),
            image_index=self.image_index.to(device),
            part=None if self.part is None else self.part.to(device),
        )

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.label.shape[-2], self.label.shape[-1]


@dataclass(frozen=True, eq=False)
class PartPair:
    """What PartNet learns from: an object shape with its part map.

    Args:
        category: name of the part category.
        shape: bool (S, S), the silhouette.
        part_map: uint8 (S, S), 0 = no part, 1..8 = parts.
        name: where it came from, for messages and sheets.
    """

    category: str
    shape: Tensor
    part_map: Tensor
    name: str = ""

    def __post_init__(self) -> None:
        _check("shape", self.shape, torch.bool, 2)
        _check("part_map", self.part_map, torch.uint8, 2)
        if self.shape.shape != self.part_map.shape:
            raise ShapeMismatchError(
                f"shape and part map of {self.name or self.category!r} differ in size",
                found=tuple(self.part_map.shape),
                expected=tuple(self.shape.shape),
            )
        if int(self.part_map.max()) >= PART_CHANNELS:
            raise ShapeMismatchError(
                f"part id in {self.name or self.category!r}", found=int(self.part_map.max()), expected="0..8"
            )


@dataclass(frozen=True, eq=False)
class SupportSet:
    """The k annotated part maps of every part category: all that PartNet knows of a category's parts.

    Args:
        part_names: per category, the names of parts 1, 2, ...
        part_maps: per category, uint8 (k, S, S); the same k for all.
    """

    part_names: Mapping[str, tuple[str, ...]]
    part_maps: Mapping[str, Tensor]

    def __post_init__(self) -> None:
        if set(self.part_names) != set(self.part_maps):
            raise SupportError(
                "categories with part names and with part maps differ",
                found=sorted(self.part_maps),
                expected=sorted(self.part_names),
            )
        for category, maps in self.part_maps.items():
            _check(f"supports of {category}", maps, torch.uint8, 3)
            if int(maps.max()) > len(self.part_names[category]) or int(maps.max()) >= PART_CHANNELS:
                raise SupportError(
                    f"part id in the supports of {category!r}",
                    found=int(maps.max()),
                    expected=f"0..{min(len(self.part_names[category]), PART_CHANNELS - 1)}",
                    mend="Name the part in supports.json, or repaint the map.",
                )
        if len({tuple(maps.shape) for maps in self.part_maps.values()}) > 1:
            raise SupportError(
                "every category needs the same number of supports of one size",
                found={category: tuple(maps.shape) for category, maps in self.part_maps.items()},
            )

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(self.part_maps)

    @property
    def k(self) -> int:
        """Supports per category."""
        return next(iter(self.part_maps.values())).shape[0] if self.part_maps else 0

    def of(self, categories: Sequence[str]) -> Tensor:
        """Supports of each object's category: uint8 (N, k, S, S). Raises SupportError for a category that has none."""
        missing = [name for name in dict.fromkeys(categories) if name not in self.part_maps]
        if missing:
            raise SupportError(
                f"no supports for part category {', '.join(map(repr, missing))}",
                found=", ".join(self.categories) or "an empty support set",
                mend=f"Draw them (ipose supports check DIR) in a folder named {missing[0]}, "
                "or build them from part pairs (ipose supports build).",
            )
        if not categories:
            return torch.zeros(0, max(self.k, 1), CROP_SIZE, CROP_SIZE, dtype=torch.uint8)
        return torch.stack([self.part_maps[category] for category in categories])


@dataclass(frozen=True)
class LabelClass:
    """One semantic class.

    Args:
        name: unique in its spec.
        file_id: the id that stands for it in the label PNGs (0..255); the class id is its position in the spec.
        color: RGB 0..255, for sheets.
        thing: whether its pixels belong to countable objects.
        part_category: name of the part category whose supports serve its objects; None = no parts.
    """

    name: str
    file_id: int
    color: tuple[int, int, int]
    thing: bool = False
    part_category: str | None = None


@dataclass(frozen=True)
class LabelSpec:
    """What the ids of a data set mean: the one place that knows class names, colours, things and parts.

    Args:
        name: of the data set.
        classes: class id = position.
        unknown: class id of pixels without annotation, weight 0 in the losses; None where the data set has none.
        instance_layout: how instance PNGs number objects. "pairs": any id >= 0, an object is a (class, id) pair;
            "cityscapes": objects are ids >= 1000 that equal file_id * 1000 + number, smaller ids are no object.
    """

    name: str
    classes: tuple[LabelClass, ...]
    unknown: int | None = None
    instance_layout: str = "pairs"

    def __post_init__(self) -> None:
        if not self.classes:
            raise SpecError(f"spec {self.name!r} has no classes", field="classes")
        for what, values in (
            ("names", [str(c.name) for c in self.classes]),
            ("file ids", [str(c.file_id) for c in self.classes]),
        ):
            doubled = sorted({value for value in values if values.count(value) > 1})
            if doubled:
                raise SpecError(
                    f"spec {self.name!r} has duplicate {what}",
                    field="classes",
                    found=", ".join(doubled),
                    expected="each once",
                    mend="Rename or renumber one of them.",
                )
        if self.unknown is not None and not 0 <= self.unknown < len(self.classes):
            raise SpecError(
                f"spec {self.name!r} has no such unknown class",
                field="unknown",
                found=self.unknown,
                expected=f"0..{len(self.classes) - 1}",
            )
        if self.instance_layout not in ("pairs", "cityscapes"):
            raise SpecError(
                f"spec {self.name!r} has no such instance layout",
                field="instance_layout",
                found=self.instance_layout,
                expected="pairs or cityscapes",
            )

    @property
    def num_classes(self) -> int:
        return len(self.classes)

    @property
    def part_categories(self) -> tuple[str, ...]:
        """Part categories in use, each once, in class order."""
        return tuple(dict.fromkeys(c.part_category for c in self.classes if c.part_category is not None))


@dataclass(frozen=True)
class Phase:
    """One optimizer step of a training system: which networks learn, and from which losses.

    Args:
        name: unique in its system, e.g. "generator".
        networks: names of the networks (keys of `Objective.networks`) that learn; the loop freezes the others.
        optimizer: key of `Objective.optimizers`.
        losses: computes the named loss terms, each a scalar, already weighted; their sum is minimised. Called once,
            when the phase begins, so a later phase sees what an earlier one changed.
    """

    name: str
    networks: tuple[str, ...]
    optimizer: str
    losses: Callable[[], Mapping[str, Tensor]] = field(repr=False)


@runtime_checkable
class Objective(Protocol):
    """What the one training loop trains: networks by name, optimizers by name, and the phases of a batch."""

    networks: Mapping[str, nn.Module]
    optimizers: Mapping[str, torch.optim.Optimizer]

    def phases(self, batch: Any, generator: torch.Generator) -> Iterator[Phase]:
        """The steps for one batch, lazily: the loop finishes one before it asks for the next.

        Args:
            batch: on the device of the networks.
            generator: on the CPU, seeded by the loop from (seed, step): the only source of randomness, so that a
                resumed run draws what an undisturbed one would have drawn.
        """
        ...
