"""Widths and counts of a network, from the shapes of its tensors: by vote, so that one bad tensor is seen as such."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from torch import Tensor

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
