"""`ipose plan`: what a training will take, measured by a few of its steps on this device, for any system."""

import statistics
import sys
import time
from collections.abc import Mapping
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from ipose.objective import called_modules
from ipose.seeds import kept_random_state
from ipose.systems.training import Prepared, Task, prepare
from ipose.training.averaging import Averages
from ipose.training.batches import batch_stream
from ipose.training.config import TrainConfig
from ipose.training.phases import Stepper
from ipose.training.processes import Processes

MEASURED = 3
"""Steps that are timed, after one that is not. With --compile, after two."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a training will take.

    Args:
        operations: of a step, forward and backward: floating-point operations of products and convolutions.
        waiting: share of this time in which the step waits for its batch.
        peak_bytes: most memory in use: of the GPU, or of this process. None = cannot be measured here.
    """

    parameters: Mapping[str, int]
    operations: int
    seconds: float
    waiting: float
    peak_bytes: int | None
    steps: int
    batch_size: int
    about: str
    device: str

    @property
    def hours(self) -> float:
        """Of all steps. Checkpoints, sheets and validation come on top."""
        return self.steps * self.seconds / 3600

    def table(self) -> str:
        """The plan as text."""
        memory = "not measured here" if self.peak_bytes is None else f"{self.peak_bytes / 2**30:.2f} GiB"
        rows = [
            *((f"parameters of {name}", f"{count:,}") for name, count in self.parameters.items()),
            ("operations of a step", f"{self.operations / 1e9:,.1f} GFLOP (products and convolutions)"),
            ("peak memory", f"{memory} ({'GPU' if self.device.startswith('cuda') else 'this process'})"),
            (
                "time of a step",
                f"{self.seconds:.3g} s on {self.device}, {100 * self.waiting:.0f} % of it waits for data",
            ),
            ("data", self.about),
            ("steps", f"{self.steps:,}, each on a batch of {self.batch_size}"),
            ("time of all steps", f"{_hours_in_words(self.hours)}; checkpoints, sheets and validation come on top"),
        ]
        return "\n".join(f"{name:<30}{value}" for name, value in rows)


def _hours_in_words(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.2g} minutes"
    return f"{hours:.3g} hours" if hours < 100 else f"{hours:,.0f} hours = {hours / 24:,.0f} days"


def plan(task: Task, *, loop: Mapping[str, Any], device: str | None = None, measured: int = MEASURED) -> Plan:
    """Take some steps of a training, and say what the whole of it will take. Nothing is written. The arguments are
    those of `train_system`; `measured`: steps that are timed.
    """
    prepared, config = prepare(task, loop, device)
    processes = Processes(device)
    steps = measured + 1 + config.compile
    told = f"Taking {steps} steps on {processes.device}, each on a batch of {config.batch_size}."
    print(told, file=sys.stderr, flush=True)
    with kept_random_state():
        operations, seconds, waiting = _measure(prepared, config, processes, measured)
    return Plan(
        parameters={
            name: sum(parameter.numel() for parameter in network.parameters())
            for name, network in prepared.objective.networks.items()
        },
        operations=operations,
        seconds=seconds,
        waiting=waiting,
        peak_bytes=_peak_bytes(processes.device),
        steps=config.steps,
        batch_size=config.batch_size,
        about=prepared.about,
        device=str(processes.device),
    )


def _measure(prepared: Prepared, config: TrainConfig, processes: Processes, measured: int) -> tuple[int, float, float]:
    """Operations of a step, seconds of a step, share of waiting."""
    objective, device = prepared.objective, processes.device
    processes.place(objective)
    stepper = Stepper(
        objective, Averages(objective.networks, getattr(objective, "averaged", ()), config.ema_decay), config, processes
    )
    untimed = 1 + config.compile  # the first step counts operations, and the next one may compile
    feed = batch_stream(
        prepared.source,
        batch_size=config.batch_size,
        seed=config.seed,
        start=0,
        stop=untimed + measured,
        workers=config.workers,
    )
    counter, times, waits = FlopCounterMode(display=False), [], []
    with closing(feed):
        for step in range(untimed + measured):
            if config.compile and step == 1:
                for module in called_modules(objective):
                    module.compile()
            begun = time.perf_counter()
            batch = next(feed)
            waits.append(time.perf_counter() - begun)
            with nullcontext() if step else counter:
                stepper.take(batch, step, 0.0)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            times.append(time.perf_counter() - begun)
            untold = "" if step >= untimed else ", which compiles" if step else ", not counted"
            print(f"Step {step + 1}: {times[-1]:.3g} s{untold}", file=sys.stderr, flush=True)
    times, waits = times[untimed:], waits[untimed:]
    return counter.get_total_flops(), statistics.median(times), sum(waits) / sum(times)


def _peak_bytes(device: torch.device) -> int | None:
    """Most memory that was in use. Of a CPU: by the whole process, from its start."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    with suppress(ImportError):  # Windows has no such module
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return None
