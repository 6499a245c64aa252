"""Every setting of the synthesis model and its training, on one page: the config and its presets (iPOSE secs. 3.2,
3.3).

Imports no torch, so that `ipose --help` is fast. "P" is the paper, "R" the authors' release. Where they differ, the
field names both. `docs/decisions.md` gives reasons for the defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ipose.configs import check_choices, check_fields, config_by_name, require

PartInjection = Literal["psm", "spade", "concat", "none"]
PartKind = Literal["predicted", "true", "position_descriptor"]
PartInput = Literal["features", "logits"]
SpectralNormScope = Literal["release", "all"]
GlobalLoss = Literal["hinge", "log", "none"]
StyleLoss = Literal["clip", "vgg", "none"]
StyleCrops = Literal["release", "objects"]
LabelMixMask = Literal["image", "release"]
Paste = Literal["release", "own_pixels"]
ObjectShape = Literal["label_and_instance", "instance"]
StyleResize = Literal["clip", "release"]

POSITION_CHANNELS = 72
"""Channels of the position descriptor: 6 rings x 12 sectors (`ipose.shapes.position_descriptor.PositionBins`)."""


@dataclass(frozen=True, kw_only=True)
class SynthesisConfig:
    """Settings of generator, discriminator, objective and training. They are checked when the config is made.

    Raises:
        ConfigError: a value that cannot work; names the field.
    """

    num_classes: int
    """C, the number of classes with the unknown one. The data set decides: 35 Cityscapes, 151 ADE20K, 183
    COCO-Stuff."""
    unknown: int | None = None
    """Id of the class without annotation, which has weight 0 in the losses. None = there is none."""
    height: int = 256
    """Training image height in pixels. P sec. 4.1: 256."""
    width: int = 256
    """Training image width in pixels. P sec. 4.1: 256, Cityscapes 512."""

    z_channels: int = 64
    """Z, channels of the texture noise that SPADE reads beside the one-hot map (OASIS, "3D noise")."""
    channels: int = 64
    """ch, the unit of `channel_multipliers` (OASIS)."""
    channel_multipliers: tuple[int, ...] = (16, 16, 16, 8, 4, 2, 1)
    """Width of each block's input and of the last output, as multiples of ch. One block fewer than entries (OASIS)."""
    spade_hidden: int = 128
    """Width of SPADE's shared convolution (SPADE, OASIS)."""
    part_hidden: int = 32
    """Width of the part branch: input convolution, part noise and PSM's hidden convolutions (R)."""
    part_noise_channels: int = 31
    """Channels of the structure noise for regions without parts. The class index is one more channel (R: 31 + 1)."""
    part_channels: int = 9
    """Q, channels of a part map: 0 = no part, 1..8 = parts (R)."""
    part_feature_channels: int = 32
    """F, features for each part channel from PartNet's decoder (R)."""
    part_injection: PartInjection = "psm"
    """How parts enter the blocks. "none" is the OASIS baseline (P table 3)."""
    parts: PartKind = "predicted"
    """What enters: "predicted" = parts from PartNet (P). "true" = the true part map (P suppl. table 12).
    "position_descriptor" = the place of each pixel in its object's outline, without parts (SAFM; P suppl. table 11)."""
    part_input: PartInput = "features"
    """Form of predicted parts: Q*F decoder features (R), or the Q logit maps (P: "part map"). No effect for other
    `parts`."""
    paste: Paste = "release"
    """Where features of an object are written: in the pasted-back shape, which can be a pixel off (R), or at the
    object's own pixels (`toy`)."""
    object_shape: ObjectShape = "label_and_instance"
    """Pixels of an object's silhouette: those with its label and instance id, or with its instance id (R)."""
    spectral_norm: SpectralNormScope = "release"
    """Layers with spectral norm: "release" = residual and shortcut convolutions (R); "all" = every convolution of G and
    D (P)."""

    discriminator_channels: tuple[int, ...] = (3, 128, 128, 256, 256, 512, 512)
    """Image channels, then the output width of each encoder block of D (OASIS)."""
    last_decoder_channels: int = 64
    """Output width of D's last decoder block (OASIS)."""

    global_loss: GlobalLoss = "hinge"
    """Global adversarial loss: hinge (R) or log (P eqs. 3-4)."""
    global_weight: float = 1.0
    """Weight of the global adversarial loss in L_G and L_D (P sec. 3.3)."""
    style_loss: StyleLoss = "clip"
    """Style loss of objects: on CLIP tokens (P eqs. 5-6), on VGG-19 features (P suppl. D, table 9), or none."""
    style_weight: float = 10.0
    """Weight of the style loss in L_G (P sec. 3.3)."""
    style_crops: StyleCrops = "release"
    """Regions of the style loss: "release" = the whole image or objects with parts, 1/2 each (R); "objects" = any
    objects (P)."""
    style_resize: StyleResize = "clip"
    """Resizing of images to CLIP's size: "clip" = bicubic with antialiasing, as in CLIP; "release" = bilinear without
    (R)."""
    style_block: int = 8
    """Number of the CLIP ViT block whose tokens are compared, from 0 (R; P: "eighth layer"). VGG's layers are fixed."""
    label_mix_weight: float = 10.0
    """Weight of LabelMix in L_D (P sec. 3.3, OASIS; R: 5 on Cityscapes)."""
    label_mix_mask: LabelMixMask = "image"
    """Random bits of LabelMix: one for each class and image (OASIS), or one for each class and batch, with classes 0
    and 1 coupled (R)."""
    diversity: float = 0.0
    """How much images of one scene from two noises should differ, on values in [-1, 1], by a term of ours in L_G
    (`ipose.losses.diversity`), for short trainings. 0 = no such term (P, R)."""

    lr_generator: float = 1e-4
    """Adam's rate for G. P: 1e-4; R's scripts: 2e-4 on ADE20K, 4e-4 on Cityscapes, none on COCO-Stuff (its config.py's
    default is 1e-4)."""
    lr_discriminator: float = 4e-4
    """Adam's rate for D (P sec. 4.1)."""
    beta1: float = 0.0
    """Adam (P sec. 4.1). A float: torch rejects an int."""
    beta2: float = 0.999
    """Adam (P sec. 4.1)."""
    ema_decay: float = 0.9999
    """Decay of the moving average of G: 0.9999, Cityscapes 0.999 (R). At step n it is at most (1+n)/(10+n)."""
    init_gain: float = 0.02
    """Xavier-normal gain of the initial weights. Biases are 0 (OASIS, R)."""
    flip: bool = True
    """Mirror half of the training images (OASIS)."""
    batch_size: int = 24
    """Images in a batch, over all devices: 24 ADE20K, 28 COCO-Stuff, 4 Cityscapes (R)."""
    epochs: int = 200
    """Passes over the data: 200 Cityscapes and ADE20K, 100 COCO-Stuff (OASIS); 500 (R's scripts)."""

    def __post_init__(self) -> None:
        self._check_numbers()
        check_choices(self)
        self._check_size()

    @property
    def size_multiple(self) -> int:
        """Height and width must be multiples of this. The blocks double one time less than they are (32 for six
        blocks)."""
        return int(2 ** (len(self.channel_multipliers) - 2))

    @property
    def training_size_multiple(self) -> int:
        """In training, height and width must be multiples of this, because each block of D halves (64 for six
        blocks)."""
        return max(self.size_multiple, int(2 ** (len(self.discriminator_channels) - 1)))

    @property
    def part_input_channels(self) -> int:
        """Input channels of the part branch: Q*F features, Q logits, Q of the true part map, or 72 positions."""
        if self.parts == "position_descriptor":
            return POSITION_CHANNELS
        predicted_features = self.parts == "predicted" and self.part_input == "features"
        return self.part_channels * (self.part_feature_channels if predicted_features else 1)

    @property
    def part_tensor(self) -> PartInput:
        """The field of `ipose.partnet.scene_parts.SceneParts` that the part branch reads."""
        return self.part_input if self.parts == "predicted" else "features"

    @property
    def needs_partnet(self) -> bool:
        """Whether the generator reads parts that PartNet predicts."""
        return self.parts == "predicted" and self.part_injection != "none"

    def _check_numbers(self) -> None:
        positive = (
            "num_classes height width z_channels channels spade_hidden part_hidden part_noise_channels part_channels "
            "part_feature_channels last_decoder_channels lr_generator lr_discriminator init_gain batch_size epochs"
        )
        check_fields(self, positive, lambda x: x > 0, "a number above 0")
        check_fields(
            self, "global_weight style_weight label_mix_weight diversity style_block", lambda x: x >= 0, "0 or more"
        )
        check_fields(self, "beta1 beta2 ema_decay", lambda x: 0 <= x < 1, "a number in [0, 1)")
        for name, shortest in (("channel_multipliers", 2), ("discriminator_channels", 3)):
            widths = getattr(self, name)
            fine = len(widths) >= shortest and min(widths) > 0
            require(fine, name, widths, f"at least {shortest} whole numbers above 0")
        found = self.discriminator_channels
        require(found[0] == 3, "discriminator_channels", found, "3 first: the channels of the image, then each block's")
        known = self.unknown is None or 0 <= self.unknown < self.num_classes
        require(known, "unknown", self.unknown, f"a class id 0..{self.num_classes - 1}, or None")

    def _check_size(self) -> None:
        multiple = self.training_size_multiple
        expected = f"a multiple of {multiple} (the networks halve the image)"
        check_fields(self, "height width", lambda pixels: pixels % multiple == 0, expected)


SILENT: dict[str, Any] = {"object_shape": "instance", "style_resize": "release"}
"""Settings of the authors' networks on every data set, about which the paper says nothing."""

_CITYSCAPES: Mapping[str, Any] = SILENT | {
    "num_classes": 35,
    "unknown": 0,
    "width": 512,
    "batch_size": 4,
    "ema_decay": 0.999,
}
_ADE20K: Mapping[str, Any] = SILENT | {"num_classes": 151, "unknown": 0}
_COCO_STUFF: Mapping[str, Any] = SILENT | {"num_classes": 183, "unknown": 0, "batch_size": 28, "epochs": 100}

# `toy` is no experiment of the paper: it has minutes on two CPU cores where the paper has days on GPUs. So it is narrow
# where images are large (that is where the time goes) and wider where they are small, starts at H/8, and begins with a
# larger gain and learns at larger rates, in small batches: many small steps beat few large ones in that time.
_TOY: Mapping[str, Any] = {
    "num_classes": 16,
    "height": 64,
    "width": 64,
    "z_channels": 8,
    "channels": 8,
    "channel_multipliers": (12, 12, 6, 2, 2),
    "spade_hidden": 16,
    "part_hidden": 8,
    "part_noise_channels": 7,
    "part_input": "logits",
    "paste": "own_pixels",
    "discriminator_channels": (3, 16, 32, 48, 64),
    "last_decoder_channels": 16,
    "style_loss": "none",
    "lr_generator": 5e-4,
    "lr_discriminator": 1e-3,
    "ema_decay": 0.995,
    "init_gain": 1.0,
    "batch_size": 4,
    "epochs": 100,
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "toy": _TOY,
    "cityscapes": _CITYSCAPES,
    "cityscapes-release": {**_CITYSCAPES, "lr_generator": 4e-4, "label_mix_weight": 5.0, "epochs": 500},
    "ade20k": _ADE20K,
    "ade20k-release": {**_ADE20K, "lr_generator": 2e-4, "epochs": 500},
    "coco-stuff": _COCO_STUFF,
    "coco-stuff-release": {**_COCO_STUFF, "epochs": 500},
}
"""What each preset changes of the defaults."""


def preset(name: str, **overrides: Any) -> SynthesisConfig:
    """The named configuration, with fields replaced.

    Args:
        name: a key of `PRESETS`.
        overrides: fields of `SynthesisConfig`, e.g. the data set's own `num_classes`.
    Raises:
        ConfigError: no such preset, no such field, or a value that cannot work.
    Example:
        >>> preset("cityscapes", batch_size=2).lr_generator
        0.0001
    """
    return config_by_name(SynthesisConfig, "synthesis", PRESETS, name, overrides)
