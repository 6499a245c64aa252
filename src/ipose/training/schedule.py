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

    constant: 1. linear: 1 - share. cosine: (1 + cos(pi share)) / 2. constant_then_linear: by epochs, the run being
    `constant_epochs` + `decay_epochs` of them.
    """
    share = share_done(config, step, minutes)
    if config.schedule == "constant_then_linear":
        epochs = config.constant_epochs + config.decay_epochs
        epoch = min(int(share * epochs + 1e-9), epochs - 1) + 1
        return constant_then_linear(epoch, config.constant_epochs, config.decay_epochs)
    if config.schedule == "linear":
        return 1 - share
    if config.schedule == "cosine":
        return (1 + math.cos(math.pi * share)) / 2
    return 1.0


def constant_then_linear(epoch: int, constant: int, decay: int) -> float:
    """Factor on the rates in an epoch: 1 for `constant` epochs and the one after, then down to 1/decay in the last.

    Source: GroupDNet app. A; the authors' release steps once an epoch (as pix2pixHD).

    Args:
        epoch: the first is 1.
        constant: epochs at the full rate.
        decay: epochs of the decay.
    """
    return 1 - max(0, epoch - 1 - constant) / decay


def set_rates(optimizers: Iterable[Optimizer], factor: float) -> None:
    """Every parameter group to `factor` times its initial rate, which is remembered in the group (and so saved)."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
            group["lr"] = group["initial_lr"] * factor
