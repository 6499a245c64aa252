"""A small world to draw: two classes of things, two of stuff."""

import pytest
import torch

from ipose.label_spec import LabelClass, LabelSpec
from ipose.part_annotations import SupportSet
from ipose.types import Box, Scene, SceneObject

SPEC = LabelSpec(
    "small",
    (
        LabelClass("sky", 0, (150, 190, 230)),
        LabelClass("car", 1, (30, 60, 160), thing=True, part_category="car"),
        LabelClass("cat", 2, (200, 120, 60), thing=True, part_category="cat"),
        LabelClass("road", 3, (90, 90, 90)),
    ),
)


@pytest.fixture
def spec() -> LabelSpec:
    return SPEC


@pytest.fixture
def scene() -> Scene:
    """8x8: two cars side by side (columns 1-2 and 3-4, rows 2-5), a cat (row 6, columns 6-7), sky above, road below."""
    label, instance = torch.zeros(8, 8, dtype=torch.int64), torch.zeros(8, 8, dtype=torch.int32)
    part = torch.zeros(8, 8, dtype=torch.uint8)
    label[7] = 3
    label[2:6, 1:5], instance[2:6, 1:3], instance[2:6, 3:5] = 1, 1, 2
    part[2:4, 1:5], part[4:6, 1:4] = 1, 2  # one car's lower right column has no part
    label[6, 6:8], instance[6, 6:8], part[6, 6:8] = 2, 1, 3
    objects = (
        SceneObject(1, 1, "car", Box(2, 5, 1, 2)),
        SceneObject(1, 2, "car", Box(2, 5, 3, 4)),
        SceneObject(2, 1, "cat", Box(6, 6, 6, 7)),
    )
    return Scene("val/one", torch.full((3, 8, 8), 200, dtype=torch.uint8), label, instance, objects, part)


@pytest.fixture
def supports() -> SupportSet:
    maps = torch.zeros(3, 64, 64, dtype=torch.uint8)
    maps[:, 16:48, 8:56], maps[:, 40:48, 8:56] = 1, 2
    return SupportSet({"car": ("window", "wheel"), "cat": ("head", "tail")}, {"car": maps, "cat": maps.flip(1)})
