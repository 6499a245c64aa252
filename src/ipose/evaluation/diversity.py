"""Diversity: how far apart images of one label map lie when the seed changes."""

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ipose.errors import ConfigError


def feature_diversity(features: Float[Tensor, "scenes seeds d"]) -> Float64[Tensor, ""]:
    """Mean over scenes, and over pairs of seeds, of 1 - cosine between the features of two images.

    It stands where LPIPS between seeds is usually given, whose weights it does not need; it is not LPIPS.

    Args:
        features: of every image; computed in float64.
    Returns:
        In [0, 2]; 0 where the seed changes nothing.
    Raises:
        ConfigError: fewer than two seeds, or no scene.
    """
    if features.shape[1] < 2 or not len(features):
        raise ConfigError(
            "diversity is between images of one label map", field="seeds", found=features.shape[1],
            expected="2 or more a map", mend="Generate with --count 2 or more.",
        )  # fmt: skip
    unit = torch.nn.functional.normalize(features.double(), dim=2)
    cosine = unit @ unit.mT
    seeds = features.shape[1]
    first, second = torch.triu_indices(seeds, seeds, offset=1)
    return (1 - cosine[:, first, second]).clamp(min=0).mean()
