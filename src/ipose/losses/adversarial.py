"""Global adversarial losses on the score map of D's global head: hinge form (the release) and log form (the paper)."""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ipose.errors import ConfigError
from ipose.losses.precision import full_precision

Score = Float[Tensor, "b 1 hs ws"]
"""Scores, larger = more real; unbounded. `hs ws`: size of the score map."""


def hinge_g(score: Score) -> Float[Tensor, ""]:
    """-mean D(fake), a loss of G."""
    with full_precision(score) as (score,):
        return -score.mean()


def hinge_d_real(score: Score) -> Float[Tensor, ""]:
    """mean max(0, 1 - D(real)), a loss of D. Scores above 1 add nothing."""
    with full_precision(score) as (score,):
        return F.relu(1 - score).mean()


def hinge_d_fake(score: Score) -> Float[Tensor, ""]:
    """mean max(0, 1 + D(fake)), a loss of D. Scores below -1 add nothing."""
    with full_precision(score) as (score,):
        return F.relu(1 + score).mean()


def log_g(score: Score) -> Float[Tensor, ""]:
    """-mean log sigmoid(D(fake)), a loss of G: iPOSE eq. 4 in its non-saturating form, by softplus."""
    with full_precision(score) as (score,):
        return F.softplus(-score).mean()


def log_d_real(score: Score) -> Float[Tensor, ""]:
    """-mean log sigmoid(D(real)), a loss of D: iPOSE eq. 3, first term, by softplus."""
    with full_precision(score) as (score,):
        return F.softplus(-score).mean()


def log_d_fake(score: Score) -> Float[Tensor, ""]:
    """-mean log(1 - sigmoid(D(fake))), a loss of D: iPOSE eq. 3, second term, by softplus."""
    with full_precision(score) as (score,):
        return F.softplus(score).mean()


class AdversarialLoss(NamedTuple):
    """The three terms of one form: of G on fakes, of D on real images, of D on fakes."""

    generator: Callable[[Tensor], Tensor]
    real: Callable[[Tensor], Tensor]
    fake: Callable[[Tensor], Tensor]


ADVERSARIAL_LOSSES = {
    "hinge": AdversarialLoss(hinge_g, hinge_d_real, hinge_d_fake),
    "log": AdversarialLoss(log_g, log_d_real, log_d_fake),
}


def adversarial_loss(name: str) -> AdversarialLoss:
    """The form by name: "hinge" or "log". Raises ConfigError for another name."""
    if name not in ADVERSARIAL_LOSSES:
        raise ConfigError(
            "no such global adversarial loss", field="global_loss", found=name, expected=" or ".join(ADVERSARIAL_LOSSES)
        )
    return ADVERSARIAL_LOSSES[name]
