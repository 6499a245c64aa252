"""Divergence of a code from the standard normal, from which new codes are drawn (GroupDNet eq. 6)."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from ipose.losses.precision import full_precision


def kl_divergence(
    mean: Float[Tensor, " b *code"], log_variance: Float[Tensor, " b *code"], over: Literal["sum", "mean"] = "sum"
) -> Float[Tensor, ""]:
    """KL(N(mean, variance) || N(0, 1)) = -1/2 sum(1 + log_variance - mean^2 - variance).

    Source: GroupDNet eq. 6. The release also sums over the images of a device ("sum"), so the term grows with the
    batch.

    Args:
        mean: of each element of the code.
        log_variance: of the same shape.
        over: over the images: "sum" or "mean".
    Returns:
        0 or more. It is 0 only for mean 0 and variance 1.
    """
    with full_precision(mean, log_variance) as (mean, log_variance):
        total = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
        return total if over == "sum" else total / len(mean)
