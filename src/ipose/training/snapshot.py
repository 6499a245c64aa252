"""What the caller of `train` gets: snapshots during the training, a result at the end."""

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
    """The training at one step, for sample sheets and for saving a model.

    Args:
        step: number of steps so far.
        seconds: training time so far.
        run: the run, which gets samples and the model.
        final: whether the run is done.
        best: whether no earlier step was better, by `keep_best`. Always true where nothing is measured.
        networks: the networks in training. Do not change or run them; use `network(name)`.
        averages: the averaged networks. The same holds for them.
    """

    step: int
    seconds: float
    run: Run
    final: bool
    networks: Mapping[str, nn.Module] = field(repr=False)
    averages: Mapping[str, nn.Module] = field(repr=False)
    best: bool = True

    def network(self, name: str, *, averaged: bool = True) -> nn.Module:
        """A copy of a network in eval mode, to evaluate or save.

        Args:
            name: of the network.
            averaged: take the averaged weights if there are any. Their batch norms need `reestimate_batch_norm`.
        """
        return evaluation_copy(self.averages[name] if averaged and name in self.averages else self.networks[name])


Hook = Callable[[Snapshot], object]


@dataclass(frozen=True)
class TrainResult:
    """How a call of `train` ended.

    Args:
        step: number of steps, over all resumes.
        seconds: training time, over all resumes.
        stopped: why it ended: "done", "time" (max_minutes) or "interrupted" (Ctrl-C, SIGTERM).
        losses: by phase and term, the mean over the last log window. Empty if no step was taken.
        checkpoint: folder of the last checkpoint.
        advice: what to do next, in a few sentences.
    """

    step: int
    seconds: float
    stopped: Stopped
    losses: Mapping[str, Mapping[str, float]]
    checkpoint: Path
    advice: str


def advice(
    run: Run,
    step: int,
    seconds: float,
    stopped: Stopped,
    checkpoint: Path,
    *,
    final: bool,
    next_step: str = "",
    more: str = "",
) -> str:
    """What happened and what to do next.

    Args:
        run: the run.
        step: number of steps so far.
        seconds: training time so far.
        stopped: why it ended.
        checkpoint: folder of the last checkpoint.
        final: whether the run is done.
        next_step: sentence for a finished run; "" = how to train longer.
        more: sentences about what happened.
    """
    done = f"Trained {step} steps in {seconds / 60:.1f} minutes; saved in {checkpoint}."
    if more:
        done += f" {more}"
    if not final:
        why = "The time is up." if stopped == "time" else "Stopped on request."
        return f"{why} {done} Go on with: {run.resume_command}"
    return f"{done} {next_step or f'Train longer: {run.resume_command}, with more steps.'}"
