"""Scenes in batches for the loop, half of them mirrored."""

from collections.abc import Sequence

import torch

from ipose.data.augment import flip_scene
from ipose.types import Scene, SceneBatch


class SceneSource:
    """Training scenes; all randomness comes from the generators that the loop passes.

    Args:
        scenes: of one size, with photographs.
        flip: mirror each scene with probability 1/2 (iPOSE sec. 4.1, as OASIS).
    """

    def __init__(self, scenes: Sequence[Scene], *, flip: bool = True) -> None:
        self.scenes, self.flip = scenes, flip

    def __len__(self) -> int:
        return len(self.scenes)

    def item(self, index: int, generator: torch.Generator) -> Scene:
        """One scene, mirrored or not."""
        mirrored = self.flip and bool(torch.rand((), generator=generator) < 0.5)
        scene = self.scenes[index]
        return flip_scene(scene) if mirrored else scene

    def collate(self, items: Sequence[Scene], generator: torch.Generator) -> SceneBatch:
        """Stack them; nothing is random here."""
        return SceneBatch.from_scenes(items)
