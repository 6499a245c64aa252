"""What a run shows while it trains: a progress bar, and curves in TensorBoard."""

import importlib.util
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ipose.training.config import TrainConfig

Losses = Mapping[str, Mapping[str, float]]
"""Losses by phase and term."""

REDRAW_SECONDS = 0.5


class Progress:
    """A bar over the steps, or over the time if the schedule follows the clock.

    Args:
        config: settings of the loop.
        start: step at which this process begins.
        seconds: training time before, over all resumes.
        show: None = only if stderr is a terminal.
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
