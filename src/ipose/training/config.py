"""How to train: the settings that belong to the loop, not to a system. No torch in here: `--help` reads it."""

from dataclasses import dataclass
from typing import Literal, get_args

from ipose.errors import ConfigError

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
        for name in ("steps", "batch_size", "checkpoint_every", "log_every", "keep"):
            self._demand(name, getattr(self, name) >= 1, "at least 1")
        for name in ("seed", "workers", "sample_every", "constant_epochs"):
            self._demand(name, getattr(self, name) >= 0, "at least 0")
        self._demand("decay_epochs", self.decay_epochs >= (self.schedule == "constant_then_linear"), "at least 1")
        self._demand("ema_decay", 0 <= self.ema_decay < 1, "0 <= decay < 1")
        self._demand("max_minutes", self.max_minutes is None or self.max_minutes > 0, "more than 0, or None")
        for name, choices in (("precision", Precision), ("schedule", Schedule), ("decay_by", DecayBy)):
            self._demand(name, getattr(self, name) in get_args(choices), " or ".join(get_args(choices)))
        if self.decay_by == "clock" and self.max_minutes is None:
            raise ConfigError(
                "a schedule by the clock needs to know how long", field="max_minutes", found=None, expected="minutes"
            )

    def _demand(self, name: str, holds: bool, expected: str) -> None:
        if not holds:
            raise ConfigError(
                "a training setting that cannot work", field=name, found=getattr(self, name), expected=expected
            )

    @property
    def by_clock(self) -> bool:
        """Whether the learning rates follow the clock, which makes a resumed run differ from an undisturbed one."""
        if self.schedule == "constant" or self.decay_by == "steps":
            return False
        return self.max_minutes is not None
