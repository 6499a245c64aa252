"""The noise of images: by batch in training, by (seed, number) where an image must be the same in any batch."""

import hashlib
from collections.abc import Sequence

import torch

from ipose.ganseg.generator import GANSegNoise
from ipose.ganseg.presets import GANSegConfig


def draw_noise(config: GANSegConfig, count: int, generator: torch.Generator) -> GANSegNoise:
    """Noise of `count` images, on the CPU: normal, and a background position uniform in [-1, 1]^2.

    Args:
        config: says how wide.
        count: images.
        generator: on the CPU.
    """
    points, background, parts = (
        torch.randn(count, config.noise_channels, generator=generator) for _ in ("points", "background", "parts")
    )
    return GANSegNoise(points, background, parts, 2 * torch.rand(count, 2, generator=generator) - 1)


def numbered_noise(config: GANSegConfig, seed: int, numbers: Sequence[int]) -> GANSegNoise:
    """The noise of the images of these numbers under a seed; each depends on (seed, its number) alone."""
    each = [draw_noise(config, 1, _generator(seed, number)) for number in numbers]
    return GANSegNoise(*(torch.cat(pieces) for pieces in zip(*each, strict=True)))


def _generator(seed: int, number: int) -> torch.Generator:
    digest = hashlib.sha256(f"ganseg/{seed}/{number}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
