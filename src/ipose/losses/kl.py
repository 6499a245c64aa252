"""How far a code is from the standard normal, from which new codes are drawn (GroupDNet eq. 6)."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from ipose.losses.precision import full_precision


def kl_divergence(
    mean: Float[Tensor, " b *code"], log_variance: Float[Tensor, " b *code"], over: Literal["sum", "mean"] = "sum"
) -> Float[Tensor, ""]:
    """KL(N(mean, variance) || N(0, 1)) = -1/2 sum(1 + log_variance - mean^2 - variance).

    Source: GroupDNet eq. 6. The release sums over the images of a device too ("sum"), so that the strength of the term
    grows with the batch.

    Args:
        mean: of each element of the code.
        log_variance: of the same shape.
        over: "sum": the sum over the images; "mean": their mean.
    Returns:
        0 or more; 0 for mean 0 and variance 1 alone.
    """
    with full_precision(mean, log_variance) as (mean, log_variance):
        total = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
        return total if over == "sum" else total / len(mean)
