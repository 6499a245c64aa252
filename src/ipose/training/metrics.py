"""What a run says while it trains: metrics.jsonl (a line of JSON each log step), a bar, curves in TensorBoard."""

import importlib.util
import json
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ipose.training.config import TrainConfig
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
    """Mean losses and speed of some steps. The time of saving and sampling does not count."""

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


Losses = Mapping[str, Mapping[str, float]]
"""Losses by phase and term."""

REDRAW_SECONDS = 0.5


class Progress:
    """A bar over the steps, or over the time if the schedule follows the clock.

    Args:
        seconds: training time before, over all resumes.
    """

    def __init__(self, config: TrainConfig, *, start: int, seconds: float, show: bool | None) -> None:
        self.by_clock = config.by_clock
        self.total = round((config.max_minutes or 0) * 60) if self.by_clock else config.steps
        self.bar: tqdm[Any] = tqdm(
            total=self.total,
            initial=round(seconds) if self.by_clock else start,
            unit="s" if self.by_clock else "step",
            disable=None if show is None else not show,
            dynamic_ncols=True,
            bar_format="{l_bar}{bar}| {n:.0f}/{total_fmt} {unit} [{elapsed}<{remaining}{postfix}]",
        )
        self.drawn = 0.0

    def update(self, step: int, seconds: float, losses: Losses, images_per_second: float) -> None:
        """Show a new state. Redraws at most every half second."""
        if self.bar.disable or time.monotonic() - self.drawn < REDRAW_SECONDS:
            return
        self.drawn = time.monotonic()
        terms = [f"{term} {value:.3g}" for phase in losses.values() for term, value in phase.items()]
        at = f"step {step}, " if self.by_clock else ""
        self.bar.set_postfix_str(f"{at}{images_per_second:.1f} img/s, {', '.join(terms)}", refresh=False)
        self.bar.n = min(seconds, self.total) if self.by_clock else step
        self.bar.refresh()

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        tqdm.write(text)

    def close(self) -> None:
        """Stop redrawing."""
        self.bar.close()


class Curves:
    """Writes TensorBoard's files into `folder`, if TensorBoard is installed and `wanted` is true."""

    def __init__(self, folder: Path, *, wanted: bool, start: int) -> None:
        self.writer: Any = None
        if not wanted or importlib.util.find_spec("tensorboard") is None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings of its own imports
            from torch.utils.tensorboard import SummaryWriter

            self.writer = SummaryWriter(str(folder), purge_step=start + 1 if start else None)

    def add(self, record: Mapping[str, Any]) -> None:
        """Add the values of one line of metrics.jsonl."""
        if self.writer is None:
            return
        step = record["step"]
        for phase, terms in record["losses"].items():
            for term, value in terms.items():
                self.writer.add_scalar(f"{phase}/{term}", value, step)
        for name, rate in record["lr"].items():
            self.writer.add_scalar(f"lr/{name}", rate, step)
        self.writer.add_scalar("images_per_second", record["images_per_second"], step)

    def close(self) -> None:
        """Write what is buffered."""
        if self.writer is not None:
            self.writer.close()
