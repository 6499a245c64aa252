"""Flags of the training loop, which all `ipose train` commands have."""

from dataclasses import dataclass, fields
from typing import Any

from tyro.conf import FlagCreatePairsOff

from ipose.training.config import Precision, Schedule

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C or SIGTERM ended, after it had saved."""


@dataclass(frozen=True, kw_only=True)
class LoopFlags:
    """Flags of the training loop."""

    steps: int | None = None
    """Number of optimizer steps. None = from the config's epochs or updates."""
    max_minutes: float | None = None
    """Minutes of steps, after which training saves and stops. The last save, with its estimate of the batch norms, and
    the last sheet come on top. None = train all steps."""
    seed: int = 0
    """Random seed of initial weights, data order, augmentation and noise."""
    workers: int = 0
    """Number of processes that prepare batches. The batches are the same for any number."""
    checkpoint_every: int = 1000
    """Steps between checkpoints."""
    sample_every: int = 1000
    """Steps between sample sheets (samples/)."""
    log_every: int = 50
    """Steps between lines of metrics.jsonl."""
    keep: int = 2
    """Number of newest checkpoints to keep."""
    keep_best: str | None = None
    """Validation metric whose best checkpoint is kept, too, and gives the model folder. It is measured at each
    checkpoint. A wrong name lists the system's metrics. "no" = the model folder has the last step. None = from the
    config."""
    precision: Precision = "no"
    """bf16 = compute under bfloat16 autocast. Weights and sensitive losses stay float32."""
    accumulate: int = 1
    """Compute a batch in this number of pieces, to save memory. The gradient is that of the whole batch, for one more
    forward pass. Only batch norms see each piece alone, as on several GPUs."""
    checkpoint_activations: FlagCreatePairsOff[bool] = False
    """Compute the activations of each block again in the backward pass, to save memory. The gradient is the same."""
    compile: FlagCreatePairsOff[bool] = False
    """Compile the networks: a slower start, then faster steps. Needs a compiler (g++, or on a GPU Triton)."""
    schedule: Schedule | None = None
    """Course of the learning rates. None = from the config."""
    schedule_by_clock: FlagCreatePairsOff[bool] = False
    """Let a falling learning rate follow --max-minutes, not the steps. A resumed run is then not exact."""

    def settings(self) -> dict[str, Any]:
        """Keyword arguments of TrainConfig. None = from the system's config."""
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "schedule_by_clock"}
        return values | {"decay_by": "clock" if self.schedule_by_clock else "steps"}
