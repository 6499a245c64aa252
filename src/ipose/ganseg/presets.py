"""Every number of GANSeg and its training, on one page: the config and its presets (GANSeg sec. 3, appendix B).

Torch-free, so that `ipose --help` is instant. "P" is what the paper says, "R" what the authors' release does; where
they differ, the field names both, and the default is the release's, whose numbers the paper's tables are.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from ipose.errors import ConfigError

Heatmap = Literal["cone", "gauss-var", "gauss-paper"]
Grid = Literal["release", "pixel-centre"]
Head = Literal["two", "one"]
AreaTarget = Literal["disk", "heatmap"]
Reduction = Literal["mean", "sum"]
Penalty = Literal["release", "r1", "none"]
PresetName = Literal["celeba-wild", "taichi", "cub", "flowers", "folder", "small", "partworld", "tiny"]

MOST_PARTS = 254
"""Part maps are saved as bytes: 0 = background, 1..K = parts."""


@dataclass(frozen=True, kw_only=True)
class GANSegConfig:
    """Generator, discriminator, objective and training of GANSeg. Checks itself once, when made.

    Raises:
        ConfigError: a value that cannot work; the sentence names the field.
    """

    parts: int = 8
    """K: parts to find. P: 8; Taichi 10."""
    points_per_part: int = 4
    """P: points that carry one part. 2 always collapses, 3 sometimes (P app. F.3)."""
    noise_channels: int = 256
    """Width of each of the three noises (P app. B)."""
    embedding: int = 64
    """E: width of part and background embeddings."""
    sizes: tuple[int, ...] = (32, 32, 64, 128)
    """Resolution of each block, in pixels; a size repeats or doubles the one before, and the last one is the image's.
    Six blocks on CUB and Flowers: 32 32 64 64 128 128 (R)."""
    channels: tuple[int, ...] = (512, 256, 128, 64)
    """Width of each block's input in foreground and background; the first one is also the mask's start (R)."""
    final_channels: int = 64
    """Width of the last blocks of foreground and background."""
    mask_channels: int = 64
    """Width between the blocks of the mask."""
    hidden: int = 128
    """Width inside SPADE and AdaIN."""
    head: Head = "two"
    """From features to colours: "two" 3x3 convolutions, or "one" of 1x1 (Flowers, R)."""
    heatmap: Heatmap = "cone"
    """Form of a part around its centre: cone (published runs), gauss-var (R's command line), gauss-paper (P eq. 4)."""
    grid: Grid = "release"
    """Coordinates of pixels: first and last centre at -1 and 1 (R), or the centres of pixels of an image from -1 to 1,
    on which shifting the points shifts the masks exactly."""
    margin: int = 10
    """Pixels that are computed around the image, so that zero padding is not seen in it (P eq. 12)."""
    point_divisor: float = 20.0
    """Divides the points before tanh, so that training starts with all of them near the centre (R)."""
    point_layers: int = 5
    """Linear layers from noise to points (R; P: 3)."""
    embedding_layers: int = 4
    """Linear layers from noise to part and background appearance (R; P: 3)."""
    share_repeated: bool = False
    """One layer in place of each run of equal layers: a slip of the first public version, here for ablation only."""
    fixed_background_row: bool = True
    """Let the background move sideways only. R: always; P: Taichi only."""

    discriminator_channels: tuple[int, ...] = (64, 128, 256, 512, 512, 512)
    """Output width of each of D's blocks, each of which halves the image (R)."""
    discriminator_hidden: int = 512
    """Width of D's last hidden layer (R)."""

    concentration_weight: float = 10.0
    """lambda_con (P tab. 4): 10 CelebA and CUB, 30 Taichi and Flowers."""
    area_weight: float = 1.0
    """lambda_area (P tab. 4)."""
    concentration: Reduction = "mean"
    """Over the parts: mean (R) or sum (P eq. 16)."""
    area_target: AreaTarget = "disk"
    """Least area of a part: the disk of its points' spread (R's published runs) or its heatmap's sum (P eq. 17)."""
    part_loss_interval: int = 2
    """Steps from one use of concentration and area to the next (R: 2; P implies 1)."""
    penalty: Penalty = "release"
    """Gradient penalty on real images: (norm - 1)^2 (R), or R1, norm^2 / 2 (P eq. 15)."""
    penalty_weight: float = 10.0
    """Weight of the gradient penalty (P, R)."""
    penalty_interval: int = 16
    """Steps from one gradient penalty to the next (R: 16; P is silent)."""
    penalty_scaled: bool = False
    """Multiply the penalty by its interval, as lazy regularisation does (R does not)."""

    lr_generator: float = 1e-4
    """Adam's rate for G (P app. B.4)."""
    lr_discriminator: float = 4e-4
    """Adam's rate for D (P app. B.4)."""
    beta1: float = 0.5
    """Adam (P app. B.4)."""
    beta2: float = 0.9
    """Adam (P app. B.4)."""
    batch_size: int = 64
    """Images a step (P app. B.4)."""
    updates: int = 30_000
    """Steps of the generator, where --steps is not given (P; R: epochs, cut at 1002 batches)."""
    flip: bool = True
    """Mirror half of the photographs."""
    random_crop: bool = False
    """Crop photographs at random, 0.9 to 1 of the area (CUB, Flowers)."""

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_choices()
        self._check_sizes()

    @property
    def image_size(self) -> int:
        """Side of the image in pixels."""
        return self.sizes[-1]

    @property
    def points(self) -> int:
        """N: points of all parts."""
        return self.parts * self.points_per_part

    def _check_numbers(self) -> None:
        whole = (
            "parts points_per_part noise_channels embedding final_channels mask_channels hidden point_layers "
            "embedding_layers discriminator_hidden part_loss_interval penalty_interval batch_size updates"
        )
        for name in [*whole.split(), "point_divisor", "lr_generator", "lr_discriminator"]:
            _require(getattr(self, name) > 0, name, getattr(self, name), "a number above 0")
        for name in ("margin", "concentration_weight", "area_weight", "penalty_weight"):
            _require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        for name in ("beta1", "beta2"):
            _require(0 <= getattr(self, name) < 1, name, getattr(self, name), "a number in [0, 1)")
        for name in ("channels", "discriminator_channels"):
            widths = getattr(self, name)
            _require(bool(widths) and min(widths) > 0, name, widths, "whole numbers above 0")
        _require(self.channels[0] % 2 == 0, "channels", self.channels, "an even first width (half sines, half cosines)")
        unbiased = self.heatmap == "cone" or self.points_per_part > 1
        _require(unbiased, "points_per_part", self.points_per_part, f"2 or more with {self.heatmap} heatmaps")

    def _check_choices(self) -> None:
        choices = {
            "head": Head, "heatmap": Heatmap, "grid": Grid, "area_target": AreaTarget, "concentration": Reduction,
            "penalty": Penalty,
        }  # fmt: skip
        for name, of in choices.items():
            _require(getattr(self, name) in get_args(of), name, getattr(self, name), " or ".join(get_args(of)))

    def _check_sizes(self) -> None:
        sizes, found = self.sizes, " ".join(map(str, self.sizes))
        fine = len(sizes) > 0 and all(b in (a, 2 * a) for a, b in itertools.pairwise(sizes))
        _require(
            fine, "sizes", found or "none", "sizes that each repeat or double the one before, such as 32 32 64 128"
        )
        last = self.image_size
        _require(
            last >= 32 and last & (last - 1) == 0, "sizes", found, "an image (the last size) of 32, 64, 128, 256, ..."
        )
        _require(sizes[0] >= 4, "sizes", found, "a first size of 4 or more")
        count = " ".join(map(str, self.channels))
        _require(len(self.channels) == len(sizes), "channels", count, f"one width for each of the {len(sizes)} sizes")
        most = min((sizes[0] // 2) ** 2, MOST_PARTS)
        _require(
            self.parts <= most, "parts", self.parts, f"at most {most}: a part needs 2x2 pixels at {sizes[0]}x{sizes[0]}"
        )
        halvings = len(self.discriminator_channels)
        _require(
            last % 2**halvings == 0,
            "discriminator_channels",
            f"{halvings} blocks, each of which halves",
            f"at most {last.bit_length() - 1} for an image of {last}x{last}",
        )


def _require(holds: bool, name: str, found: object, expected: str) -> None:
    if not holds:
        raise ConfigError("a GANSeg setting that cannot work", field=name, found=found, expected=expected)


_SIX_BLOCKS: Mapping[str, Any] = {
    "sizes": (32, 32, 64, 64, 128, 128), "channels": (512, 256, 256, 128, 128, 64), "random_crop": True
}  # fmt: skip

# `small` is for one GPU and minutes: 64x64, half the width. Neither it nor `tiny` is an experiment of the paper.
_SMALL: Mapping[str, Any] = {
    "parts": 5, "sizes": (16, 16, 32, 64), "channels": (256, 128, 64, 64),
    "discriminator_channels": (64, 128, 256, 512, 512), "random_crop": True, "batch_size": 32, "updates": 10_000,
}  # fmt: skip

# `tiny`: an hour on a CPU core at 32x32, narrow, in small batches. A few thousand steps are too few for points that
# start at the centre to come apart: the smaller divisor spreads them from the start, and areas hold the parts open.
_TINY: Mapping[str, Any] = {
    "parts": 4, "noise_channels": 64, "embedding": 16, "sizes": (8, 8, 16, 32), "channels": (64, 32, 24, 16),
    "final_channels": 16, "mask_channels": 16, "hidden": 32, "margin": 4, "discriminator_channels": (16, 32, 48, 64),
    "discriminator_hidden": 64, "batch_size": 16, "updates": 5000, "lr_generator": 2e-4,
    "point_divisor": 5.0,
}  # fmt: skip

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "celeba-wild": {},
    "taichi": {"parts": 10, "concentration_weight": 30.0},
    "cub": _SIX_BLOCKS,
    "flowers": {**_SIX_BLOCKS, "head": "one", "concentration_weight": 30.0},
    "folder": {"random_crop": True},
    "small": _SMALL,
    "partworld": {**_TINY, "concentration_weight": 20.0},  # with less, a part settles on the sky
    "tiny": _TINY,
}
"""What each preset changes of the defaults."""


def preset(name: str, **overrides: Any) -> GANSegConfig:
    """The named configuration, with fields replaced.

    Args:
        name: a key of `PRESETS`.
        overrides: fields of `GANSegConfig`.
    Raises:
        ConfigError: no such preset, no such field, or a value that cannot work.
    Example:
        >>> preset("taichi", parts=12).concentration_weight
        30.0
    """
    if name not in PRESETS:
        raise ConfigError("no such GANSeg preset", field="preset", found=name, expected=" | ".join(PRESETS))
    if strangers := sorted(set(overrides) - set(GANSegConfig.__dataclass_fields__)):
        raise ConfigError("GANSeg settings have no such field", found=", ".join(strangers), mend="Check the spelling.")
    return GANSegConfig(**{**PRESETS[name], **overrides})


def at_size(config: GANSegConfig, image_size: int) -> GANSegConfig:
    """The same networks for images of another side: every block's size by the same factor, D deeper or shallower.

    Args:
        config: at any size.
        image_size: a power of two, 32 or more.
    Raises:
        ConfigError: another size.
    Example:
        >>> at_size(preset("folder"), 64).sizes
        (16, 16, 32, 64)
    """
    if image_size < 32 or image_size & (image_size - 1):
        raise ConfigError("no size for GANSeg", field="image_size", found=image_size, expected="32, 64, 128, 256, ...")
    sizes = tuple(size * image_size // config.image_size for size in config.sizes)
    doublings = image_size.bit_length() - config.image_size.bit_length()
    widths = config.discriminator_channels
    widths = (*widths, *[widths[-1]] * doublings) if doublings >= 0 else widths[: max(len(widths) + doublings, 1)]
    return replace(config, sizes=sizes, discriminator_channels=widths)
