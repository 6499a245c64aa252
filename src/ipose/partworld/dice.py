"""The only source of randomness of PartWorld."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Number = float | int
"""Checkers of annotations do not take 1 for a float, so lengths and angles say that they may be whole."""


class Dice:
    """Random numbers that are the same on every platform and numpy version.

    Everything is made from `Generator.random` (53 bits of a PCG64 word, divided by a power of two): numpy guarantees
    the words, and no distribution method, whose stream may change between versions, is used.

    Args:
        key: integers >= 0 that name the stream, e.g. (seed, split, index).
    """

    def __init__(self, *key: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))

    def uniform(self, low: Number, high: Number) -> float:
        """A number in [low, high)."""
        return low + (high - low) * float(self._generator.random())

    def around(self, center: Number, spread: Number) -> float:
        """A number in [center - spread, center + spread)."""
        return self.uniform(center - spread, center + spread)

    def integer(self, low: int, high: int) -> int:
        """An integer in low..high, both included."""
        return low + int((high - low + 1) * float(self._generator.random()))

    def chance(self, probability: Number) -> bool:
        """True with this probability."""
        return float(self._generator.random()) < probability

    def choice(self, items: Sequence[T]) -> T:
        """One of the items, all equally likely."""
        return items[self.integer(0, len(items) - 1)]

    def field(self, height: int, width: int) -> NDArray[np.float32]:
        """White noise in [0, 1): float32 (height, width)."""
        return self._generator.random((height, width)).astype(np.float32)
