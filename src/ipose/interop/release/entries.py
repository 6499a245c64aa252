"""The table of a network of the release: the names of its tensors there and here.

Reading, error messages and writing all use the same table, so a round trip is exact.
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
        release: its name in the release.
        ours: its names here. The release stacks several tensors along the first axis.
        pixels: number of last axes of length 1 that only the release has: a 1x1 convolution there, a linear map here.
    """

    release: str
    ours: tuple[str, ...]
    pixels: int = 0

    def to_release(self, state: Mapping[str, Tensor]) -> Tensor:
        """The release's tensor, made from our state dict."""
        pieces = [state[name] for name in self.ours]
        tensor = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
        return tensor[(..., *[None] * self.pixels)] if self.pixels else tensor

    def to_ours(self, tensor: Tensor) -> dict[str, Tensor]:
        """Our tensors by name, as copies of the release's tensor."""
        tensor = tensor.detach().reshape(tensor.shape[: tensor.ndim - self.pixels])
        pieces = [tensor] if len(self.ours) == 1 else tensor.chunk(len(self.ours))
        return {name: piece.clone() for name, piece in zip(self.ours, pieces, strict=True)}


def build(
    make: Callable[[], Network], table: Callable[[Network], list[Entry]]
) -> tuple[Network, list[Entry], dict[str, Shape]]:
    """A network on the meta device, its table, and the name and shape of every tensor in the release's form."""
    with torch.device("meta"):
        network = make()
    entries, state = table(network), network.state_dict()
    return network, entries, {entry.release: tuple(entry.to_release(state).shape) for entry in entries}


def fill(network: Network, entries: Sequence[Entry], state: Mapping[str, Tensor]) -> Network:
    """The network of `build` with the weights of a checked state, in eval mode. Dtypes and devices are the state's."""
    ours: dict[str, Tensor] = {}
    for entry in entries:
        ours |= entry.to_ours(state[entry.release])
    network.load_state_dict(ours, assign=True)
    return network.eval()


def network_from_state(
    what: str, state: Mapping[str, Tensor], make: Callable[[], Network], table: Callable[[Network], list[Entry]]
) -> Network:
    """The network of a state, in eval mode. `what`: its name, for messages. `make`: makes it with the state's widths.
    `table`: gives its table.

    Raises:
        RunError: names or shapes that do not fit; all are listed.
    """
    network, entries, expected = build(make, table)
    check_names(what, state, expected)
    return fill(network, entries, state)


def export(network: nn.Module, entries: Iterable[Entry]) -> dict[str, Tensor]:
    """The network's state dict in the release's form. Like `state_dict`, it shares memory with the network if it can.

    Raises:
        ConfigError: layers that the release does not have.
    """
    state, entries = network.state_dict(), list(entries)
    covered = {name for entry in entries for name in entry.ours}
    if strange := sorted(covered ^ set(state)):
        raise ConfigError(
            f"the release has no form for this {type(network).__name__}",
            found=f"{len(strange)} tensors that it does not have, such as {strange[0]}",
            expected="the layers of the release",
            mend="Only networks with the release's layers and norms can be converted back: PSM blocks, spectral_norm "
            "'release'.",
        )
    return {entry.release: entry.to_release(state) for entry in entries}


def check_names(what: str, state: Mapping[str, Tensor], expected: Mapping[str, Shape]) -> None:
    """Check the names and shapes of a state.

    Raises:
        RunError: lists all names that are missing, unknown or of another shape, each on its line.
    """
    missing = [f"missing {name}: expected {expected[name]}" for name in sorted(set(expected) - set(state))]
    unknown = [f"unknown {name}: found {tuple(state[name].shape)}" for name in sorted(set(state) - set(expected))]
    shapes = [
        f"shape of {name}: found {tuple(state[name].shape)}, expected {expected[name]}"
        for name in sorted(set(state) & set(expected))
        if tuple(state[name].shape) != expected[name]
    ]
    groups = {"missing": missing, "unknown": unknown, "of another shape": shapes}
    if any(groups.values()):
        counts = ", ".join(f"{len(faults)} {group}" for group, faults in groups.items() if faults)
        listed = "\n  ".join(missing + unknown + shapes)
        raise RunError(
            f"tensors do not fit the release's {what}, {counts}:\n  {listed}",
            mend="Take the whole file that the authors' training saved. Other layers cannot be read.",
        )


_SPECTRAL = {
    "weight_orig": "parametrizations.weight.original",
    "weight_u": "parametrizations.weight.0._u",
    "weight_v": "parametrizations.weight.0._v",
}


def layer_entries(release: str, ours: str) -> Iterator[Entry]:
    """Entries of weight and bias of a layer."""
    yield from (Entry(f"{release}.{name}", (f"{ours}.{name}",)) for name in ("weight", "bias"))


def batch_norm_entries(release: str, ours: str) -> Iterator[Entry]:
    """Entries of the statistics of a batch norm. Both names end in a dot."""
    names = ("running_mean", "running_var", "num_batches_tracked")
    yield from (Entry(f"{release}{name}", (f"{ours}{name}",)) for name in names)


def spectral_entries(release: str, ours: str, *, bias: bool = True) -> Iterator[Entry]:
    """Entries of weight, u, v and bias of a layer with spectral norm."""
    for theirs, mine in {**_SPECTRAL, **({"bias": "bias"} if bias else {})}.items():
        yield Entry(f"{release}.{theirs}", (f"{ours}.{mine}",))


Clue = tuple[str, int]
"""Name of a tensor, and the axis whose length is the width."""


def width(state: Mapping[str, Tensor], clues: Iterable[Clue], released: int) -> int:
    """A width that several tensors show: the value of most of them. Of equal ones the first. `released`: for a state
    with none of these tensors.
    """
    votes = Counter(state[name].shape[axis] for name, axis in clues if name in state and axis < state[name].ndim)
    return votes.most_common(1)[0][0] if votes else released


def count(state: Mapping[str, Tensor], name: str, *, first: int = 0) -> int:
    """Number of layers `name.format(first)`, `name.format(first + 1)`, ... that begin the name of a tensor."""
    i = first
    while any(key.startswith(name.format(i)) for key in state):
        i += 1
    return i - first


def out_of(layer: str, weight: str = "weight") -> Iterator[Clue]:
    """Clues to the output width of a convolution or linear layer."""
    yield from ((f"{layer}.{weight}", 0), (f"{layer}.bias", 0))
