"""A tiny data set for tests: a spec, and random scenes of it, in memory or written as a scene folder."""

from pathlib import Path

import numpy as np
import torch

from ipose.data.object_index import index_objects
from ipose.data.scene_folder import write_scene_folder
from ipose.label_spec import LabelClass, LabelSpec
from ipose.types import Scene

SPEC: LabelSpec = LabelSpec(
    "tiny",
    (
        LabelClass("void", 255, (0, 0, 0)),
        LabelClass("sky", 2, (0, 0, 255)),
        LabelClass("car", 7, (255, 0, 0), thing=True, part_category="car"),
        LabelClass("dog", 9, (0, 255, 0), thing=True, part_category="dog"),
        LabelClass("box", 11, (0, 255, 99), thing=True),
    ),
    unknown=0,
)
"""Void, sky, and three things, of which car and dog have parts; file ids differ from class ids."""

CAR, DOG, BOX = 2, 3, 4
"""Class ids of the things."""


def make_scene(seed: int, size: tuple[int, int] = (32, 48), name: str = "") -> Scene:
    """Sky with a car, a dog and a box as rectangles at random places; car and dog have parts 1 and 2 in halves."""
    rng = np.random.default_rng(seed)
    label = np.ones(size, dtype=np.int64)
    instance = np.zeros(size, dtype=np.int32)
    part = np.zeros(size, dtype=np.uint8)
    label[0, 0] = 0
    for number, class_id in enumerate((BOX, DOG, CAR), start=1):
        top, left = rng.integers(0, size[0] - 13), rng.integers(0, size[1] - 13)
        height, width = rng.integers(4, 13, 2)
        area = np.s_[top : top + height, left : left + width]
        label[area], instance[area] = class_id, number
        part[area] = 0 if class_id == BOX else 1
        if class_id != BOX:
            part[top : top + height // 2, left : left + width] = 2
    image = torch.from_numpy(rng.integers(0, 255, (3, *size), dtype=np.uint8))
    maps = torch.from_numpy(label), torch.from_numpy(instance)
    return Scene(name or f"scene{seed:03d}", image, *maps, index_objects(*maps, SPEC), torch.from_numpy(part))


def write_scenes(root: Path, split: str = "train", count: int = 3, size: tuple[int, int] = (32, 48)) -> list[Scene]:
    """Write scenes 0, 1, ... as a split of a scene folder, and return them."""
    scenes = [make_scene(seed, size) for seed in range(count)]
    write_scene_folder(scenes, root, split, SPEC)
    return scenes
