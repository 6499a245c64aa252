"""Every setting of a semantic segmenter and its training. No torch in here: `--help` reads it."""

from dataclasses import dataclass
from typing import Literal

from ipose.configs import check_choices, check_fields

FORMAT = "ipose-segmenter"
"""What config.json calls a segmenter's model folder."""

Architecture = Literal[
    "lraspp_mobilenet_v3_large",
    "deeplabv3_mobilenet_v3_large",
    "deeplabv3_resnet50",
    "deeplabv3_resnet101",
    "fcn_resnet50",
    "fcn_resnet101",
]
"""torchvision's segmentation networks, by its names. They are trained from nothing: no weights are fetched."""


@dataclass(frozen=True, kw_only=True)
class SegmenterConfig:
    """A segmenter that judges generated images: small, trained on the data set's own photographs.

    The paper judges with published networks (DRN-D-105, UperNet-101, DeepLab-v2; sec. 4.1): numbers of another
    segmenter compare among themselves, not with those.

    Raises:
        ConfigError: a value that cannot work; the sentence names the field.
    """

    architecture: Architecture = "lraspp_mobilenet_v3_large"
    """Of torchvision."""
    height: int = 64
    """Training image height in pixels."""
    width: int = 64
    """Training image width in pixels."""
    enlarge: int = 2
    """Times that images are enlarged before the network sees them, which answers at 1/8 of what it sees; 1 for images
    of 256 pixels and more."""
    learning_rate: float = 2e-3
    """Of Adam; falls to 0 along half a cosine."""
    flip: bool = True
    """Mirror each image with probability 1/2."""
    batch_size: int = 16
    """Images a step."""
    epochs: int = 20
    """Passes over the data, where --steps is not given."""

    def __post_init__(self) -> None:
        check_choices(self)
        check_fields(self, "height width", lambda x: x >= 32, "32 or more")
        check_fields(self, "enlarge epochs", lambda x: x >= 1, "1 or more")
        check_fields(self, "batch_size", lambda x: x >= 2, "2 or more")
        check_fields(self, "learning_rate", lambda x: x > 0, "more than 0")
