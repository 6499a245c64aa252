"""Hypothesis strategies for object shapes and for scenes full of objects: shared vocabulary of the shape tests.

Sides are small and tensors are made on the CPU, to be moved by the test.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from hypothesis import strategies as st
from jaxtyping import Int
from torch import Tensor

from ipose.shapes.crop_geometry import CropGeometry, crop_geometry

Draw = Callable[..., Any]
"""hypothesis' `DrawFn`, which is a protocol that run-time type checkers cannot check."""


@st.composite
def object_shapes(draw: Draw, side: int = 6) -> Tensor:
    """Silhouettes: float32 (side, side), 0 or 1, at least one pixel."""
    pixels = draw(st.lists(st.booleans(), min_size=side * side, max_size=side * side).filter(any))
    return torch.tensor(pixels).float().view(side, side)


@st.composite
def coverages(draw: Draw, side: int = 5) -> Tensor:
    """Shapes with soft pixels, as the centres of k-means have: float64 (side, side) in [0, 1], not empty."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    return torch.rand(side, side, generator=generator, dtype=torch.float64).clamp(min=1e-3)


@dataclass(frozen=True, eq=False)
class ObjectScene:
    """A batch of maps with a flat list of objects: everything that cropping and pasting read.

    Args:
        label: int64 (b, h, w), class ids.
        instance: int32 (b, h, w), instance ids.
        class_ids: int64 (n,); `instance_ids`, `image_index` likewise.
        instance_ids: see `class_ids`.
        image_index: see `class_ids`; ascending.
        boxes: int64 (n, 4), min row, max row, min col, max col, inclusive.
        original_size: int64 (n, 2), (height, width) of the photograph, (1, 1) = not squashed.
    """

    label: Int[Tensor, "b h w"]
    instance: Int[Tensor, "b h w"]
    class_ids: Int[Tensor, " n"]
    instance_ids: Int[Tensor, " n"]
    image_index: Int[Tensor, " n"]
    boxes: Int[Tensor, "n 4"]
    original_size: Int[Tensor, "n 2"]

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of the maps."""
        return self.label.shape[1], self.label.shape[2]

    @property
    def geometry(self) -> CropGeometry:
        """Of the objects."""
        return crop_geometry(self.boxes, self.original_size, self.image_size)

    def to(self, device: torch.device) -> "ObjectScene":
        """The same scene on `device`."""
        return ObjectScene(*(tensor.to(device) for tensor in vars(self).values()))

    def select(self, index: Tensor) -> "ObjectScene":
        """The same maps with some of the objects, in the order of `index`."""
        names = ("class_ids", "instance_ids", "image_index", "boxes", "original_size")
        return replace(self, **{name: getattr(self, name)[index] for name in names})

    def image(self, i: int) -> "ObjectScene":
        """Image i alone with its objects."""
        chosen = self.select((self.image_index == i).nonzero().flatten())
        alone = chosen.image_index * 0
        return replace(chosen, label=self.label[i : i + 1], instance=self.instance[i : i + 1], image_index=alone)


@st.composite
def object_scenes(
    draw: Draw, min_objects: int = 0, max_objects: int = 4, images: int = 2, max_side: int = 26
) -> ObjectScene:
    """Scenes with ragged objects that overlap, touch borders and have odd sides; some were squashed.

    Boxes are drawn freely, so that a box may be larger than what is left of its object, or cut it. An object is known
    by the pair (class, instance id) alone: classes and ids each occur several times.
    """
    height, width = draw(st.integers(8, max_side)), draw(st.integers(8, max_side))
    count = draw(st.integers(min_objects, max_objects))
    image_index = sorted(draw(st.lists(st.integers(0, images - 1), min_size=count, max_size=count)))
    label, instance = torch.zeros(images, height, width).long(), torch.zeros(images, height, width).int()
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    boxes, sizes = [], []
    for i, image in enumerate(image_index):
        (top, bottom), (left, right) = draw(_ranges(height)), draw(_ranges(width))
        ragged = torch.rand(bottom - top + 1, right - left + 1, generator=generator) < 0.8
        for plane, value in ((label, 1 + i % 2), (instance, 1 + i // 2)):
            plane[image, top : bottom + 1, left : right + 1][ragged] = value
        boxes.append((top, bottom, left, right))
        sizes.append(draw(st.sampled_from([(1, 1), (height, width), (480, 640), (640, 427), (37, 24)])))
    return ObjectScene(
        label,
        instance,
        torch.arange(count) % 2 + 1,
        torch.arange(count) // 2 + 1,
        torch.tensor(image_index, dtype=torch.int64),
        torch.tensor(boxes, dtype=torch.int64).reshape(-1, 4),
        torch.tensor(sizes, dtype=torch.int64).reshape(-1, 2),
    )


@st.composite
def _ranges(draw: Draw, side: int) -> tuple[int, int]:
    low = draw(st.integers(0, side - 3))
    return low, draw(st.integers(low + 2, side - 1))
