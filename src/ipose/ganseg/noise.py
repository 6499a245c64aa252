"""The noise of images: for a batch in training, or for a numbered image, which is then the same in any batch."""

import hashlib
from collections.abc import Sequence

import torch

from ipose.ganseg.generator import GANSegNoise
from ipose.ganseg.presets import GANSegConfig


def draw_noise(config: GANSegConfig, count: int, generator: torch.Generator) -> GANSegNoise:
    """Noise of `count` images, on the CPU: normal, with a background position uniform in [-1, 1]^2.

    Args:
        config: gives the widths.
        count: number of images.
        generator: on the CPU.
    """
    points, background, parts = (
        torch.randn(count, config.noise_channels, generator=generator) for _ in ("points", "background", "parts")
    )
    return GANSegNoise(points, background, parts, 2 * torch.rand(count, 2, generator=generator) - 1)


def numbered_noise(config: GANSegConfig, seed: int, numbers: Sequence[int]) -> GANSegNoise:
    """The noise of numbered images. Each depends only on (seed, its number)."""
    each = [draw_noise(config, 1, _generator(seed, number)) for number in numbers]
    return GANSegNoise(*(torch.cat(pieces) for pieces in zip(*each, strict=True)))


def _generator(seed: int, number: int) -> torch.Generator:
    digest = hashlib.sha256(f"ganseg/{seed}/{number}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
