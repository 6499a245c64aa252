"""Every setting of GroupDNet, its baselines and its training, on one page: the config and its presets.

Imports no torch, so that `ipose --help` is fast. "P" is the paper (Zhu et al., CVPR 2020), "R" the authors' release.
Where they differ, the field names both, and the default is R's, because the published checkpoints come from R.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ipose.configs import check_choices, check_fields, config_by_name, require
from ipose.groupdnet.modulation import Modulation, ModulationRule, check_groups

ClassImages = Literal["crop", "mask", "whole"]
Code = Literal["map", "pooled", "vector"]
Norm = Literal["batch", "group"]
SpectralNormScope = Literal["release", "all", "none"]
Activation = Literal["leaky_relu", "relu"]
ModulationForm = Literal["release", "paper"]
Init = Literal["effective", "glorot"]
Perceptual = Literal["vgg", "none"]
KL = Literal["sum", "mean"]

ONE_PIXEL = "the encoder's last map would be one pixel, whose instance norm is 0, so that codes say nothing"


@dataclass(frozen=True, kw_only=True)
class GroupDNetConfig:
    """Settings of encoder, decoder, discriminator, objective and training. They are checked when the config is made.

    Raises:
        ConfigError: a value that cannot work; names the field.
    """

    num_classes: int = 8
    """C, the number of classes with the unknown one. The data set decides: 8 DeepFashion, 35 Cityscapes, 151 ADE20K."""
    height: int = 256
    """Training image height in pixels (P app. A: 256)."""
    width: int = 256
    """Training image width in pixels (P app. A: 256, Cityscapes 512)."""

    class_images: ClassImages = "crop"
    """The encoder's image of each class: its pixels, cropped to their box and enlarged (R); its pixels in place (P eq.
    2); or the whole image (P table 3, "w/o split")."""
    encoder_grouped: bool = True
    """Whether each class has its own encoder (grouped convolutions). False = one encoder for all (VSPADE, GroupDec)."""
    encoder_channels: tuple[int, ...] = (32, 64, 128, 256, 256, 256)
    """Width of each encoder layer for one class, from 32, 10 or 4 on (R; P table 4: from 64, 8 or 3 on). Each layer
    halves the image."""
    code: Code = "map"
    """Form of the code: "map" = one for each pixel of the smallest map; "pooled" = the same everywhere (P table 3, "w/o
    map"); "vector" = one vector for the image (VSPADE)."""
    code_channels: int = 8
    """Channels of the code of a class (P sec. 3.3). For a vector: channels of the whole code (VSPADE: 256)."""

    decoder_channels: tuple[int, ...] = (2560, 2560, 2560, 2560, 1280, 640, 320, 160)
    """Width before the first block, then after each block (P table 4). Every block but the first doubles the size."""
    decoder_groups: tuple[int, ...] = (8, 8, 4, 4, 2, 2, 1)
    """Groups of each block (P table 4). Any numbers that divide the widths are possible."""
    first_grouped: bool = True
    """Whether the layer before the blocks keeps the classes apart."""
    fusing_layers: int = 0
    """Ordinary convolutions between the blocks and the one to RGB (GroupNet, MulNet; their number is not published)."""
    modulation: ModulationRule = "block"
    """Groups of the label map's convolutions: as the block (DeepFashion; P), by class (Cityscapes), or first by class,
    then as the block (ADE20K)."""
    modulation_hidden: int = 128
    """Width of their hidden layer for the rule "block"."""
    modulation_form: ModulationForm = "release"
    """Form of CG-Norm: "release" = (1 + gamma) BN(x) + beta, BN without weights (R). "paper" = gamma BN(x) + beta, BN
    with weights (P eqs. 3-5)."""
    edges: bool = False
    """Whether each class also has the edges of instances as input (Cityscapes, R)."""
    activation: Activation = "leaky_relu"
    """Activation after each CG-Norm: LeakyReLU 0.2 (R), or ReLU (P figs. 9, 10)."""
    norm: Norm = "batch"
    """"group" = every norm is a group norm, in the groups of the convolution before it (P table 3, "GroupNorm")."""
    sync_batch_norm: bool = True
    """Whether batch statistics are over all GPUs (P table 3, "w/o SyncBN", is False)."""
    spectral_norm: SpectralNormScope = "release"
    """Layers with spectral norm: "release" = convolutions of encoder and blocks, and the middle ones of D (R); "all" (P
    sec. 4.1); "none" (P table 3)."""

    discriminator_width: int = 64
    """Width of D's first layer. Each next one has twice as many, up to 8 times (R)."""
    discriminator_layers: int = 4
    """Layers of each D with matched features. One more makes the scores (R)."""
    discriminator_scales: int = 2
    """Number of discriminators. Each reads an image half as large as the one before (R; pix2pixHD)."""

    feature_weight: float = 10.0
    """Weight of feature matching (P eq. 6)."""
    perceptual: Perceptual = "vgg"
    """Perceptual loss: VGG-19's features (P eq. 6), or none, if its weights are not available."""
    perceptual_weight: float = 10.0
    """Weight of the perceptual loss (P eq. 6)."""
    l1_weight: float = 0.0
    """Weight of the mean absolute error to the photograph. Not in the paper; it helps small runs without VGG."""
    kl_weight: float = 0.05
    """Weight of the KL divergence (P eq. 6)."""
    kl: KL = "sum"
    """Reduction of the KL divergence over images: "sum" = over the images of a device, so that it grows with the batch
    (R); or "mean"."""
    kl_devices: int = 4
    """Devices that share a batch in the published trainings (P app. A: at least 4 GPUs; R's scripts: 4). kl "sum" is
    over `batch_size / kl_devices` images, on any number of devices here."""

    lr_generator: float = 1e-4
    """Adam's rate for encoder and decoder, which share one optimizer (P app. A)."""
    lr_discriminator: float = 4e-4
    """Adam's rate for D (P app. A)."""
    beta1: float = 0.0
    """Adam (P app. A)."""
    beta2: float = 0.9
    """Adam (P app. A)."""
    ema_decay: float = 0.0
    """Decay of the moving average of encoder and decoder. 0 = none (R)."""
    init: Init = "effective"
    """Initial weights: "effective" = Xavier normal with `init_gain`, but torch's own start with spectral norm (what R
    does on a GPU). "glorot" = Xavier normal with gain 1 everywhere (P app. A)."""
    init_gain: float = 0.02
    """Xavier-normal gain of the effective initialisation (R)."""
    flip: bool = True
    """Mirror half of the training images (R)."""
    load_size: int = 0
    """Side that training images are resized to before a crop of `height` x `width` is cut at a random place: 286 on
    ADE20K (P app. A, as SPADE; R). 0 = they are resized to the training size."""
    batch_size: int = 32
    """Images in a batch, over all devices: 32 DeepFashion and Cityscapes, 16 ADE20K (P); R's scripts: 8, 4 and 4."""
    epochs: int = 100
    """Passes over the data: 100 DeepFashion, 200 the others (P app. A)."""
    decay_epochs: int = 40
    """Last epochs, in which the rates fall to 0 along a line: 40 DeepFashion, 100 the others (P app. A)."""

    def __post_init__(self) -> None:
        self._check_numbers()
        check_choices(self)
        self._check_decoder()
        self._check_size()

    @property
    def size_multiple(self) -> int:
        """Height and width must be multiples of this: every block but the first doubles (64 for seven blocks)."""
        return int(2 ** (len(self.decoder_channels) - 2))

    @property
    def loaded(self) -> tuple[int, int]:
        """(height, width) that training images are resized to."""
        return (self.load_size, self.load_size) if self.load_size else (self.height, self.width)

    @property
    def crop(self) -> tuple[int, int] | None:
        """(height, width) of the crops of training images. None = they are not cropped."""
        return (self.height, self.width) if self.load_size else None

    @property
    def start(self) -> tuple[int, int]:
        """(height, width) of the smallest map at the training size. A code map has this size."""
        return self.height // self.size_multiple, self.width // self.size_multiple

    @property
    def z_channels(self) -> int:
        """Channels of the whole code. Class c has `code_channels` of them in a row, unless the code is one vector."""
        return self.code_channels * (1 if self.code == "vector" else self.num_classes)

    @property
    def encoder_groups(self) -> int:
        """Groups of the encoder: C, or 1 for one encoder for all classes."""
        return self.num_classes if self.encoder_grouped else 1

    @property
    def kl_images(self) -> float:
        """The mean KL divergence of an image is multiplied by this: images on a device in the published training."""
        return self.batch_size / self.kl_devices if self.kl == "sum" else 1.0

    @property
    def conditioning(self) -> Modulation:
        """How every CG-Norm is grouped."""
        return Modulation(self.num_classes, self.modulation, self.modulation_hidden, self.edges)

    def _check_numbers(self) -> None:
        positive = (
            "num_classes height width code_channels modulation_hidden discriminator_width discriminator_layers "
            "discriminator_scales lr_generator lr_discriminator kl_devices init_gain batch_size epochs"
        )
        check_fields(self, positive, lambda x: x > 0, "a number above 0")
        weights = "fusing_layers feature_weight perceptual_weight l1_weight kl_weight decay_epochs"
        check_fields(self, weights, lambda x: x >= 0, "0 or more")
        check_fields(self, "beta1 beta2 ema_decay", lambda x: 0 <= x < 1, "a number in [0, 1)")
        check_fields(self, "encoder_channels decoder_channels", lambda x: x and min(x) > 0, "whole numbers above 0")
        require(self.decay_epochs <= self.epochs, "decay_epochs", self.decay_epochs, f"at most {self.epochs} epochs")

    def _check_decoder(self) -> None:
        check_groups(self.decoder_channels, self.decoder_groups, self.conditioning)
        first = self.decoder_channels[0]
        fits = not self.first_grouped or self.code == "vector" or first % self.num_classes == 0
        expected = f"a first width that is a multiple of the {self.num_classes} classes, or first_grouped off"
        require(fits, "decoder_channels", first, expected)

    def _check_size(self) -> None:
        multiple = self.size_multiple
        expected = f"a multiple of {multiple} (the decoder doubles from there)"
        check_fields(self, "height width", lambda pixels: pixels % multiple == 0, expected)
        halvings, doublings = len(self.encoder_channels), len(self.decoder_groups) - 1
        expected = f"{doublings} widths: as many halvings as the decoder doubles"
        require(halvings == doublings, "encoder_channels", self.encoder_channels, expected)
        expected = f"one side of {2 * multiple} or more, fewer blocks, or norm group: {ONE_PIXEL}"
        largest = max(self.height, self.width)
        expected_side = f"0, or at least {largest}, to cut {self.height}x{self.width} from"
        require(self.load_size == 0 or self.load_size >= largest, "load_size", self.load_size, expected_side)
        require(self.norm == "group" or self.start != (1, 1), "height", f"{self.height}x{self.width}", expected)


_CITYSCAPES: Mapping[str, Any] = (
    {"num_classes": 35, "width": 512, "edges": True, "modulation": "class", "epochs": 200, "decay_epochs": 100}
    | {"encoder_channels": (10, 20, 40, 80, 80, 80), "decoder_groups": (35, 35, 20, 14, 10, 4, 1)}
    | {"decoder_channels": (4480, 4480, 4480, 4480, 2240, 1120, 560, 280)}
)
_ADE20K: Mapping[str, Any] = (
    {"num_classes": 151, "modulation": "class_to_block", "batch_size": 16, "epochs": 200, "decay_epochs": 100}
    | {"load_size": 286}
    | {"encoder_channels": (4, 8, 16, 32, 32, 32), "decoder_groups": (151, 16, 16, 8, 4, 2, 1)}
    | {"decoder_channels": (2416, 2416, 2048, 1024, 1024, 512, 256, 128)}
)

# The baselines of table 1, on DeepFashion. VSPADE, GroupEnc, GroupDec and GroupNet agree with all digits of the table.
# The paper says too little about MulNet.
_PLAIN_DECODER: Mapping[str, Any] = {
    "decoder_channels": (1024, 1024, 1024, 1024, 512, 256, 128, 64),
    "decoder_groups": (1,) * 7,
    "first_grouped": False,
}
_PLAIN_ENCODER: Mapping[str, Any] = {
    "class_images": "whole",
    "encoder_grouped": False,
    "encoder_channels": (64, 128, 256, 512, 512, 512),
}
_VSPADE: Mapping[str, Any] = {**_PLAIN_DECODER, **_PLAIN_ENCODER, "code": "vector", "code_channels": 256}
_GROUPNET_CHANNELS = (3072, 3072, 3072, 3072, 1536, 768, 384, 192)
_MULNET_CHANNELS = (3200, 3200, 3200, 3200, 1600, 800, 400, 200)

# No experiment of the paper: minutes, not days, on photographs of 192x128 pixels with the eight classes of DeepFashion.
_FASHION_SMALL: Mapping[str, Any] = (
    {"height": 192, "width": 128, "encoder_channels": (8, 16, 32, 32, 32), "modulation_hidden": 32}
    | {"decoder_channels": (512, 512, 512, 256, 128, 64, 32), "decoder_groups": (8, 8, 4, 4, 2, 1)}
    | {"discriminator_width": 32, "perceptual": "none", "l1_weight": 10.0, "kl": "mean", "kl_weight": 0.01}
    | {"init": "glorot", "lr_generator": 4e-4, "lr_discriminator": 4e-4, "beta2": 0.99, "ema_decay": 0.999}
    | {"batch_size": 8, "epochs": 40, "decay_epochs": 16}
)
# Each small baseline has as many parameters as `fashion-small`, to about 1 %.
_SMALL_VSPADE: Mapping[str, Any] = (
    {"class_images": "whole", "encoder_grouped": False, "encoder_channels": (16, 32, 64, 64, 64)}
    | {"code": "vector", "code_channels": 64}
    | {"decoder_channels": (144, 144, 144, 144, 72, 36, 18), "decoder_groups": (1,) * 6, "first_grouped": False}
)
_SMALL_GROUPENC: Mapping[str, Any] = {
    "decoder_channels": (152, 152, 152, 152, 76, 38, 19),
    "decoder_groups": (1,) * 6,
    "first_grouped": False,
}
_SMALL_GROUPDEC: Mapping[str, Any] = {
    "class_images": "whole",
    "encoder_grouped": False,
    "encoder_channels": (20, 40, 80, 80, 80),
}
_SMALL_GROUPNET: Mapping[str, Any] = {"decoder_channels": (608, 608, 608, 304, 152, 80, 40), "decoder_groups": (8,) * 6}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "deepfashion": {},
    "cityscapes": _CITYSCAPES,
    "ade20k": _ADE20K,
    "deepfashion-vspade": _VSPADE,
    "deepfashion-groupenc": _PLAIN_DECODER,
    "deepfashion-groupdec": {**_PLAIN_ENCODER, "encoder_channels": (96, 192, 384, 768, 768, 768)},
    "deepfashion-groupnet": {"decoder_channels": _GROUPNET_CHANNELS, "decoder_groups": (8,) * 7},
    "deepfashion-mulnet": {"decoder_channels": _MULNET_CHANNELS, "decoder_groups": (8,) * 7},
    "fashion-small": _FASHION_SMALL,
    "fashion-small-vspade": {**_FASHION_SMALL, **_SMALL_VSPADE},
    "fashion-small-groupenc": {**_FASHION_SMALL, **_SMALL_GROUPENC},
    "fashion-small-groupdec": {**_FASHION_SMALL, **_SMALL_GROUPDEC},
    "fashion-small-groupnet": {**_FASHION_SMALL, **_SMALL_GROUPNET},
}
"""What each preset changes of the defaults, which are DeepFashion's."""


def for_classes(config: GroupDNetConfig, classes: int) -> GroupDNetConfig:
    """The config for data with this number of classes.

    Groups that all divide it stay. Otherwise those of each block keep their share of the classes, as nearly as a
    divisor of the new number can. Widths are rounded up to what the groups divide.

    Example:
        >>> for_classes(GroupDNetConfig(), 12).decoder_groups
        (12, 12, 6, 6, 3, 3, 1)
    """
    groups, share = config.decoder_groups, classes / config.num_classes
    if share == 1:
        return config
    if any(classes % count for count in groups):
        divisors = [count for count in range(1, classes + 1) if classes % count == 0]
        most = [old * share if old > 1 else 1 for old in groups]
        groups = tuple(max(count for count in divisors if count <= max(1, limit)) for limit in most)
    first, every = (classes if wanted else 1 for wanted in (config.first_grouped, config.modulation == "class"))
    units = [math.lcm(every, *pair) for pair in itertools.pairwise((first, *groups, 1))]
    return replace(
        config,
        num_classes=classes,
        decoder_groups=groups,
        decoder_channels=tuple(-(-width // n) * n for width, n in zip(config.decoder_channels, units, strict=True)),
        modulation_hidden=-(-config.modulation_hidden // math.lcm(*groups)) * math.lcm(*groups),
    )


def preset(name: str, **overrides: Any) -> GroupDNetConfig:
    """The named configuration, with fields replaced.

    Args:
        name: a key of `PRESETS`.
        overrides: fields of `GroupDNetConfig`.
    Raises:
        ConfigError: no such preset, no such field, or a value that cannot work.
    Example:
        >>> preset("ade20k", batch_size=2).z_channels
        1208
    """
    return config_by_name(GroupDNetConfig, "GroupDNet", PRESETS, name, overrides)
