"""How to train: the settings that belong to the loop, not to a system. No torch in here: `--help` reads it."""

from dataclasses import dataclass
from typing import Literal

from ipose.configs import check_choices, check_fields, require

Precision = Literal["no", "bf16"]
Schedule = Literal["constant", "linear", "cosine", "constant_then_linear"]
DecayBy = Literal["auto", "steps", "clock"]

RESUMABLE = frozenset(
    {"steps", "max_minutes", "workers", "keep", "checkpoint_every", "sample_every", "log_every", "tensorboard"}
)
"""Fields that a resumed run may change: how long, how often and with how many hands, not what is computed."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run. Which networks, losses and learning rates: the system's own config says so."""

    steps: int
    """Batches to train on; each is one step of every phase."""
    batch_size: int
    """Items in a batch, over all processes together."""
    seed: int = 0
    """Of the data order, the augmentation and the noise."""
    workers: int = 0
    """Processes that prepare batches; 0 = none beside this one. Any number gives the same batches."""
    max_minutes: float | None = None
    """Stop cleanly, with a checkpoint, after this long. None = when the steps are done."""
    checkpoint_every: int = 1000
    """Steps between checkpoints; the last step always gets one."""
    sample_every: int = 1000
    """Steps between sample sheets; 0 = none."""
    log_every: int = 50
    """Steps between lines of metrics.jsonl, each a mean over the steps since the last."""
    keep: int = 2
    """Newest checkpoints to keep."""
    ema_decay: float = 0.9999
    """Decay of averaged weights (P: 0.9999, Cityscapes 0.999); at step n min(this, (1+n)/(10+n)); 0 = no average."""
    precision: Precision = "no"
    """"bf16" computes under bfloat16 autocast; the weights stay float32."""
    schedule: Schedule = "constant"
    """Course of the learning rates: constant, or down to 0 along a line or half a cosine, or at first constant."""
    constant_epochs: int = 0
    """With schedule "constant_then_linear": epochs before the decay ..."""
    decay_epochs: int = 0
    """... and of the decay. The steps are divided into as many epochs; the rate changes once in each."""
    decay_by: DecayBy = "auto"
    """What the schedule reads: the share of the steps, or the share of `max_minutes` gone by ("clock"; then a resumed
    run is no longer exact). "auto" = the clock where `max_minutes` is given."""
    compile: bool = False
    """Compile the networks' forward passes (torch.compile): slower to start, faster to run."""
    tensorboard: bool = True
    """Write curves for TensorBoard too, where it is installed."""

    def __post_init__(self) -> None:
        check_fields(self, "steps batch_size checkpoint_every log_every keep", lambda x: x >= 1, "at least 1")
        check_fields(self, "seed workers sample_every constant_epochs", lambda x: x >= 0, "at least 0")
        needed = int(self.schedule == "constant_then_linear")
        check_fields(self, "decay_epochs", lambda x: x >= needed, f"at least {needed}")
        check_fields(self, "ema_decay", lambda x: 0 <= x < 1, "0 <= decay < 1")
        check_fields(self, "max_minutes", lambda x: x is None or x > 0, "more than 0, or None")
        check_choices(self)
        timed = self.max_minutes is not None or self.decay_by != "clock"
        require(timed, "max_minutes", "none", 'the minutes of the run, for decay_by "clock"')

    @property
    def by_clock(self) -> bool:
        """Whether the learning rates follow the clock, which makes a resumed run differ from an undisturbed one."""
        if self.schedule == "constant" or self.decay_by == "steps":
            return False
        return self.max_minutes is not None
