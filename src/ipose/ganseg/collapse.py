"""Whether the parts are in use: how much of the images each covers, how evenly, and whether they move."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.ganseg.generator import GANSegOutput

DEAD = 1e-3
"""A part is unused if it covers less than this share of the images."""

LEAST_ENTROPY, FOREGROUND, LEAST_MOTION = 0.5, (0.02, 0.75), 0.01
"""The parts have collapsed if entropy or motion are below these, or the foreground is outside this range."""


@dataclass(frozen=True, eq=False)
class PartUsage:
    """Statistics of the parts in some generated images.

    Args:
        coverage: (k,), share of all pixels whose most likely channel is the part.
        entropy: of the foreground's division among the parts, over log k: 1 = all have the same share, 0 = one part has
            everything.
        motion: standard deviation of the parts' centres between images, in [-1, 1] coordinates.
    """

    coverage: Float[Tensor, " k"]
    entropy: float
    motion: float

    @property
    def foreground(self) -> float:
        """Share of all pixels that belong to a part."""
        return float(self.coverage.sum())

    @property
    def dead(self) -> list[int]:
        """Numbers of the parts, from 1, that cover almost nothing."""
        return [k + 1 for k, share in enumerate(self.coverage.tolist()) if share < DEAD]

    def warnings(self) -> list[str]:
        """What looks wrong, in one sentence each. Empty if the parts are in use. The first thousand steps can warn."""
        found, parts = [], len(self.coverage)
        if not FOREGROUND[0] <= self.foreground <= FOREGROUND[1]:
            found.append(f"the foreground covers {100 * self.foreground:.1f} % of the images")
        if self.dead and self.foreground > 0:
            found.append(f"{len(self.dead)} of {parts} parts cover nothing ({', '.join(map(str, self.dead))})")
        if parts > 1 and self.entropy < LEAST_ENTROPY:
            found.append(f"few parts have most of the foreground (entropy {self.entropy:.2f} of 1)")
        if self.motion < LEAST_MOTION:
            found.append(f"the parts hardly move between images ({self.motion:.3f})")
        return found

    def record(self) -> dict[str, float]:
        """Plain numbers for metrics.jsonl."""
        shares = {f"part_{k + 1}": round(share, 5) for k, share in enumerate(self.coverage.tolist())}
        return {**shares, "entropy": round(self.entropy, 4), "motion": round(self.motion, 4)}


def part_usage(output: GANSegOutput) -> PartUsage:
    """Coverage, entropy and motion of the parts of some images."""
    winners = output.mask.argmax(1)
    coverage = torch.stack([(winners == k).float().mean() for k in range(output.mask.shape[1] - 1)]).cpu()
    motion = float(output.centres.std(0, correction=0).mean()) if len(output.centres) else 0.0
    return PartUsage(coverage, _entropy(coverage), motion)


def _entropy(coverage: Tensor) -> float:
    if len(coverage) < 2 or float(coverage.sum()) <= 0:
        return 0.0
    share = coverage / coverage.sum()
    return float(-(share * share.clamp_min(1e-12).log()).sum()) / math.log(len(coverage))
