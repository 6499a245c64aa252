"""One optimizer step of a phase, and the learning-rate schedules. A step that fails changes nothing."""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ipose.errors import ConfigError, NonFiniteLossError, ShapeMismatchError
from ipose.objective import Objective, Phase
from ipose.seeds import generator_of, seed_of
from ipose.training.averaging import Averages
from ipose.training.config import Precision, TrainConfig
from ipose.training.less_memory import less_memory
from ipose.training.processes import Processes


def share_done(config: TrainConfig, step: int, minutes: float) -> float:
    """The share of the run that is done, 0 to 1. `step`: steps so far. `minutes`: training time, over all resumes."""
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
    The first epoch is 1.

    Source: pix2pixHD's training code. The rate changes once in an epoch.
    """
    return 1 - max(0, epoch - 1 - constant) / decay


def set_rates(optimizers: Iterable[Optimizer], factor: float) -> None:
    """Set each parameter group to `factor` times its initial rate. The group, and so a checkpoint, keeps that rate."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
            group["lr"] = group["initial_lr"] * factor


class PhaseRunner:
    """Takes the steps of an objective's phases.

    Args:
        objective: its networks are on `processes.device`.
        precision: "bf16" computes the losses under autocast. accelerate's own setting is not used, because it holds for
            a whole process, and one process may train several systems.
    """

    def __init__(
        self,
        objective: Objective,
        processes: Processes,
        precision: Precision = "no",
        *,
        accumulate: int = 1,
        checkpoint_activations: bool = False,
    ) -> None:
        self.objective, self.processes, self.precision = objective, processes, precision
        self.sparing = partial(less_memory, objective, accumulate, checkpoint_activations)
        self.learning = {
            name: [parameter for parameter in network.parameters() if parameter.requires_grad]
            for name, network in objective.networks.items()
        }

    def step(self, phase: Phase) -> dict[str, float]:
        """Take the step of `phase`. Returns its loss terms, computed before the step.

        Raises:
            NonFiniteLossError: a term is NaN or infinite. Weights, optimizer state and buffers are unchanged.
            ShapeMismatchError: a term is no scalar.
            ConfigError: the objective lacks a network or optimizer of the phase, or no loss depends on its networks.
        """
        optimizer = self._optimizer_of(phase)
        with self._only(phase.networks), _undo_buffers_on_failure(self.objective.networks), self.sparing():
            optimizer.zero_grad(set_to_none=True)
            try:
                with self._autocast():
                    losses = dict(phase.losses())
                values = self._checked(phase, losses)
                total = torch.stack([loss.float() for loss in losses.values()]).sum()
                if not total.requires_grad:
                    raise ConfigError(
                        f"no loss of phase {phase.name!r} depends on the networks it trains",
                        expected=f"a gradient for {', '.join(phase.networks)}",
                    )
                total.backward()  # type: ignore[no-untyped-call, unused-ignore]
                self.processes.average_gradients(p for name in phase.networks for p in self.learning[name])
                optimizer.step()
            finally:
                optimizer.zero_grad(set_to_none=True)
        return values

    def _optimizer_of(self, phase: Phase) -> torch.optim.Optimizer:
        if unknown := sorted(set(phase.networks) - set(self.objective.networks)):
            message = f"phase {phase.name!r} trains networks that its objective does not have"
            raise ConfigError(message, found=", ".join(unknown), expected=", ".join(self.objective.networks))
        if phase.optimizer not in self.objective.optimizers:
            message = f"phase {phase.name!r} has no optimizer"
            raise ConfigError(message, found=phase.optimizer, expected=" or ".join(self.objective.optimizers))
        return self.objective.optimizers[phase.optimizer]

    def _checked(self, phase: Phase, losses: Mapping[str, Tensor]) -> dict[str, float]:
        """The terms as numbers. They are read from the device at once."""
        if not losses:
            raise ConfigError(f"phase {phase.name!r} gave no loss", found="an empty mapping", expected="scalar terms")
        for term, loss in losses.items():
            if loss.ndim:
                raise ShapeMismatchError(
                    f"loss {term!r} of phase {phase.name!r} is no scalar", found=tuple(loss.shape), expected="shape ()"
                )
        numbers = torch.stack([loss.detach().float() for loss in losses.values()]).tolist()
        values = dict(zip(losses, numbers, strict=True))
        bad = {term: value for term, value in values.items() if not math.isfinite(value)}
        if self.processes.any(bool(bad)):
            found = ", ".join(f"{term} = {value}" for term, value in bad.items()) or "a loss of another process"
            raise NonFiniteLossError(f"the loss of phase {phase.name!r} is not finite", found=found)
        return values

    def _autocast(self) -> torch.autocast | nullcontext[None]:
        if self.precision == "no":
            return nullcontext()
        return torch.autocast(self.processes.device.type, dtype=torch.bfloat16)

    @contextmanager
    def _only(self, networks: tuple[str, ...]) -> Iterator[None]:
        """Inside, only `networks` require gradients. Parameters that the objective itself froze stay frozen."""
        try:
            for name, parameters in self.learning.items():
                _requires_grad(parameters, name in networks)
            yield
        finally:
            for parameters in self.learning.values():
                _requires_grad(parameters, True)


def _requires_grad(parameters: list[nn.Parameter], learns: bool) -> None:
    for parameter in parameters:
        parameter.requires_grad_(learns)


@contextmanager
def _undo_buffers_on_failure(networks: Mapping[str, nn.Module]) -> Iterator[None]:
    """After an error, restore the buffers that the forward pass changed (batch norm, spectral norm)."""
    buffers = [buffer for network in networks.values() for buffer in network.buffers()]
    before = [buffer.clone() for buffer in buffers]
    try:
        yield
    except BaseException:
        with torch.no_grad():
            for buffer, old in zip(buffers, before, strict=True):
                buffer.copy_(old)
        raise


SHOWN = 8
"""Number of file names of a batch that a message lists."""


class Stepper:
    """Takes all phases of a batch. A step depends only on weights, batch, seed, step number and schedule."""

    def __init__(self, objective: Objective, averages: Averages, config: TrainConfig, processes: Processes) -> None:
        self.objective, self.averages, self.config, self.processes = objective, averages, config, processes
        self.runner = PhaseRunner(
            objective,
            processes,
            config.precision,
            accumulate=config.accumulate,
            checkpoint_activations=config.checkpoint_activations,
        )

    def take(self, batch: Any, step: int, minutes: float) -> dict[str, dict[str, float]]:
        """Take all phases of `batch`. Returns their losses, by phase and term. `step`: number of steps before this one.

        Raises:
            NonFiniteLossError: names phase, terms and the batch's files.
        """
        seed, rank = self.config.seed, self.processes.rank
        set_rates(self.objective.optimizers.values(), rate_factor(self.config, step, minutes))
        torch.manual_seed(seed_of(seed, "global", step, rank))  # so that dropout, too, is the same after a resume
        taken: dict[str, dict[str, float]] = {}
        try:
            on_device = batch.to(self.processes.device)
            for phase in self.objective.phases(on_device, generator_of(seed, "step", step, rank)):
                taken[phase.name] = self.runner.step(phase)
        except NonFiniteLossError as error:
            raise _with_files(error, batch, step, list(taken)) from error
        self.averages.update(self.objective.networks)
        return taken


def _with_files(error: NonFiniteLossError, batch: Any, step: int, taken: list[str]) -> NonFiniteLossError:
    names = [str(name) for name in getattr(batch, "names", ())]
    files = f" on {', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''}" if names else ""
    already = f" (but phase {', '.join(taken)} had stepped)" if taken else ""
    return NonFiniteLossError(
        f"{error.message} in step {step + 1}{files}, so it was not taken{already}",
        found=error.found,
        expected="finite losses",
        mend="Look at these files with ipose doctor; if they are sound, start a new run from this one (--init) with "
        "lower learning rates.",
    )
