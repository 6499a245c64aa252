"""One step of training: every phase of one batch, or a sentence that says why not."""

from typing import Any

import torch

from ipose.errors import NonFiniteLossError
from ipose.training.averaging import Averages
from ipose.training.config import TrainConfig
from ipose.training.phases import PhaseRunner
from ipose.training.processes import Processes
from ipose.training.schedule import rate_factor, set_rates
from ipose.training.seeds import generator_of, seed_of
from ipose.types import System

SHOWN = 8
"""File names of a batch that a message lists."""


class Stepper:
    """Takes steps. What a step does depends on weights, batch, (seed, step) and the schedule, and on nothing else."""

    def __init__(self, system: System, averages: Averages, config: TrainConfig, processes: Processes) -> None:
        self.system, self.averages, self.config, self.processes = system, averages, config, processes
        self.runner = PhaseRunner(system, processes, config.precision)

    def take(self, batch: Any, step: int, minutes: float) -> dict[str, dict[str, float]]:
        """All phases of `batch`; their losses, by phase and term.

        Args:
            batch: on the CPU.
            step: steps taken before this one.
            minutes: trained so far; read under a schedule by the clock only.
        Raises:
            NonFiniteLossError: names phase, terms and the batch's files.
        """
        seed, rank = self.config.seed, self.processes.rank
        set_rates(self.system.optimizers.values(), rate_factor(self.config, step, minutes))
        torch.manual_seed(seed_of(seed, "global", step, rank))  # somebody's dropout then resumes exactly too
        taken: dict[str, dict[str, float]] = {}
        try:
            on_device = batch.to(self.processes.device)
            for phase in self.system.phases(on_device, generator_of(seed, "step", step, rank)):
                taken[phase.name] = self.runner.step(phase)
        except NonFiniteLossError as error:
            raise _with_files(error, batch, step, list(taken)) from error
        self.averages.update(self.system.networks)
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
