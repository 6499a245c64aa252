"""Kernel distance of two sets of features: with Inception's pool features it is KID."""

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ipose.errors import ConfigError
from ipose.evaluation.frechet import check_feature_sets

SUBSETS = 100
SUBSET_SIZE = 1000
"""Source: Binkowski et al. 2018, as usually reported: the mean over 100 random subsets of 1000 samples."""


def kernel_distance(a: Float[Tensor, "n d"], b: Float[Tensor, "m e"]) -> Float64[Tensor, ""]:
    """Unbiased estimate of the squared maximum mean discrepancy under the kernel (x.y / d + 1)^3.

    Source: Binkowski et al. 2018, eq. 4, for sets of any two sizes: pairs of a sample with itself are left out.

    Args:
        a: features of one set, a row a sample; computed in float64.
        b: of the other; e must be d.
    Returns:
        Symmetric; 0 on average for sets of one distribution, and so below 0 at times.
    Raises:
        ShapeMismatchError: sets of other widths, fewer than two samples, or a feature that is not finite.
    """
    check_feature_sets(a, b)
    a, b = a.double(), b.double()
    return _among(a) + _among(b) - 2 * _kernel(a, b).mean()


def kernel_distance_of_subsets(
    a: Float[Tensor, "n d"],
    b: Float[Tensor, "m e"],
    *,
    subsets: int = SUBSETS,
    subset_size: int = SUBSET_SIZE,
    seed: int = 0,
) -> tuple[Float64[Tensor, ""], Float64[Tensor, ""]]:
    """Mean and standard deviation of `kernel_distance` over random subsets: KID as it is published.

    Where both sets are no larger than a subset, and of one size, there is one subset: the sets themselves.

    torchmetrics draws its subsets from the global generator; here the seed decides, so that a card can be repeated.

    Args:
        a: features of one set.
        b: of the other.
        subsets: how many.
        subset_size: samples in each, drawn without replacement; at most the smaller set.
        seed: of the draw.
    Raises:
        ConfigError: no subsets.
    """
    if subsets < 1:
        raise ConfigError("no subsets to average over", field="subsets", found=subsets, expected="1 or more")
    size = min(subset_size, len(a), len(b))
    if size == len(a) == len(b):
        subsets = 1
    draw = torch.Generator().manual_seed(seed)
    values = torch.stack([kernel_distance(_some(a, size, draw), _some(b, size, draw)) for _ in range(subsets)])
    return values.mean(), values.std(correction=0)


def _some(features: Tensor, size: int, draw: torch.Generator) -> Tensor:
    return features[torch.randperm(len(features), generator=draw)[:size]]


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _among(features: Tensor) -> Tensor:
    kernel, count = _kernel(features, features), len(features)
    return (kernel.sum() - kernel.diagonal().sum()) / (count * (count - 1))
