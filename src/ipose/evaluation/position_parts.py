"""Parts from position alone: a baseline for parts that were found without annotation.

It sees neither a photograph nor a true part map, so what found supports are worth begins above what it reaches.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.cluster.vq import kmeans2, vq
from torch import Tensor

from ipose.data.open_data import PartData
from ipose.errors import ConfigError
from ipose.types import PART_CHANNELS, PartPair, SupportSet

MOST_PIXELS = 20_000
"""Pixels that the clusters are found among, spread evenly over all objects."""


def position_supports(pairs: Sequence[PartPair], parts: int, *, k: int = 3, seed: int = 0) -> SupportSet:
    """Supports whose parts are clusters of places: above, left, ...; k-means over the pixels of all objects.

    Args:
        pairs: objects of one category; their part maps are not looked at.
        parts: clusters, 1 to 8.
        k: supports, chosen among the objects as `PartData.choose_supports` does.
        seed: of both k-means.
    Raises:
        ConfigError: another number of parts.
        TooFewObjectsError: fewer than k objects.
    """
    if not 1 <= parts < PART_CHANNELS:
        raise ConfigError(
            "no such number of parts", field="positions", found=parts, expected=f"1 to {PART_CHANNELS - 1}"
        )
    places = [places_in_box(pair.shape) for pair in pairs]
    pool = np.concatenate([place.numpy() for place in places]).astype(np.float64)
    pool = pool[np.linspace(0, len(pool) - 1, min(MOST_PIXELS, len(pool))).astype(int)]
    centres, _ = kmeans2(pool, parts, seed=seed, minit="++")
    centres = centres[np.argsort(centres[:, 0])]  # from top to bottom, so that a seed does not name them
    painted = [
        replace(pair, part_map=_painted(pair.shape, place, centres)) for pair, place in zip(pairs, places, strict=True)
    ]
    names = tuple(f"place {i + 1}" for i in range(parts))
    return PartData(painted, [], {pairs[0].category: names}, ()).choose_supports(k, seed)


def places_in_box(shape: Bool[Tensor, "s s"]) -> Float[Tensor, "n 2"]:
    """(row, column) of the object's pixels from the middle of its box, in units of the box's longer side."""
    places = torch.nonzero(shape).float()
    low, high = places.amin(0), places.amax(0)
    return (places - (low + high) / 2) / (high - low).max().clamp_min(1)


def _painted(shape: Tensor, places: Tensor, centres: np.ndarray) -> Tensor:
    nearest, _ = vq(places.numpy().astype(np.float64), centres)
    part_map = torch.zeros_like(shape, dtype=torch.uint8)
    part_map[shape] = torch.from_numpy(nearest + 1).to(torch.uint8)
    return part_map
