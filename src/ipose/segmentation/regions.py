"""Regions: each class, and each part of its objects, as a class of its own. So one segmenter tells parts apart, too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Int64
from torch import Tensor

from ipose.errors import DataError
from ipose.label_spec import LabelClass, LabelSpec
from ipose.part_annotations import PART_CHANNELS
from ipose.types import Scene


@dataclass(frozen=True)
class Regions:
    """What the ids of regions stand for. A class without parts is one region, another one 1 + its number of parts.

    Args:
        spec: of the scenes.
        part_names: of each part category of the spec.
    """

    spec: LabelSpec
    part_names: Mapping[str, Sequence[str]]

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """(class id, part id) of each region. Part 0 = a pixel of the class without a part."""
        names = [self.part_names.get(item.part_category or "", ()) for item in self.spec.classes]
        return tuple((i, part) for i, parts in enumerate(names) for part in range(1 + len(parts)))

    @property
    def region_spec(self) -> LabelSpec:
        """The regions as classes: "cat", "cat head", ... Parts have other colours than their class."""
        classes = []
        for number, (class_id, part) in enumerate(self.pairs):
            item = self.spec.classes[class_id]
            name = f"{item.name} {self.part_names[item.part_category or ''][part - 1]}" if part else item.name
            r, g, b = ((value + 61 * part) % 256 for value in item.color)
            classes.append(LabelClass(name, number, (r, g, b)))
        unknown = None if self.spec.unknown is None else self.pairs.index((self.spec.unknown, 0))
        return LabelSpec(f"{self.spec.name}, parts", tuple(classes), unknown)

    def of(self, scene: Scene) -> Int64[Tensor, "h w"]:
        """The region of each pixel. A scene without a part map has classes alone.

        Raises:
            DataError: a part that the class does not have.
        """
        region_of = torch.full((self.spec.num_classes, PART_CHANNELS), -1)
        for number, (class_id, part) in enumerate(self.pairs):
            region_of[class_id, part] = number
        part_map = torch.zeros_like(scene.label) if scene.part is None else scene.part.long()
        regions = region_of[scene.label, part_map]
        if (strange := regions < 0).any():
            class_id, part = int(scene.label[strange][0]), int(part_map[strange][0])
            name = self.spec.classes[class_id].name
            known = ", ".join(self.part_names.get(self.spec.classes[class_id].part_category or "", ())) or "none"
            what, mend = "a part without a name", "Name the parts of each category in dataset.toml."
            raise DataError(what, file=scene.name, found=f"part {part} of {name}", expected=known, mend=mend)
        return regions

    def scene(self, scene: Scene) -> Scene:
        """The scene with the regions as its label map. Raises DataError as `of` does."""
        return replace(scene, label=self.of(scene), part=None, objects=(), unlabelled=())
