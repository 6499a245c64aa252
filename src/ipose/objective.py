"""What the one training loop trains: an `Objective`, and the `Phase`s of a batch, one optimizer step each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Phase:
    """One optimizer step of a training system: which networks learn, and from which losses.

    Args:
        name: unique in its system, e.g. "generator".
        networks: names of the networks (keys of `Objective.networks`) that learn; the loop freezes the others.
        optimizer: key of `Objective.optimizers`.
        losses: computes the named loss terms, each a scalar, already weighted; their sum is minimised. Called once,
            when the phase begins, so a later phase sees what an earlier one changed.
    """

    name: str
    networks: tuple[str, ...]
    optimizer: str
    losses: Callable[[], Mapping[str, Tensor]] = field(repr=False)


@runtime_checkable
class Objective(Protocol):
    """What the one training loop trains: networks by name, optimizers by name, and the phases of a batch."""

    networks: Mapping[str, nn.Module]
    optimizers: Mapping[str, torch.optim.Optimizer]

    def phases(self, batch: Any, generator: torch.Generator) -> Iterator[Phase]:
        """The steps for one batch, lazily: the loop finishes one before it asks for the next.

        Args:
            batch: on the device of the networks.
            generator: on the CPU, seeded by the loop from (seed, step): the only source of randomness, so that a
                resumed run draws what an undisturbed one would have drawn.
        """
        ...


def called_modules(objective: Objective) -> Sequence[nn.Module]:
    """The modules that an objective calls: its `in_pieces` where it has them, else its networks."""
    called: Sequence[nn.Module] = getattr(objective, "in_pieces", tuple(objective.networks.values()))
    return called
