"""What an edit can look up: `NoiseContext` where noise is redrawn, `CodeContext` where codes of classes change."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from ipose.editing.draft import Draft, own_pixels
from ipose.errors import ConfigError
from ipose.groupdnet.model import GroupDNet
from ipose.synthesis.presets import SynthesisConfig
from ipose.synthesis.scene_noise import scene_noise
from ipose.types import Scene


class PixelNoise(NamedTuple):
    """The noise of one scene, with a texture vector for every pixel.

    Args:
        z: (z_channels, h, w), texture noise.
        part_noise: (part_noise_channels, h/m, w/m), structure noise of regions without parts; m = size_multiple.
    """

    z: Float[Tensor, "z h w"]
    part_noise: Float[Tensor, "n h0 w0"]


def pixel_noise(config: SynthesisConfig, size: tuple[int, int], seed: int, name: str) -> PixelNoise:
    """The noise of (seed, scene name) that `ipose.synthesis.scene_noise` draws, with z repeated at every pixel."""
    noise = scene_noise(config, size, seed, name)
    return PixelNoise(noise.z[:, None, None].expand(-1, *size), noise.part_noise)


@dataclass(frozen=True, eq=False)
class NoiseContext:
    """What is known when the noise of a scene is redrawn.

    Args:
        draft: the scene and supports after `Edit.prepare`.
        parts: part ids 0..8 that were inferred for this scene, on the CPU.
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
        return own_pixels(self.draft.scene, self.draft.object_named(number))

    def part_region(self, number: int, part: str) -> Bool[Tensor, "h w"]:
        """The pixels of an object where PartNet sees a part.

        Raises:
            ConfigError: no such object, a part that its category does not have, or one that it does not show here.
        """
        names = self.draft.part_names(self.draft.object_named(number))
        if part not in names:
            known = ", ".join(names) or "an object whose class has parts, and a model that knows them by name"
            raise ConfigError(f"object {number} has no such part", field="part", found=repr(part), expected=known)
        own = self.object_region(number)
        region = own & (self.parts == names.index(part) + 1)
        if not bool(region.any()):
            shown = [name for i, name in enumerate(names, start=1) if bool((own & (self.parts == i)).any())]
            mend = "" if shown else "PartNet saw none of its parts; edit the whole object."
            message = f"object {number} shows no {part} here"
            raise ConfigError(message, field="part", expected=", ".join(shown) or None, mend=mend)
        return region

    def everywhere(self) -> Bool[Tensor, "h w"]:
        """All pixels."""
        return torch.ones(self.draft.scene.size, dtype=torch.bool)


@dataclass(frozen=True, eq=False)
class CodeContext:
    """What is known when the codes of classes change.

    Args:
        scene: after all edits of its maps.
        seed: of the code before the edits.
    """

    model: GroupDNet
    scene: Scene
    seed: int

    def code_of_seed(self, seed: int) -> Float[Tensor, "1 z *grid"]:
        """A code of this scene, drawn with another seed."""
        return self.model.draw([self.scene], seed=seed)

    def code_of_photograph(self, scene: Scene) -> Float[Tensor, "1 z *grid"]:
        """The code of a scene's photograph. Raises DataError where the scene has none."""
        return self.model.encode([scene]).mean

    def class_ids(self, names: tuple[str, ...]) -> list[int]:
        """Ids of classes. Raises ConfigError for an unknown name, and where the model has no code for each class."""
        if self.model.config.code == "vector":
            message = "this model has one code for the whole image, and none for a class"
            mend = "Edit the whole image, or take a model with a code for each class."
            raise ConfigError(message, field="class", found=", ".join(names), mend=mend)
        known = [item.name for item in self.model.spec.classes]
        if unknown := [name for name in names if name not in known]:
            raise ConfigError("no such class", field="class", found=", ".join(unknown), expected=", ".join(known))
        return [known.index(name) for name in names]
