"""The noise of a scene, OASIS's "3D noise" among it, drawn on the CPU from (seed, scene name).

So a seed gives the same image in any batch.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.seeds import named_generator
from ipose.synthesis.presets import SynthesisConfig


class SceneNoise(NamedTuple):
    """The noise of one image. `batch_noise` adds an axis of images in front.

    Args:
        z: (z_channels,), texture noise, the same at every pixel.
        part_noise: (part_noise_channels, h/m, w/m), structure noise for regions without parts; m = size_multiple.
    """

    z: Float[Tensor, "*b z"]
    part_noise: Float[Tensor, "*b n h0 w0"]


def scene_noise(config: SynthesisConfig, size: tuple[int, int], seed: int, name: str) -> SceneNoise:
    """Standard normal noise of one scene.

    Args:
        config: gives the numbers of channels.
        size: (height, width) of the scene in pixels.
        seed: any integer.
        name: of the scene.
    """
    generator = named_generator(seed, name)
    z = torch.randn(config.z_channels, generator=generator)
    start = (size[0] // config.size_multiple, size[1] // config.size_multiple)
    return SceneNoise(z, torch.randn(config.part_noise_channels, *start, generator=generator))


def batch_noise(
    config: SynthesisConfig, size: tuple[int, int], seed: int | Sequence[int], names: Sequence[str]
) -> SceneNoise:
    """The noise of each named scene, stacked: z (b, Z) and part_noise (b, N, h/m, w/m), on the CPU.

    Args:
        config: gives the numbers of channels.
        size: (height, width) of the scenes in pixels.
        seed: of all scenes, or one each.
        names: of the scenes.
    """
    seeds = [seed] * len(names) if isinstance(seed, int) else seed
    noises = [scene_noise(config, size, own, name) for own, name in zip(seeds, names, strict=True)]
    return SceneNoise(torch.stack([noise.z for noise in noises]), torch.stack([noise.part_noise for noise in noises]))
