"""What the caller of `train` gets: snapshots during the training, a result at the end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from torch import nn

from ipose.training.averaging import evaluation_copy
from ipose.training.run import Run

Stopped = Literal["done", "time", "interrupted"]
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Snapshot:
    """The training at one step, for sample sheets and for saving a model.

    Args:
        best: whether no earlier step was better, by `keep_best`. Always true where nothing is measured.
        networks: the networks in training. Do not change or run them; use `network(name)`.
    """

    step: int
    seconds: float
    run: Run
    final: bool
    networks: Mapping[str, nn.Module] = field(repr=False)
    averages: Mapping[str, nn.Module] = field(repr=False)
    best: bool = True

    def network(self, name: str, *, averaged: bool = True) -> nn.Module:
        """A copy of a network in eval mode, to evaluate or save. `averaged`: with averaged weights if there are any;
        their batch norms need `reestimate_batch_norm`.
        """
        return evaluation_copy(self.averages[name] if averaged and name in self.averages else self.networks[name])

    def network_as(self, kind: type[Network], name: str) -> Network:
        """`network(name)`, which is of this kind."""
        network = self.network(name)
        assert isinstance(network, kind)
        return network


Hook = Callable[[Snapshot], object]


@dataclass(frozen=True)
class TrainResult:
    """How a call of `train` ended.

    Args:
        stopped: why it ended: "done", "time" (max_minutes) or "interrupted" (Ctrl-C, SIGTERM).
        losses: by phase and term, the mean over the last log window. Empty if no step was taken.
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
    """What happened and what to do next. `next_step`: sentence for a finished run; "" = how to train longer. `more`:
    sentences.
    """
    done = f"Trained {step} steps in {seconds / 60:.1f} minutes; saved in {checkpoint}."
    if more:
        done += f" {more}"
    if not final:
        why = "The time is up." if stopped == "time" else "Stopped on request."
        return f"{why} {done} Go on with: {run.resume_command}"
    return f"{done} {next_step or f'Train longer: {run.resume_command}, with more steps.'}"
