"""Another texture: new noise in the whole scene, in one object or in one part (iPOSE fig. 5), or between two seeds."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from ipose.editing.contexts import NoiseContext, PixelNoise
from ipose.editing.edit import Edit
from ipose.errors import ConfigError


@dataclass(frozen=True)
class Resample(Edit):
    """New texture noise z in one region. The structure noise stays.

    The label map, the parts and z outside the region stay the same, bit for bit. The image changes mostly inside the
    region. It can also change around it, because the convolutions reach that far.

    Args:
        everything: the whole scene.
        object: number of an object, counted from 0.
        part: (number of an object, name of a part).
        seed: of the new noise. None = the one after the scene's own.
    Raises:
        ConfigError: not exactly one region is given. In use: no such object or part.
    """

    everything: bool = False
    object: int | None = None
    part: tuple[int, str] | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        given = {"everything": self.everything, "object": self.object is not None, "part": self.part is not None}
        if sum(given.values()) != 1:
            found = " and ".join(name for name, there in given.items() if there) or "nothing"
            expected = "one of everything=True, object=2, part=(2, 'wheel')"
            raise ConfigError("what shall be drawn anew?", field="Resample", found=found, expected=expected)

    def redraw(self, noise: PixelNoise, context: NoiseContext) -> PixelNoise:
        """The noise with fresh `z` in the region."""
        fresh = context.noise(context.seed + 1 if self.seed is None else self.seed)
        return noise._replace(z=torch.where(self._region(context), fresh.z, noise.z))

    def _region(self, context: NoiseContext) -> Bool[Tensor, "h w"]:
        if self.object is not None:
            return context.object_region(self.object)
        return context.everywhere() if self.part is None else context.part_region(*self.part)


@dataclass(frozen=True)
class Blend(Edit):
    """Noise between that of two seeds a and b: ((1 - t) a + t b) / sqrt((1 - t)^2 + t^2).

    The generator expects standard normal noise. The root keeps it so at every t.

    Args:
        seed_a: the noise at t = 0.
        seed_b: the noise at t = 1.
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

    def redraw(self, noise: PixelNoise, context: NoiseContext) -> PixelNoise:
        """The noise between the two seeds', of variance 1 for every `t`."""
        a, b = context.noise(self.seed_a), context.noise(self.seed_b)
        return PixelNoise(self._between(a.z, b.z), self._between(a.part_noise, b.part_noise))

    def _between(self, a: Tensor, b: Tensor) -> Tensor:
        return ((1 - self.t) * a + self.t * b) / math.hypot(1 - self.t, self.t)
