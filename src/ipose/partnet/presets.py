"""PartNet's hyper-parameters, every variant on one page. No torch in here: `--help` reads it.

Where the paper (P) and the authors' release (R) differ, `paper` follows P and `release` follows R.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from ipose.configs import Published
from ipose.errors import ConfigError

Normalization = Literal["instance", "batch"]
Init = Literal["release", "torch"]
ReplacedSupport = Literal["any", "not_last"]


@dataclass(frozen=True, kw_only=True)
class PartNetConfig:
    """PartNet and its training. Defaults are the paper's, or the release's where the paper is silent."""

    encoder_channels: tuple[int, int, int, int] = (32, 64, 64, 96)
    """Widths of the stem and the three halving convolutions (R); the decoder mirrors them."""
    attention_blocks: int = 3
    """Cross-attention blocks (P sec. 3.1; 1..4 in table 8)."""
    multi_scale: bool = True
    """Concatenate the 4x4 and 2x2 maps behind the 8x8 one (P suppl. B.1; off in table 7)."""
    normalization: Normalization = "instance"
    """Behind each convolution: instance norm with LeakyReLU 0.2 in the encoders and ReLU in the decoder (R), or batch
    norm with ReLU (P suppl. B.1)."""
    k: int = 3
    """Supports per category (P sec. 4.1; 1..4 in table 4)."""
    mixed_k: bool = False
    """Train each batch with 1..k of the supports, as many as chance says, to use any number later (P table 4)."""
    zero_empty_masks: bool = True
    """Tokens of a mask without pixels are 0, as the formulas of instance norm say; off = what float32 rounding makes of
    them (R). Without effect on batch norm, which has another answer."""
    cross_entropy: bool = True
    """Add the cross-entropies over the part channels to P's BCE losses (R)."""
    reconstruction: bool = True
    """Second prediction with one support replaced by the query's own part map (P suppl. eq. 11)."""
    replaced_support: ReplacedSupport = "any"
    """Which of the k supports that is: any, or never the last one (R)."""
    random_supports: float = 3 / 8
    """Probability that a batch reads supports drawn at random: k of the chosen ones and at most 2k others (R)."""
    init: Init = "torch"
    """How weights begin: convolutions and linear maps normal after Xavier with gain 0.02, biases 0 (R), or as torch
    begins them. P is silent."""
    augment: bool = True
    """Resize, rotate, crop and flip training objects at random (R)."""
    learning_rate: float = 1e-4
    """Adam (P suppl. B.3)."""
    beta1: float = 0.0
    """Adam (P suppl. B.3)."""
    beta2: float = 0.999
    """Adam (P suppl. B.3)."""
    batch_size: int = 6
    """Objects a step (R)."""
    epochs: int = 30
    """Passes over the part pairs (P suppl. B.3)."""
    ema_decay: float = 0.0
    """Decay of the averaged weights that are evaluated and saved; 0 = the weights themselves (P)."""
    decay_learning_rate: bool = False
    """Let the learning rate fall to 0 along a cosine (P: constant)."""

    def __post_init__(self) -> None:
        if len(self.encoder_channels) != 4 or min(self.encoder_channels) < 1:
            raise ConfigError(
                "four positive widths needed",
                field="encoder_channels",
                found=self.encoder_channels,
                expected="4 widths",
            )
        for name in ("attention_blocks", "k", "batch_size", "epochs"):
            if getattr(self, name) < 1:
                raise ConfigError("too small", field=name, found=getattr(self, name), expected="at least 1")
        if self.normalization not in get_args(Normalization):
            known = " or ".join(get_args(Normalization))
            raise ConfigError("no such choice", field="normalization", found=self.normalization, expected=known)
        for name, choices in (("init", Init), ("replaced_support", ReplacedSupport)):
            if getattr(self, name) not in get_args(choices):
                known = " or ".join(get_args(choices))
                raise ConfigError("no such choice", field=name, found=getattr(self, name), expected=known)
        if not 0 <= self.random_supports <= 1:
            raise ConfigError("no probability", field="random_supports", found=self.random_supports, expected="0..1")

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


def paper() -> PartNetConfig:
    """P suppl. B: BCE losses alone (eqs. 10-12). The network is R's, whose weights load; `normalization="batch"` gives
    P's words. 5,133,825 parameters."""
    return PartNetConfig(cross_entropy=False, init="release")


def release() -> PartNetConfig:
    """The authors' script: cross-entropies added, empty masks computed, the last support never replaced, 500 passes, of
    which the model of the best validation accuracy is used (--keep-best validation.ac). 5,133,825 parameters."""
    return PartNetConfig(zero_empty_masks=False, replaced_support="not_last", init="release", epochs=500)


def half() -> PartNetConfig:
    """Half the paper's widths, for an hour on 2 CPU cores: a higher rate that decays, averaged weights."""
    return replace(
        PartNetConfig(),
        encoder_channels=(16, 32, 32, 48),
        learning_rate=1e-3,
        beta1=0.9,
        batch_size=16,
        ema_decay=0.995,
        decay_learning_rate=True,
    )


def toy() -> PartNetConfig:
    """A quarter to a half of the paper's widths, for the two and a half minutes that `ipose demo` gives it: small
    batches, no augmentation (PartWorld has objects enough)."""
    return replace(
        half(),
        encoder_channels=(8, 16, 32, 32),
        augment=False,
        batch_size=8,
        learning_rate=2e-3,
        ema_decay=0.98,
    )


PRESETS: dict[str, Callable[[], PartNetConfig]] = {"toy": toy, "half": half, "paper": paper, "release": release}
"""PartNet presets by name."""

PresetName = Literal["toy", "half", "paper", "release"]


def preset(name: str, **overrides: Any) -> PartNetConfig:
    """The preset of that name, with fields replaced. Raises ConfigError for an unknown name."""
    if name not in PRESETS:
        raise ConfigError("no such PartNet preset", found=repr(name), expected=" or ".join(PRESETS))
    return replace(PRESETS[name](), **overrides)


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
    "init": Published(release="release"),
    "augment": Published(release=True),
    "learning_rate": Published(1e-4, 1e-4),
    "beta1": Published(0.0, 0.0),
    "beta2": Published(0.999, 0.999),
    "batch_size": Published(release=6),
    "epochs": Published(30, 500),
    "ema_decay": Published(0.0, 0.0),
    "decay_learning_rate": Published(False, False),
}
"""By field of `PartNetConfig`. Sources: iPOSE sec. 3.1, suppl. B; the released networks and scripts."""
