"""The learning-rate schedules: a factor on each optimizer's initial rate."""

import math
from collections.abc import Iterable

from torch.optim import Optimizer

from ipose.training.config import TrainConfig


def share_done(config: TrainConfig, step: int, minutes: float) -> float:
    """The share of the run that is done, 0 to 1.

    Args:
        config: settings of the loop.
        step: number of steps so far, 0 before the first.
        minutes: training time so far, over all resumes.
    """
    if config.by_clock and config.max_minutes is not None:
        return min(minutes / config.max_minutes, 1.0)
    return min(step / config.steps, 1.0)


def rate_factor(config: TrainConfig, step: int, minutes: float) -> float:
    """Factor on the learning rates for the next step; the arguments are those of `share_done`.

    With s = `share_done`: constant 1, linear 1 - s, cosine (1 + cos(pi s)) / 2. The schedule constant_then_linear
    divides the run into `constant_epochs` + `decay_epochs` epochs; the function of that name gives each factor.
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
    """Factor on the rates in an epoch: 1 for `constant` epochs and the next one, then falling to 1/decay in the last.

    Source: pix2pixHD's training code. The rate changes once in an epoch.

    Args:
        epoch: number of the epoch. The first is 1.
        constant: number of epochs at the full rate.
        decay: number of epochs of the decay.
    """
    return 1 - max(0, epoch - 1 - constant) / decay


def set_rates(optimizers: Iterable[Optimizer], factor: float) -> None:
    """Set each parameter group to `factor` times its initial rate. The group, and so a checkpoint, keeps that rate."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
            group["lr"] = group["initial_lr"] * factor
