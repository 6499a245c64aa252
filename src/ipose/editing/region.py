"""Where noise is drawn anew: the whole scene, one object, or one part of one object."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from ipose.editing.draft import Draft
from ipose.errors import ConfigError
from ipose.synthesis.presets import SynthesisConfig
from ipose.synthesis.scene_noise import scene_noise


class PixelNoise(NamedTuple):
    """The noise of one scene, with a texture vector for every pixel.

    Args:
        z: (z_channels, h, w), texture noise.
        part_noise: (part_noise_channels, h/m, w/m), structure noise of regions without parts; m = size_multiple.
    """

    z: Float[Tensor, "z h w"]
    part_noise: Float[Tensor, "n h0 w0"]


def pixel_noise(config: SynthesisConfig, size: tuple[int, int], seed: int, name: str) -> PixelNoise:
    """The noise of (seed, scene name), as `ipose.synthesis.scene_noise` draws it, with z at every pixel."""
    noise = scene_noise(config, size, seed, name)
    return PixelNoise(noise.z[:, None, None].expand(-1, *size), noise.part_noise)


@dataclass(frozen=True, eq=False)
class Seen:
    """What is known when noise is redrawn.

    Args:
        draft: the prepared scene and supports.
        parts: part ids 0..8 inferred for it, on the CPU.
        seed: of the noise that the scene came with.
        config: of the generator.
    """

    draft: Draft
    parts: UInt8[Tensor, "h w"]
    seed: int
    config: SynthesisConfig

    def noise(self, seed: int) -> PixelNoise:
        """The scene's noise of another seed."""
        return pixel_noise(self.config, self.draft.scene.size, seed, self.draft.scene.name)

    def object_region(self, number: int) -> Bool[Tensor, "h w"]:
        """The pixels of an object. Raises ConfigError where there is no such object."""
        item, scene = self.draft.object_named(number), self.draft.scene
        return (scene.label == item.class_id) & (scene.instance == item.instance_id)

    def part_region(self, number: int, part: str) -> Bool[Tensor, "h w"]:
        """The pixels of an object that PartNet takes for a part.

        Raises:
            ConfigError: no such object, a part that its category does not have, or one that it does not show here.
        """
        names = self.draft.part_names(self.draft.object_named(number))
        if part not in names:
            raise ConfigError(
                f"object {number} has no such part",
                field="part",
                found=repr(part),
                expected=", ".join(names) or "an object whose class has parts, and a model that knows them by name",
            )
        own = self.object_region(number)
        region = own & (self.parts == names.index(part) + 1)
        if not bool(region.any()):
            shown = [name for i, name in enumerate(names, start=1) if bool((own & (self.parts == i)).any())]
            raise ConfigError(
                f"object {number} shows no {part} here",
                field="part",
                expected=", ".join(shown) or None,
                mend="" if shown else "PartNet saw none of its parts; edit the whole object.",
            )
        return region

    def everywhere(self) -> Bool[Tensor, "h w"]:
        """All pixels."""
        return torch.ones(self.draft.scene.size, dtype=torch.bool)
