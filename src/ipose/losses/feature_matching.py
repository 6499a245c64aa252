"""Feature matching: the discriminator's features of a fake should be those of the photograph (pix2pixHD; GroupDNet)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ipose.losses.precision import full_precision

VGG_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Weights of relu1_1, relu2_1, ..., relu5_1 of VGG-19 (pix2pixHD, SPADE, GroupDNet)."""


def feature_distance(
    fake: Sequence[Tensor], real: Sequence[Tensor], weights: Sequence[float] | None = None
) -> Float[Tensor, ""]:
    """Sum over layers of weight * mean |fake - real|. Gradients flow only into the fakes.

    Args:
        fake: features of each layer, float (b, c, h, w).
        real: of the photographs, of the same shapes.
        weights: one for each layer. None = 1.
    """
    terms = []
    for a, b, weight in zip(fake, real, weights or [1.0] * len(fake), strict=True):
        with full_precision(a, b.detach()) as (a, b):
            terms.append(weight * F.l1_loss(a, b))
    return torch.stack(terms).sum()


def feature_matching_loss(fake: Sequence[Sequence[Tensor]], real: Sequence[Sequence[Tensor]]) -> Float[Tensor, ""]:
    """`feature_distance` of each discriminator's features, averaged over the discriminators.

    Source: GroupDNet eq. 6 (pix2pixHD eq. 4).

    Args:
        fake: for each discriminator, the features of each layer.
        real: of the photographs, of the same shapes.
    """
    return torch.stack([feature_distance(a, b) for a, b in zip(fake, real, strict=True)]).mean()
