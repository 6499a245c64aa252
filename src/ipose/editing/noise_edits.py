"""Another texture: new noise in the whole scene, in one object or in one part (iPOSE fig. 5), or between two seeds."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from ipose.editing.edit import Edit
from ipose.editing.region import PixelNoise, Seen
from ipose.errors import ConfigError


@dataclass(frozen=True)
class Resample(Edit):
    """New texture noise z in a region, and only there; the structure noise stays.

    The label map, the parts and z outside the region are what they were, bit for bit. The image changes mostly inside;
    what the convolutions reach around the region may change too.

    Args:
        everything: the whole scene.
        object: number of an object, as the scene counts them from 0.
        part: (number of an object, name of a part).
        seed: of the new noise; None = the one after the scene's own.
    Raises:
        ConfigError: not exactly one region is named; on use: no such object or part.
    """

    everything: bool = False
    object: int | None = None
    part: tuple[int, str] | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        named = [
            name
            for name, given in (
                ("everything", self.everything),
                ("object", self.object is not None),
                ("part", self.part is not None),
            )
            if given
        ]
        if len(named) != 1:
            raise ConfigError(
                "what shall be drawn anew?",
                field="Resample",
                found=" and ".join(named) or "nothing",
                expected="one of everything=True, object=2, part=(2, 'wheel')",
            )

    def redraw(self, noise: PixelNoise, seen: Seen) -> PixelNoise:
        """The noise with fresh `z` in the region."""
        fresh = seen.noise(seen.seed + 1 if self.seed is None else self.seed)
        return noise._replace(z=torch.where(self._region(seen), fresh.z, noise.z))

    def _region(self, seen: Seen) -> Bool[Tensor, "h w"]:
        if self.object is not None:
            return seen.object_region(self.object)
        return seen.everywhere() if self.part is None else seen.part_region(*self.part)


@dataclass(frozen=True)
class Blend(Edit):
    """Noise between that of two seeds: t = 0 is the scene with `seed_a`, t = 1 with `seed_b`.

    ((1 - t) a + t b) / sqrt((1 - t)^2 + t^2): standard normal again at every t, as the generator expects it.

    Args:
        seed_a: at t = 0.
        seed_b: at t = 1.
        t: in [0, 1].
    Raises:
        ConfigError: t outside [0, 1].
    """

    seed_a: int
    seed_b: int
    t: float

    def __post_init__(self) -> None:
        if not 0 <= self.t <= 1:
            raise ConfigError("a blend lies between its seeds", field="t", found=self.t, expected="0..1")

    def redraw(self, noise: PixelNoise, seen: Seen) -> PixelNoise:
        """The noise between the two seeds', of variance 1 for every `t`."""
        a, b = seen.noise(self.seed_a), seen.noise(self.seed_b)
        return PixelNoise(self._between(a.z, b.z), self._between(a.part_noise, b.part_noise))

    def _between(self, a: Tensor, b: Tensor) -> Tensor:
        return ((1 - self.t) * a + self.t * b) / math.hypot(1 - self.t, self.t)
