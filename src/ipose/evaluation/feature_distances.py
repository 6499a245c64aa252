"""Frechet and kernel distance of two sets of image features.

With Inception's pool features these are FID and KID. With any other network, the name of the network must be added
(`ipose.evaluation.feature_networks`).
"""

import warnings

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ipose.errors import ConfigError, ShapeMismatchError

ENOUGH_SAMPLES = 2048
"""Number of Inception's features. With fewer samples, the covariance is singular and the distance too large."""


PIECE = 4096
"""Samples that are turned to float64 at once."""

SUBSETS = 100
SUBSET_SIZE = 1000
"""Source: Binkowski et al. 2018, as usually reported: the mean over 100 random subsets of 1000 samples."""


class FewSamplesWarning(UserWarning):
    """The distance is of few samples. It is comparable only with distances of the same counts."""


def frechet_distance(a: Float[Tensor, "n d"], b: Float[Tensor, "m e"]) -> Float64[Tensor, ""]:
    """Squared Frechet distance of the Gaussians fitted to two feature sets (mean, covariance over n - 1).

    Source: Heusel et al. 2017, eq. 6:  |mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2)).

    With A = X'X and B = Y'Y, tr (A B)^(1/2) is the sum of the singular values of X Y'. So no matrix root is needed.
    X and Y are the centred samples, or their R factors, which are found piece by piece: no float64 copy is made of
    50,000 samples.

    Args:
        a: features of one set, one row for each sample. Any float type; computed in float64.
        b: features of the other set; e must be d.
    Returns:
        >= 0, symmetric, 0 for equal sets.
    Raises:
        ShapeMismatchError: sets of different widths, fewer than two samples, or a feature that is not finite.
    Warns:
        FewSamplesWarning: fewer than 2048 samples in one of the sets.
    """
    _check_feature_sets(a, b)
    if (fewest := min(len(a), len(b))) < ENOUGH_SAMPLES:
        warnings.warn(
            f"Frechet distance of {fewest} samples, fewer than {ENOUGH_SAMPLES}: biased upwards; "
            "compare it only with distances of the same counts",
            FewSamplesWarning,
            stacklevel=2,
        )
    (mean_a, x), (mean_b, y) = _mean_and_factor(a), _mean_and_factor(b)
    spread = x.square().sum() + y.square().sum() - 2 * torch.linalg.svdvals(x @ y.T).sum()
    distance: Tensor = (mean_a - mean_b).square().sum() + spread.clamp(min=0)
    return distance


def kernel_distance(a: Float[Tensor, "n d"], b: Float[Tensor, "m e"]) -> Float64[Tensor, ""]:
    """Unbiased estimate of the squared maximum mean discrepancy under the kernel (x.y / d + 1)^3.

    Source: Binkowski et al. 2018, eq. 4, for sets of any two sizes. Pairs of a sample with itself are left out.

    Args:
        a: features of one set, one row for each sample; computed in float64.
        b: features of the other set; e must be d.
    Returns:
        Symmetric. For sets of one distribution 0 on average, so sometimes below 0.
    Raises:
        ShapeMismatchError: sets of different widths, fewer than two samples, or a feature that is not finite.
    """
    _check_feature_sets(a, b)
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
    """Mean and standard deviation of `kernel_distance` over random subsets, as KID is published.

    If both sets have the same size, and a subset would have all samples, the only subset is the whole set. The seed
    decides which samples are drawn, so that a card can be repeated. (torchmetrics uses the global generator.)

    Args:
        subset_size: samples in a subset, drawn without replacement; at most the smaller set.
    Raises:
        ConfigError: fewer than one subset.
    """
    if subsets < 1:
        raise ConfigError("no subsets to average over", field="subsets", found=subsets, expected="1 or more")
    size = min(subset_size, len(a), len(b))
    if size == len(a) == len(b):
        subsets = 1
    draw = torch.Generator().manual_seed(seed)
    values = torch.stack([kernel_distance(_some(a, size, draw), _some(b, size, draw)) for _ in range(subsets)])
    return values.mean(), values.std(correction=0)


def _check_feature_sets(a: Float[Tensor, "n d"], b: Float[Tensor, "m e"]) -> None:
    """Raises ShapeMismatchError for sets of different widths, of fewer than two samples, or with infinite values."""
    if a.shape[1] != b.shape[1]:
        raise ShapeMismatchError("feature sets of different networks", found=b.shape[1], expected=a.shape[1])
    for features in (a, b):
        if len(features) < 2:
            raise ShapeMismatchError("too few samples for a spread", found=len(features), expected="2 or more")
        if not bool(features.isfinite().all()):
            raise ShapeMismatchError("a feature is not finite", found="NaN or infinity", expected="numbers")


def _mean_and_factor(features: Tensor) -> tuple[Tensor, Tensor]:
    """The mean; and X with X'X = covariance: the centred samples, or with more samples than features their R factor."""
    pieces, count = features.split(PIECE), len(features)
    mean: Tensor = torch.stack([piece.double().sum(0) for piece in pieces]).sum(0) / count
    centred = ((piece.double() - mean) / (count - 1) ** 0.5 for piece in pieces)
    if count <= features.shape[1]:
        return mean, torch.cat(list(centred))
    triangular: Tensor = mean.new_zeros(0, features.shape[1])
    for piece in centred:
        triangular = torch.linalg.qr(torch.cat([triangular, piece]), mode="r").R
    return mean, triangular


def _some(features: Tensor, size: int, draw: torch.Generator) -> Tensor:
    return features[torch.randperm(len(features), generator=draw)[:size]]


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _among(features: Tensor) -> Tensor:
    kernel, count = _kernel(features, features), len(features)
    return (kernel.sum() - kernel.diagonal().sum()) / (count * (count - 1))
