"""Every setting of GANSeg and its training, on one page: the config and its presets (GANSeg sec. 3, appendix B).

Imports no torch, so that `ipose --help` is fast. "P" is the paper, "R" the authors' release. Where they differ, the
field names both, and the default is R's, because the paper's tables come from R.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ipose.configs import check_choices, check_fields, config_by_name, require
from ipose.errors import ConfigError

Heatmap = Literal["cone", "gauss-var", "gauss-paper"]
Grid = Literal["release", "pixel-centre"]
Head = Literal["two", "one"]
AreaTarget = Literal["disk", "heatmap"]
Reduction = Literal["mean", "sum"]
Penalty = Literal["release", "r1", "none"]
Training = Literal["gan", "auto-encoder"]

MOST_PARTS = 254
"""Most parts. Part maps are saved as bytes: 0 = background, 1..K = parts."""

PUBLISHED_SIZE = 128
"""Side of the images for which lambda_area is published."""

LEAST_START, WIDEST_DIVISOR = 16, 5 / 16
"""Least first size, and largest divisor of the points for each pixel of it, where the settings are not the release's.
With these, less than 5 % of the heatmaps are empty at the first block when training starts. An empty one gives its part
no gradient."""


@dataclass(frozen=True, kw_only=True)
class GANSegConfig:
    """Settings of generator, discriminator, objective and training of GANSeg. They are checked when the config is made.

    Raises:
        ConfigError: a value that cannot work; names the field.
    """

    parts: int = 8
    """K, number of parts. P: 8; Taichi 10."""
    points_per_part: int = 4
    """P, number of points of a part. 2 always collapses, 3 sometimes (P app. F.3)."""
    noise_channels: int = 256
    """Width of each of the three noises (R)."""
    embedding: int = 64
    """E: width of part and background embeddings (R)."""
    sizes: tuple[int, ...] = (32, 32, 64, 128)
    """Resolution of each block in pixels. A size repeats or doubles the one before. The last one is the image's. CUB
    and Flowers have six blocks: 32 32 64 64 128 128 (R)."""
    channels: tuple[int, ...] = (512, 256, 128, 64)
    """Width of each block's input in foreground and background. The first one is also the mask's start (R)."""
    final_channels: int = 64
    """Width of the last blocks of foreground and background (R)."""
    mask_channels: int = 64
    """Width between the blocks of the mask (R)."""
    hidden: int = 128
    """Width inside SPADE and AdaIN (R)."""
    head: Head = "two"
    """Layers from features to colours: "two" 3x3 convolutions, or "one" 1x1 convolution (Flowers, R)."""
    heatmap: Heatmap = "cone"
    """Form of a part around its centre: cone (published runs), gauss-var (R's default), gauss-paper (P eq. 4)."""
    grid: Grid = "release"
    """Coordinates of pixels. "release": the first and last centre are at -1 and 1 (R). "pixel-centre": the image is
    from -1 to 1, so shifted points shift the masks exactly."""
    margin: int = 10
    """Pixels that are computed around the image and cut off, so that zero padding has no effect in it (P eq. 12)."""
    point_divisor: float = 20.0
    """Divisor of the points before tanh. With it, all points start near the centre (R). At a first size below 32 that
    is too near: the heatmaps would lie between the pixels. So trainings take at most 5/16 of the first size there."""
    point_layers: int = 5
    """Linear layers from noise to points (R; P: 3)."""
    embedding_layers: int = 4
    """Linear layers from noise to part and background appearance (R; P: 3)."""
    fixed_scale: float | None = None
    """Scale of every part's heatmap, in place of its points' spread (P tab. 5, app. F.2). None = the spread."""
    use_points: bool = True
    """Whether masks come from points. False = from noise alone, without points or heatmaps (P fig. 9)."""
    separate_background: bool = True
    """Whether the background is painted apart. False = as one more part of the foreground (P fig. 9)."""
    share_repeated: bool = False
    """Use one layer in place of several equal layers: a mistake of the first public version, for ablations only."""
    fixed_background_row: bool = True
    """Whether the background moves only sideways. R: always; P: Taichi only."""

    discriminator_channels: tuple[int, ...] = (64, 128, 256, 512, 512, 512)
    """Output width of each of D's blocks. Each block halves the image (R)."""
    discriminator_hidden: int = 512
    """Width of D's last hidden layer (R)."""
    silhouettes: bool = False
    """Whether D sees the object's silhouette as a fourth channel: of a generated image, all but the background's mask.
    Needs --crops (ours)."""

    training: Training = "gan"
    """"gan": images of noise, which D judges. "auto-encoder": images of photographs' codes, which shall be the
    photographs (P app. F.1)."""
    reconstruction_weight: float = 10.0
    """Weight of the auto-encoder's mean absolute error (ours)."""
    concentration_per_part: float = 1.25
    """C: the concentration loss has the weight lambda_con = C K (P eq. 26). 1.25 CelebA and CUB, 3 Taichi, 3.75
    Flowers: 10, 10, 30, 30 with the published numbers of parts (P tab. 4)."""
    concentration_weight: float | None = None
    """lambda_con itself, whatever the number of parts. None = C K."""
    area_weight: float = 1.0
    """lambda_area at 128x128 pixels (P tab. 4). The area loss counts pixels, so at s x s its weight is (128/s)^2 times
    as large."""
    concentration: Reduction = "mean"
    """Reduction of the concentration loss over the parts: mean (R) or sum (P eq. 16)."""
    area_target: AreaTarget = "disk"
    """Least area of a part: the disk of its points' spread (R's published runs) or the sum of its heatmap (P eq.
    17)."""
    part_loss_interval: int = 2
    """Steps from one use of concentration and area to the next (R: 2; P implies 1)."""
    penalty: Penalty = "release"
    """Gradient penalty on real images: "release" = (norm - 1)^2 (R), or "r1" = norm^2 / 2 (P eq. 15)."""
    penalty_weight: float = 10.0
    """Weight of the gradient penalty (P, R)."""
    penalty_interval: int = 16
    """Steps from one gradient penalty to the next (R: 16; P is silent)."""
    penalty_scaled: bool = False
    """Whether the penalty is multiplied by its interval, as in lazy regularisation (R: no)."""
    sync_batch_norm: bool = False
    """Whether batch statistics are over all GPUs. R: no, each GPU has its own."""

    lr_generator: float = 1e-4
    """Adam's rate for G (P app. B.4)."""
    lr_discriminator: float = 4e-4
    """Adam's rate for D (P app. B.4)."""
    beta1: float = 0.5
    """Adam (P app. B.4)."""
    beta2: float = 0.9
    """Adam (P app. B.4)."""
    batch_size: int = 64
    """Images in a batch (R)."""
    updates: int = 30_000
    """Number of steps of the generator, if --steps is not given (P; R: epochs of at most 1002 batches)."""
    flip: bool = True
    """Mirror half of the photographs."""
    random_crop: bool = False
    """Whether photographs are cropped at random, to 0.9 to 1 of the area (CUB, Flowers)."""

    def __post_init__(self) -> None:
        self._check_numbers()
        check_choices(self)
        self._check_sizes()

    @property
    def image_size(self) -> int:
        """Side of the image in pixels."""
        return self.sizes[-1]

    @property
    def points(self) -> int:
        """N: points of all parts."""
        return self.parts * self.points_per_part

    @property
    def lambda_con(self) -> float:
        """Weight of the concentration loss: C K, unless it is given."""
        given = self.concentration_weight
        return self.concentration_per_part * self.parts if given is None else given

    @property
    def lambda_area(self) -> float:
        """Weight of the area loss, which counts pixels, at this image size."""
        return self.area_weight * (PUBLISHED_SIZE / self.image_size) ** 2

    def derived(self) -> str:
        """The weights that follow from other settings, in one sentence."""
        given = self.concentration_weight is not None
        how = "as given" if given else f"{self.concentration_per_part:g} for each of {self.parts} parts"
        size = self.image_size
        return (
            f"Weights: concentration {self.lambda_con:g} ({how}), area {self.lambda_area:g} "
            f"({self.area_weight:g} x (128/{size})^2, because it counts pixels)."
        )

    def _check_numbers(self) -> None:
        positive = (
            "parts points_per_part noise_channels embedding final_channels mask_channels hidden point_layers "
            "embedding_layers discriminator_hidden part_loss_interval penalty_interval batch_size updates "
            "point_divisor lr_generator lr_discriminator reconstruction_weight"
        )
        check_fields(self, positive, lambda x: x > 0, "a number above 0")
        weights = "margin concentration_per_part concentration_weight area_weight penalty_weight"
        check_fields(self, weights, lambda x: x is None or x >= 0, "0 or more")
        check_fields(self, "beta1 beta2", lambda x: 0 <= x < 1, "a number in [0, 1)")
        check_fields(self, "channels discriminator_channels", lambda x: x and min(x) > 0, "whole numbers above 0")
        require(self.channels[0] % 2 == 0, "channels", self.channels, "an even first width (half sines, half cosines)")
        check_fields(self, "fixed_scale", lambda x: x is None or x > 0, "a number above 0")
        require(self.use_points or self.separate_background, "use_points", False, "one ablation of figure 9 at a time")
        judged = self.training == "gan" or not self.silhouettes
        require(judged, "silhouettes", self.silhouettes, "training gan: an auto-encoder has no discriminator")
        unbiased = self.heatmap == "cone" or self.points_per_part > 1
        require(unbiased, "points_per_part", self.points_per_part, f"2 or more with {self.heatmap} heatmaps")

    def _check_sizes(self) -> None:
        sizes, found, last = self.sizes, " ".join(map(str, self.sizes)), self.sizes[-1] if self.sizes else 0
        fine = len(sizes) > 0 and all(b in (a, 2 * a) for a, b in itertools.pairwise(sizes))
        repeated = "sizes that each repeat or double the one before, such as 32 32 64 128"
        require(fine, "sizes", found or "none", repeated)
        power_of_two = last >= 32 and last & (last - 1) == 0
        require(power_of_two, "sizes", found, "an image (the last size) of 32, 64, 128, 256, ...")
        first = sizes[0]
        require(first >= 4, "sizes", found, "a first size of 4 or more")
        count = " ".join(map(str, self.channels))
        require(len(self.channels) == len(sizes), "channels", count, f"one width for each of the {len(sizes)} sizes")
        most = min((first // 2) ** 2, MOST_PARTS)
        require(self.parts <= most, "parts", self.parts, f"at most {most}: a part needs 2x2 pixels at {first}x{first}")
        halvings = len(self.discriminator_channels)
        expected = f"at most {last.bit_length() - 1} for an image of {last}x{last}"
        blocks = f"{halvings} blocks, each of which halves"
        require(last % 2**halvings == 0, "discriminator_channels", blocks, expected)


_SIX_BLOCKS: Mapping[str, Any] = {
    "sizes": (32, 32, 64, 64, 128, 128),
    "channels": (512, 256, 256, 128, 128, 64),
    "random_crop": True,
}

# `small` is for one GPU and minutes: 64x64, half the width. Neither it nor `tiny` is an experiment of the paper.
_SMALL: Mapping[str, Any] = (
    {"parts": 5, "sizes": (16, 16, 32, 64), "channels": (256, 128, 64, 64), "point_divisor": 5.0}
    | {"discriminator_channels": (64, 128, 256, 512, 512), "concentration_per_part": 2.0}
    | {"random_crop": True, "batch_size": 32, "updates": 10_000}
)

# `tiny`: an hour on a CPU core at 32x32, narrow, in small batches. Its points start apart, because a few thousand steps
# are too few for them to come apart.
_TINY: Mapping[str, Any] = (
    {"parts": 4, "noise_channels": 64, "embedding": 16, "sizes": (16, 16, 32, 32), "channels": (64, 32, 24, 16)}
    | {"final_channels": 16, "mask_channels": 16, "hidden": 32, "margin": 4, "point_divisor": 5.0}
    | {"discriminator_channels": (16, 32, 48, 64), "discriminator_hidden": 64, "concentration_per_part": 2.5}
    | {"batch_size": 16, "updates": 5000, "lr_generator": 2e-4}
)

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "celeba-wild": {},
    "taichi": {"parts": 10, "concentration_per_part": 3.0},
    "cub": _SIX_BLOCKS,
    "flowers": {**_SIX_BLOCKS, "head": "one", "concentration_per_part": 3.75},
    "folder": {"random_crop": True, "point_divisor": 10.0},  # the authors' 20 starts with 12 % empty heatmaps
    "small": _SMALL,
    "partworld": {**_TINY, "concentration_per_part": 5.0},  # with less, a part settles on the sky
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
        >>> preset("taichi").lambda_con, preset("celeba-wild", parts=4).lambda_con
        (30.0, 5.0)
    """
    return config_by_name(GANSegConfig, "GANSeg", PRESETS, name, overrides)


def at_size(config: GANSegConfig, image_size: int) -> GANSegConfig:
    """The config for images of another side. The sizes of all blocks change by the same factor, but not below 16.

    D gets more or fewer blocks.

    At a smaller size the points start wider apart, so that less than 5 % of the heatmaps are empty at the first block.

    Args:
        config: at any size.
        image_size: a power of two, 32 or more.
    Raises:
        ConfigError: another size.
    Example:
        >>> at_size(preset("folder"), 64).sizes, at_size(preset("folder"), 64).lambda_area
        ((16, 16, 32, 64), 4.0)
    """
    if image_size < 32 or image_size & (image_size - 1):
        raise ConfigError("no size for GANSeg", field="image_size", found=image_size, expected="32, 64, 128, 256, ...")
    if image_size == config.image_size:
        return config
    sizes = tuple(max(size * image_size // config.image_size, LEAST_START) for size in config.sizes)
    divisor = min(config.point_divisor, WIDEST_DIVISOR * sizes[0])
    doublings = image_size.bit_length() - config.image_size.bit_length()
    widths = config.discriminator_channels
    widths = (*widths, *[widths[-1]] * doublings) if doublings >= 0 else widths[: max(len(widths) + doublings, 1)]
    return replace(config, sizes=sizes, point_divisor=divisor, discriminator_channels=widths)
