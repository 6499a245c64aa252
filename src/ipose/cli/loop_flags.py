"""What all `ipose train` commands share: how long, how often."""

from dataclasses import dataclass, fields
from typing import Any

from tyro.conf import FlagCreatePairsOff

from ipose.training.config import Precision, Schedule

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C or SIGTERM ended, after it had saved."""


@dataclass(frozen=True, kw_only=True)
class LoopFlags:
    """How long, how often."""

    steps: int | None = None
    """Optimizer steps. None = as many as the config's epochs (or updates) make."""
    max_minutes: float | None = None
    """Stop cleanly, with a checkpoint, after this long."""
    seed: int = 0
    """Of initial weights, data order, augmentation and noise."""
    workers: int = 0
    """Processes that prepare batches; any number gives the same batches."""
    checkpoint_every: int = 1000
    """Steps between checkpoints."""
    sample_every: int = 1000
    """Steps between sample sheets (samples/)."""
    log_every: int = 50
    """Steps between lines of metrics.jsonl."""
    keep: int = 2
    """Newest checkpoints to keep."""
    precision: Precision = "no"
    """bf16: compute under bfloat16 autocast; weights and sensitive losses stay float32."""
    schedule: Schedule | None = None
    """Course of the learning rates. None = the config's."""
    schedule_by_clock: FlagCreatePairsOff[bool] = False
    """Let a decaying learning rate follow --max-minutes (a resumed run is then not exact), not the steps."""

    def settings(self) -> dict[str, Any]:
        """As keyword arguments of TrainConfig; None = what the system's config implies."""
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "schedule_by_clock"}
        return values | {"decay_by": "clock" if self.schedule_by_clock else "steps"}
