"""Global adversarial losses on the score map of D's global head: hinge (the release) and log form (the paper)."""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ipose.errors import ConfigError
from ipose.losses.precision import full_precision

Score = Float[Tensor, "b 1 hs ws"]
"""Unbounded; larger = more real. `hs ws`: size of the score map."""


def hinge_g(score: Score) -> Float[Tensor, ""]:
    """-mean D(fake), which G lowers."""
    with full_precision(score) as (score,):
        return -score.mean()


def hinge_d_real(score: Score) -> Float[Tensor, ""]:
    """mean max(0, 1 - D(real)), which D lowers; content beyond 1."""
    with full_precision(score) as (score,):
        return F.relu(1 - score).mean()


def hinge_d_fake(score: Score) -> Float[Tensor, ""]:
    """mean max(0, 1 + D(fake)), which D lowers; content below -1."""
    with full_precision(score) as (score,):
        return F.relu(1 + score).mean()


def log_g(score: Score) -> Float[Tensor, ""]:
    """-mean log sigmoid(D(fake)), which G lowers: iPOSE eq. 3 in its non-saturating form, by softplus."""
    with full_precision(score) as (score,):
        return F.softplus(-score).mean()


def log_d_real(score: Score) -> Float[Tensor, ""]:
    """-mean log sigmoid(D(real)), which D lowers: iPOSE eq. 4, first term, by softplus."""
    with full_precision(score) as (score,):
        return F.softplus(-score).mean()


def log_d_fake(score: Score) -> Float[Tensor, ""]:
    """-mean log(1 - sigmoid(D(fake))), which D lowers: iPOSE eq. 4, second term, by softplus."""
    with full_precision(score) as (score,):
        return F.softplus(score).mean()


class AdversarialLoss(NamedTuple):
    """The three terms of one form: what G lowers on its fakes, what D lowers on real images and on fakes."""

    generator: Callable[[Tensor], Tensor]
    real: Callable[[Tensor], Tensor]
    fake: Callable[[Tensor], Tensor]


ADVERSARIAL_LOSSES = {
    "hinge": AdversarialLoss(hinge_g, hinge_d_real, hinge_d_fake),
    "log": AdversarialLoss(log_g, log_d_real, log_d_fake),
}


def adversarial_loss(name: str) -> AdversarialLoss:
    """The form of that name: "hinge" or "log". Raises ConfigError for another."""
    if name not in ADVERSARIAL_LOSSES:
        raise ConfigError(
            "no such global adversarial loss", field="global_loss", found=name, expected=" or ".join(ADVERSARIAL_LOSSES)
        )
    return ADVERSARIAL_LOSSES[name]
