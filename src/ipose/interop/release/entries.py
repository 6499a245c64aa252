"""The table of a network of the release: its tensors by their names and ours, and the way from one to the other.

Loading, its faults and going back all read the same table, so a round trip is exact by construction.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from ipose.errors import ConfigError, RunError

Network = TypeVar("Network", bound=nn.Module)
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """One tensor of the release.

    Args:
        release: its name there.
        ours: its names here; several tensors are stacked along the first axis there.
        pixels: axes of length 1 that it has behind ours: a 1x1 convolution there, a linear map here.
    """

    release: str
    ours: tuple[str, ...]
    pixels: int = 0

    def to_release(self, state: Mapping[str, Tensor]) -> Tensor:
        """The release's tensor, from our state."""
        pieces = [state[name] for name in self.ours]
        tensor = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
        return tensor[(..., *[None] * self.pixels)] if self.pixels else tensor

    def to_ours(self, tensor: Tensor) -> dict[str, Tensor]:
        """Our tensors by name, from the release's; copies."""
        tensor = tensor.detach().reshape(tensor.shape[: tensor.ndim - self.pixels])
        pieces = [tensor] if len(self.ours) == 1 else tensor.chunk(len(self.ours))
        return {name: piece.clone() for name, piece in zip(self.ours, pieces, strict=True)}


def build(
    make: Callable[[], Network], table: Callable[[Network], list[Entry]]
) -> tuple[Network, list[Entry], dict[str, Shape]]:
    """A network without numbers (on the meta device), its table, and the shape of every tensor of its release form."""
    with torch.device("meta"):
        network = make()
    entries, state = table(network), network.state_dict()
    return network, entries, {entry.release: tuple(entry.to_release(state).shape) for entry in entries}


def fill(network: Network, entries: Sequence[Entry], state: Mapping[str, Tensor]) -> Network:
    """The network of `build` with the numbers of a checked state, in eval mode. Dtypes and devices are the state's."""
    ours: dict[str, Tensor] = {}
    for entry in entries:
        ours |= entry.to_ours(state[entry.release])
    network.load_state_dict(ours, assign=True)
    return network.eval()


def export(network: nn.Module, entries: Iterable[Entry]) -> dict[str, Tensor]:
    """The release form of a network. As `state_dict` does, it shares memory with the network where it can.

    Raises:
        ConfigError: layers that the release does not have.
    """
    state, entries = network.state_dict(), list(entries)
    covered = {name for entry in entries for name in entry.ours}
    if strange := sorted(covered ^ set(state)):
        raise ConfigError(
            f"the release has no form for this {type(network).__name__}",
            found=f"{len(strange)} tensors that are not as there, such as {strange[0]}",
            expected="the layers of the release",
            mend="Only networks with the release's layers and norms go back: PSM blocks, spectral_norm 'release'.",
        )
    return {entry.release: entry.to_release(state) for entry in entries}


def check_names(what: str, state: Mapping[str, Tensor], expected: Mapping[str, Shape]) -> None:
    """One error for all that is missing, unknown or of another shape.

    Args:
        what: the network, in words.
        state: the release's names.
        expected: shape of each name that should be there.
    Raises:
        RunError: lists every fault, one a line, grouped by kind.
    """
    missing = [f"missing {name}: expected {expected[name]}" for name in sorted(set(expected) - set(state))]
    unknown = [f"unknown {name}: found {tuple(state[name].shape)}" for name in sorted(set(state) - set(expected))]
    shapes = [
        f"shape of {name}: found {tuple(state[name].shape)}, expected {expected[name]}"
        for name in sorted(set(state) & set(expected))
        if tuple(state[name].shape) != expected[name]
    ]
    kinds = {"missing": missing, "unknown": unknown, "of another shape": shapes}
    if any(kinds.values()):
        counts = ", ".join(f"{len(faults)} {kind}" for kind, faults in kinds.items() if faults)
        listed = "\n  ".join(missing + unknown + shapes)
        raise RunError(
            f"tensors do not fit the release's {what}, {counts}:\n  {listed}",
            mend="Take the file as the authors' training saved it, whole; other layers have no place here.",
        )


_SPECTRAL = {
    "weight_orig": "parametrizations.weight.original",
    "weight_u": "parametrizations.weight.0._u",
    "weight_v": "parametrizations.weight.0._v",
}


def plain(release: str, ours: str) -> Iterator[Entry]:
    """Weight and bias of one layer."""
    yield from (Entry(f"{release}.{name}", (f"{ours}.{name}",)) for name in ("weight", "bias"))


def spectral(release: str, ours: str, *, bias: bool = True) -> Iterator[Entry]:
    """Weight, u, v and bias of one layer under spectral norm."""
    for theirs, mine in {**_SPECTRAL, **({"bias": "bias"} if bias else {})}.items():
        yield Entry(f"{release}.{theirs}", (f"{ours}.{mine}",))


Clue = tuple[str, int]
"""A tensor's name, and which of its axes has the width."""


def width(state: Mapping[str, Tensor], clues: Iterable[Clue], released: int) -> int:
    """What most clues say.

    Args:
        state: the release's names.
        clues: where the width can be read; of equally many votes the first counts.
        released: what the published networks have, where none of the tensors is there; each will then be missed.
    """
    votes = Counter(state[name].shape[axis] for name, axis in clues if name in state and axis < state[name].ndim)
    return votes.most_common(1)[0][0] if votes else released


def count(state: Mapping[str, Tensor], name: str) -> int:
    """How many of `name.format(0)`, `name.format(1)`, ... begin the name of a tensor."""
    i = 0
    while any(key.startswith(name.format(i)) for key in state):
        i += 1
    return i


def out_of(layer: str, weight: str = "weight") -> Iterator[Clue]:
    """Clues to the width that a convolution or linear layer makes."""
    yield from ((f"{layer}.{weight}", 0), (f"{layer}.bias", 0))
