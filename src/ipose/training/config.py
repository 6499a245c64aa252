"""Settings of the training loop, which are the same for every system. Imports no torch, so that `--help` is fast."""

from dataclasses import dataclass
from typing import Literal

from ipose.configs import check_choices, check_fields, require

Precision = Literal["no", "bf16"]
Schedule = Literal["constant", "linear", "cosine", "constant_then_linear"]
DecayBy = Literal["auto", "steps", "clock"]
Better = Literal["higher", "lower"]
"""Which values of a validation metric are better."""
NO_METRIC = "no"
"""Value of `keep_best` that measures nothing."""

RESUMABLE = frozenset(
    {"steps", "max_minutes", "workers", "keep", "keep_best", "checkpoint_every", "sample_every", "log_every"}
    | {"tensorboard"}
)
"""Fields that a resumed run may change. They do not change what is computed in a step."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings of one training run. Networks, losses and learning rates stand in the system's own config."""

    steps: int
    """Number of batches to train on. Each batch is one step."""
    batch_size: int
    """Items in a batch, over all processes."""
    seed: int = 0
    """Random seed of data order, augmentation and noise."""
    workers: int = 0
    """Worker processes that prepare batches. 0 = this process does it. The batches are the same for any number."""
    max_minutes: float | None = None
    """Minutes after which training saves a checkpoint and stops. None = train all steps."""
    checkpoint_every: int = 1000
    """Steps between checkpoints. The last step always has one."""
    sample_every: int = 1000
    """Steps between sample sheets. 0 = no sheets."""
    log_every: int = 50
    """Steps between lines of metrics.jsonl. Each line has means over these steps."""
    keep: int = 2
    """Number of newest checkpoints to keep."""
    keep_best: str = NO_METRIC
    """Validation metric whose best checkpoint is kept beside the newest ones and gives the model folder. It is measured
    at each checkpoint. "no" = the model folder has the last step."""
    ema_decay: float = 0.9999
    """Decay of averaged weights (P: 0.9999, Cityscapes 0.999), at most (1+n)/(10+n) at step n. 0 = no average."""
    precision: Precision = "no"
    """Number format of the computation. "bf16" = bfloat16 autocast, with float32 weights."""
    schedule: Schedule = "constant"
    """Course of the learning rates: constant, a line or half a cosine down to 0, or a line after a constant."""
    constant_epochs: int = 0
    """Epochs before the decay. Only used by schedule "constant_then_linear"."""
    decay_epochs: int = 0
    """Epochs of the decay. Only used by schedule "constant_then_linear". The rate changes once in an epoch."""
    decay_by: DecayBy = "auto"
    """What the schedule follows: "steps", or "clock" (the share of `max_minutes`). "auto" = the clock if `max_minutes`
    is given. With the clock, a resumed run is not exactly the same as one that never stopped."""
    accumulate: int = 1
    """Number of pieces that a batch is computed in, to save memory. The gradient is that of the whole batch, and a step
    takes one more forward pass. Only batch norms see each piece alone."""
    checkpoint_activations: bool = False
    """Compute the activations of each block again in the backward pass, to save memory. The gradient is the same."""
    compile: bool = False
    """Compile the networks with torch.compile, which takes minutes. Meant for a GPU: on a CPU, steps are no faster."""
    tensorboard: bool = True
    """Also write curves for TensorBoard, if it is installed."""

    def __post_init__(self) -> None:
        check_fields(
            self, "steps batch_size accumulate checkpoint_every log_every keep", lambda x: x >= 1, "at least 1"
        )
        check_fields(self, "seed workers sample_every constant_epochs", lambda x: x >= 0, "at least 0")
        needed = int(self.schedule == "constant_then_linear")
        check_fields(self, "decay_epochs", lambda x: x >= needed, f"at least {needed}")
        check_fields(self, "ema_decay", lambda x: 0 <= x < 1, "0 <= decay < 1")
        check_fields(self, "max_minutes", lambda x: x is None or x > 0, "more than 0, or None")
        check_choices(self)
        timed = self.max_minutes is not None or self.decay_by != "clock"
        require(timed, "max_minutes", "none", "--max-minutes beside --schedule-by-clock")
        sparing = self.accumulate > 1 or self.checkpoint_activations
        expected = "neither accumulate nor checkpoint_activations with it"
        require(not (self.compile and sparing), "compile", True, expected)

    @property
    def by_clock(self) -> bool:
        """Whether the learning rates follow the clock. A resumed run then differs from one that never stopped."""
        if self.schedule == "constant" or self.decay_by == "steps":
            return False
        return self.max_minutes is not None
