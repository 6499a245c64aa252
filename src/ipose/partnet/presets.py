"""Every setting of PartNet and its training, on one page. Imports no torch, so that `--help` is fast.

"P" is the paper, "R" the authors' release. The preset `paper` follows P, `release` follows R.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ipose.configs import Published, check_choices, check_fields, config_by_name

Normalization = Literal["instance", "batch"]
WeightInit = Literal["release", "torch"]
ReplacedSupport = Literal["any", "not_last"]


@dataclass(frozen=True, kw_only=True)
class PartNetConfig:
    """Settings of PartNet and its training. The defaults are the paper's, or the release's where the paper says
    nothing."""

    encoder_channels: tuple[int, int, int, int] = (32, 64, 64, 96)
    """Widths of the first convolution and the three halving ones (R). The decoder mirrors them."""
    attention_blocks: int = 3
    """Number of cross-attention blocks (P sec. 3.1; 1..4 in table 8)."""
    multi_scale: bool = True
    """Whether the 4x4 and 2x2 maps are concatenated to the 8x8 one (P suppl. B.1; off in table 7)."""
    normalization: Normalization = "instance"
    """Norm after each convolution: "instance" with LeakyReLU 0.2 in the encoders and ReLU in the decoder (R), or
    "batch" with ReLU (P suppl. B.1)."""
    k: int = 3
    """Number of supports for each category (P sec. 4.1; 1..4 in table 4)."""
    mixed_k: bool = False
    """Whether each batch uses a random number 1..k of the supports, so that any number works later (P table 4)."""
    zero_empty_masks: bool = True
    """Whether the tokens of a mask without pixels are 0, as the formulas of instance norm say. False = the noise that
    float32 rounding leaves (R). No effect with batch norm."""
    cross_entropy: bool = True
    """Whether the cross-entropies over the part channels are added to P's BCE losses (R)."""
    reconstruction: bool = True
    """Whether there is a second prediction, in which the query's own part map replaces one support (P suppl. eq.
    11)."""
    replaced_support: ReplacedSupport = "any"
    """The support that is replaced: any of the k, or any but the last one (R)."""
    random_supports: float = 3 / 8
    """Probability that a batch reads random supports: k of the chosen ones and at most 2k others (R)."""
    weight_init: WeightInit = "torch"
    """Initial weights: Xavier normal with gain 0.02 and biases 0 (R), or torch's own. P does not say."""
    augment: bool = True
    """Whether training objects are resized, rotated, cropped and flipped at random (R)."""
    learning_rate: float = 1e-4
    """Adam (P suppl. B.3)."""
    beta1: float = 0.0
    """Adam (P suppl. B.3)."""
    beta2: float = 0.999
    """Adam (P suppl. B.3)."""
    batch_size: int = 6
    """Objects in a batch (R)."""
    epochs: int = 30
    """Passes over the part pairs (P suppl. B.3)."""
    best_checkpoint: bool = False
    """Whether the model folder has the checkpoint of the best validation AC, pooled over all basis objects (R). False =
    the last step. --keep-best names another metric."""
    held_out: tuple[str, ...] = ()
    """Part categories whose part maps are not trained on where the data have them (P: cat). --novel replaces them."""
    ema_decay: float = 0.0
    """Decay of the averaged weights that are evaluated and saved. 0 = no average (R)."""
    decay_learning_rate: bool = False
    """Whether the learning rate falls to 0 along a cosine (R: constant)."""

    def __post_init__(self) -> None:
        check_fields(self, "encoder_channels", lambda x: len(x) == 4 and min(x) > 0, "4 widths, each above 0")
        check_fields(self, "attention_blocks k batch_size epochs", lambda x: x >= 1, "at least 1")
        check_fields(self, "random_supports", lambda x: 0 <= x <= 1, "a probability, 0..1")
        check_choices(self)

    @property
    def empty_masks_have_no_tokens(self) -> bool:
        """Whether the tokens of a mask without pixels are 0 by definition."""
        return self.zero_empty_masks and self.normalization == "instance"

    @property
    def features(self) -> int:
        """F, feature channels per part channel: the width of the decoder's last layer."""
        return self.encoder_channels[0]

    @property
    def token_width(self) -> int:
        """d, channels of a token."""
        return self.encoder_channels[3] * (3 if self.multi_scale else 1)


# An hour on 2 CPU cores: half the paper's widths, a higher rate that decays, averaged weights.
_HALF: Mapping[str, Any] = {
    "encoder_channels": (16, 32, 32, 48),
    "learning_rate": 1e-3,
    "beta1": 0.9,
    "batch_size": 16,
    "ema_decay": 0.995,
    "decay_learning_rate": True,
}

# The minutes that `ipose demo` has: a quarter of the paper's widths, small batches. PartWorld has so many objects that
# no augmentation is needed.
_TOY: Mapping[str, Any] = {
    **_HALF,
    "encoder_channels": (8, 16, 32, 32),
    "augment": False,
    "batch_size": 8,
    "learning_rate": 2e-3,
    "ema_decay": 0.98,
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "toy": _TOY,
    "half": _HALF,
    # BCE losses alone (P eqs. 10-12); `normalization="batch"` gives P's network
    "paper": {"cross_entropy": False, "weight_init": "release", "held_out": ("cat",)},
    # The authors' script. Of its 500 passes the model of the best validation accuracy is used. Its supports are those
    # of the authors' part data only if --supports names them; else k-means chooses (P suppl. A.2).
    "release": {
        "zero_empty_masks": False,
        "replaced_support": "not_last",
        "weight_init": "release",
        "epochs": 500,
        "best_checkpoint": True,
        "held_out": ("cat",),
    },
}
"""What each preset changes of the defaults. `paper` and `release` have 5,133,825 parameters."""


def preset(name: str, **overrides: Any) -> PartNetConfig:
    """The named configuration, with fields replaced.

    Args:
        name: a key of `PRESETS`.
        overrides: fields of `PartNetConfig`.
    Raises:
        ConfigError: no such preset, no such field, or a value that cannot work.
    """
    return config_by_name(PartNetConfig, "PartNet", PRESETS, name, overrides)


PUBLISHED: Mapping[str, Published] = {
    "encoder_channels": Published(release=(32, 64, 64, 96)),
    "attention_blocks": Published(3, 3),
    "multi_scale": Published(True, True),
    "normalization": Published("batch", "instance"),
    "k": Published(3, 3),
    "mixed_k": Published(False, False),
    "zero_empty_masks": Published(release=False),
    "cross_entropy": Published(False, True),
    "reconstruction": Published(True, True),
    "replaced_support": Published("any", "not_last"),
    "random_supports": Published(release=3 / 8),
    "weight_init": Published(release="release"),
    "augment": Published(release=True),
    "learning_rate": Published(1e-4, 1e-4),
    "beta1": Published(0.0, 0.0),
    "beta2": Published(0.999, 0.999),
    "batch_size": Published(release=6),
    "epochs": Published(30, 500),
    "best_checkpoint": Published(release=True),
    "held_out": Published(("cat",)),
    "ema_decay": Published(release=0.0),
    "decay_learning_rate": Published(release=False),
}
"""Published values by field of `PartNetConfig`. Sources: iPOSE sec. 3.1, suppl. B; the released networks and
scripts."""
