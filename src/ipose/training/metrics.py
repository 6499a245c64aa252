"""metrics.jsonl: one line of JSON for each log step. Imports no torch."""

import json
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ipose.whole_files import append_text, write_text_whole


def append_metrics(file: Path, record: Mapping[str, Any]) -> None:
    """Add one line. It is written at once, so only a crash can leave half a line, the last one."""
    append_text(file, json.dumps(record, allow_nan=False) + "\n")


def read_metrics(file: Path) -> list[dict[str, Any]]:
    """All records, oldest first. Empty if there is no file.

    A last line that is no JSON is skipped. Any other such line is skipped with a warning.
    """
    if not file.exists():
        return []
    records = []
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            records.append(dict(json.loads(line)))
        except ValueError:
            if number < len(lines):
                warnings.warn(f"{file}: line {number} is no JSON; left out", stacklevel=2)
    return records


def drop_metrics_after(file: Path, step: int) -> None:
    """Remove the records of later steps, which a resumed run takes again."""
    if not file.exists():
        return
    kept = [record for record in read_metrics(file) if record.get("step", 0) <= step]
    write_text_whole(file, "".join(json.dumps(record) + "\n" for record in kept))


Sums = Mapping[str, Mapping[str, tuple[float, int]]]
"""Of each phase and term: its sum, and the number of steps that had it."""


def mean_losses(sums: Iterable[Sums]) -> dict[str, dict[str, float]]:
    """Mean of each term over all steps, of all processes, that had it."""
    found: dict[str, dict[str, list[tuple[float, int]]]] = {}
    for phase, terms in (item for each in sums for item in each.items()):
        for term, pair in terms.items():
            found.setdefault(phase, {}).setdefault(term, []).append(pair)
    return {
        phase: {term: sum(t for t, _ in pairs) / sum(n for _, n in pairs) for term, pairs in terms.items()}
        for phase, terms in found.items()
    }


class Window:
    """Mean losses and speed of some steps. The time of saving and sampling does not count.

    Args:
        images_per_step: batch size over all processes.
    """

    def __init__(self, images_per_step: int) -> None:
        self.images_per_step = images_per_step
        self.steps, self.working_seconds, self.started = 0, 0.0, 0.0
        self.sums: dict[str, dict[str, tuple[float, int]]] = defaultdict(dict)

    def start(self) -> None:
        """A step begins. Waiting for the batch is part of it."""
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
        return mean_losses([self.sums])

    def images_per_second(self) -> float:
        """Images per second; 0 if no time has passed."""
        return self.steps * self.images_per_step / self.working_seconds if self.working_seconds else 0.0
