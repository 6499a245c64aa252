"""Frechet distance of two sets of features: how far apart the Gaussians lie that fit them.

With Inception's pool features this is FID; with any other network it must be called by that network's name
(`ipose.evaluation.feature_networks`).
"""

import warnings

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ipose.errors import ShapeMismatchError

ENOUGH_SAMPLES = 2048
"""Below as many samples as Inception has features, its covariance is singular and the distance biased upwards."""


class FewSamplesWarning(UserWarning):
    """The distance is of so few samples that it says little beyond a comparison at the same counts."""


def frechet_distance(a: Float[Tensor, "n d"], b: Float[Tensor, "m e"]) -> Float64[Tensor, ""]:
    """Squared Frechet distance of the Gaussians fitted to two feature sets (mean, covariance over n - 1).

    Source: Heusel et al. 2017, eq. 6:  |mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2)).

    With A = X'X, B = Y'Y, tr (A B)^(1/2) is the sum of the singular values of X Y': no matrix root is taken, and
    nothing squared that would have to be rooted again. X, Y are the centred samples, or their R factors.

    Args:
        a: features of one set, a row a sample; any float type, computed in float64.
        b: of the other; e must be d.
    Returns:
        >= 0, symmetric, 0 for equal sets.
    Raises:
        ShapeMismatchError: sets of other widths, fewer than two samples, or a feature that is not finite.
    Warns:
        FewSamplesWarning: below 2048 samples in one of the sets.
    """
    check_feature_sets(a, b)
    if (fewest := min(len(a), len(b))) < ENOUGH_SAMPLES:
        warnings.warn(
            f"Frechet distance of {fewest} samples, fewer than {ENOUGH_SAMPLES}: biased upwards; "
            "compare it only with distances of the same counts",
            FewSamplesWarning,
            stacklevel=2,
        )
    a, b = a.double(), b.double()
    return _distance(a.mean(0), _factor(a), b.mean(0), _factor(b))


def gaussian_frechet_distance(
    mean_a: Float[Tensor, " d"],
    covariance_a: Float[Tensor, "d d"],
    mean_b: Float[Tensor, " d"],
    covariance_b: Float[Tensor, "d d"],
) -> Float64[Tensor, ""]:
    """The same distance of two Gaussians that are given by their moments (statistics files of other packages).

    Args:
        mean_a: of the first.
        covariance_a: of the first; symmetric, no eigenvalue below 0 but for rounding.
        mean_b: of the second.
        covariance_b: of the second.
    """
    return _distance(mean_a.double(), _root(covariance_a.double()), mean_b.double(), _root(covariance_b.double()))


def check_feature_sets(a: Float[Tensor, "n d"], b: Float[Tensor, "m e"]) -> None:
    """Raise ShapeMismatchError unless both sets have the same width, two samples or more, and finite values."""
    if a.shape[1] != b.shape[1]:
        raise ShapeMismatchError("feature sets of different networks", found=b.shape[1], expected=a.shape[1])
    for features in (a, b):
        if len(features) < 2:
            raise ShapeMismatchError("too few samples for a spread", found=len(features), expected="2 or more")
        if not bool(features.isfinite().all()):
            raise ShapeMismatchError("a feature is not finite", found="NaN or infinity", expected="numbers")


def _distance(mean_a: Tensor, factor_a: Tensor, mean_b: Tensor, factor_b: Tensor) -> Tensor:
    cross = torch.linalg.svdvals(factor_a @ factor_b.T).sum()
    spread = factor_a.square().sum() + factor_b.square().sum() - 2 * cross
    distance: Tensor = (mean_a - mean_b).square().sum() + spread.clamp(min=0)
    return distance


def _factor(features: Tensor) -> Tensor:
    """X with X'X = covariance: the centred samples, or where there are more samples than features, their R."""
    centred: Tensor = (features - features.mean(0)) / (len(features) - 1) ** 0.5
    if len(features) <= features.shape[1]:
        return centred
    triangular: Tensor = torch.linalg.qr(centred, mode="r").R
    return triangular


def _root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = values.clamp(min=0).sqrt()[:, None] * vectors.T
    return root
