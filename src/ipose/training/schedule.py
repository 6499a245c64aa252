"""The course of the learning rates: a factor on each optimizer's own rate."""

import math
from collections.abc import Iterable

from torch.optim import Optimizer

from ipose.training.config import TrainConfig


def share_done(config: TrainConfig, step: int, minutes: float) -> float:
    """How much of the run lies behind, 0 to 1.

    Args:
        step: steps taken so far, 0 before the first.
        minutes: trained so far, over all resumes.
    """
    if config.by_clock and config.max_minutes is not None:
        return min(minutes / config.max_minutes, 1.0)
    return min(step / config.steps, 1.0)


def rate_factor(config: TrainConfig, step: int, minutes: float) -> float:
    """Factor on the learning rates for the step that follows `step` steps: 1 at the start, towards 0 at the end.

    constant: 1. linear: 1 - share. cosine: (1 + cos(pi share)) / 2.
    """
    share = share_done(config, step, minutes)
    if config.schedule == "linear":
        return 1 - share
    if config.schedule == "cosine":
        return (1 + math.cos(math.pi * share)) / 2
    return 1.0


def set_rates(optimizers: Iterable[Optimizer], factor: float) -> None:
    """Every parameter group to `factor` times its initial rate, which is remembered in the group (and so saved)."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
            group["lr"] = group["initial_lr"] * factor
