"""Global adversarial losses, score by score; the log form as written (it overflows where softplus does not)."""

from collections.abc import Callable

import torch
from torch import Tensor


def _mean(score: Tensor, term: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.stack([term(value) for value in score.flatten()]).sum() / score.numel()


def _probability(value: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-value))


def hinge_g(score: Tensor) -> Tensor:
    """-D(fake)."""
    return _mean(score, lambda s: -s)


def hinge_d_real(score: Tensor) -> Tensor:
    """1 - D(real) where D(real) < 1, else 0."""
    return _mean(score, lambda s: 1 - s if s < 1 else 0 * s)


def hinge_d_fake(score: Tensor) -> Tensor:
    """1 + D(fake) where D(fake) > -1, else 0."""
    return _mean(score, lambda s: 1 + s if s > -1 else 0 * s)


def log_g(score: Tensor) -> Tensor:
    """-log D(fake)."""
    return _mean(score, lambda s: -torch.log(_probability(s)))


def log_d_real(score: Tensor) -> Tensor:
    """-log D(real)."""
    return _mean(score, lambda s: -torch.log(_probability(s)))


def log_d_fake(score: Tensor) -> Tensor:
    """-log (1 - D(fake))."""
    return _mean(score, lambda s: -torch.log(1 - _probability(s)))
