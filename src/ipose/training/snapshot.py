"""What a caller of `train` sees of it: snapshots on the way, a result at the end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from torch import nn

from ipose.training.averaging import evaluation_copy
from ipose.training.run import Run

Stopped = Literal["done", "time", "interrupted"]


@dataclass(frozen=True)
class Snapshot:
    """The training at one step, for sample sheets and for saving a model. Looking at it changes nothing.

    Args:
        step: steps taken.
        seconds: trained so far.
        run: where samples and the model go.
        final: whether the run is done.
        networks: as they learn. Leave them alone: evaluate `network(name)`.
        averages: as they are kept.
    """

    step: int
    seconds: float
    run: Run
    final: bool
    networks: Mapping[str, nn.Module] = field(repr=False)
    averages: Mapping[str, nn.Module] = field(repr=False)

    def network(self, name: str, *, averaged: bool = True) -> nn.Module:
        """A copy to evaluate or save, in eval mode: of the averaged weights where there are any (see
        `reestimate_batch_norm` for their batch norms), else of the weights themselves."""
        return evaluation_copy(self.averages[name] if averaged and name in self.averages else self.networks[name])


Hook = Callable[[Snapshot], object]


@dataclass(frozen=True)
class TrainResult:
    """How a call of `train` ended.

    Args:
        step: steps taken since the run began.
        seconds: trained since the run began, over all resumes.
        stopped: "done", "time" (max_minutes) or "interrupted" (Ctrl-C, SIGTERM).
        losses: by phase and term, the mean over the last log window; empty where no step was taken.
        checkpoint: the last one.
        advice: what to do next, a sentence or two.
    """

    step: int
    seconds: float
    stopped: Stopped
    losses: Mapping[str, Mapping[str, float]]
    checkpoint: Path
    advice: str


def advice(
    run: Run, step: int, seconds: float, stopped: Stopped, checkpoint: Path, *, final: bool, next_step: str = ""
) -> str:
    """What happened and what to do next; `next_step`: what to do with a finished run."""
    done = f"Trained {step} steps in {seconds / 60:.1f} minutes; saved in {checkpoint}."
    if not final:
        why = "The time is up." if stopped == "time" else "Stopped on request."
        return f"{why} {done} Go on with: {run.resume_command}"
    return f"{done} {next_step or f'Train longer: {run.resume_command}, with more steps.'}"
