"""Means over the steps since the last line of metrics.jsonl. No torch in here."""

import time
from collections import defaultdict
from collections.abc import Mapping


class Window:
    """Losses and working time of some steps; saving and sampling in between do not count as work.

    Args:
        images_per_step: the batch size over all processes.
    """

    def __init__(self, images_per_step: int) -> None:
        self.images_per_step = images_per_step
        self.steps, self.working_seconds, self.started = 0, 0.0, 0.0
        self.sums: dict[str, dict[str, tuple[float, int]]] = defaultdict(dict)

    def start(self) -> None:
        """A step begins (with waiting for its batch)."""
        self.started = time.perf_counter()

    def add(self, losses: Mapping[str, Mapping[str, float]]) -> None:
        """A step ended with these losses, by phase and term."""
        self.steps += 1
        self.working_seconds += time.perf_counter() - self.started
        for phase, terms in losses.items():
            for term, value in terms.items():
                total, count = self.sums[phase].get(term, (0.0, 0))
                self.sums[phase][term] = total + value, count + 1

    def losses(self) -> dict[str, dict[str, float]]:
        """Mean of each term over the steps that had it."""
        return {
            phase: {term: total / count for term, (total, count) in terms.items()} for phase, terms in self.sums.items()
        }

    def images_per_second(self) -> float:
        """0 where no time has passed."""
        return self.steps * self.images_per_step / self.working_seconds if self.working_seconds else 0.0
