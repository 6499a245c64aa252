"""Widths and counts of a network, from the shapes of its tensors: by vote, so that one bad tensor is seen as such."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from torch import Tensor

from ipose.errors import RunError

Clue = tuple[str, int]
"""A tensor's name, and which of its axes has the width."""


def width(state: Mapping[str, Tensor], what: str, clues: Iterable[Clue]) -> int:
    """What most clues say.

    Args:
        state: the release's names.
        what: the width, in words.
        clues: where it can be read; of equally many votes the first counts.
    Raises:
        RunError: none of the tensors is there.
    """
    clues = list(clues)
    votes = Counter(state[name].shape[axis] for name, axis in clues if name in state and axis < state[name].ndim)
    if not votes:
        raise RunError(
            f"the release's state does not tell {what}",
            found=f"{len(state)} tensors, none of these",
            expected=", ".join(dict.fromkeys(name for name, _ in clues)),
            mend="Take the file as the authors' training wrote it, whole.",
        )
    return votes.most_common(1)[0][0]


def count(state: Mapping[str, Tensor], name: str) -> int:
    """How many of `name.format(0)`, `name.format(1)`, ... begin the name of a tensor."""
    i = 0
    while any(key.startswith(name.format(i)) for key in state):
        i += 1
    return i


def out_of(layer: str, weight: str = "weight") -> Iterator[Clue]:
    """Clues to the width that a convolution or linear layer makes."""
    yield from ((f"{layer}.{weight}", 0), (f"{layer}.bias", 0))
