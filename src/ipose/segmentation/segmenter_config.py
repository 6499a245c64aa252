"""Every setting of a semantic segmenter and its training. Imports no torch, so that `--help` is fast."""

from dataclasses import dataclass
from typing import Literal

from ipose.configs import check_choices, check_fields

FORMAT = "ipose-segmenter"
"""Format name of its model folder in config.json."""

Architecture = Literal[
    "lraspp_mobilenet_v3_large",
    "deeplabv3_mobilenet_v3_large",
    "deeplabv3_resnet50",
    "deeplabv3_resnet101",
    "fcn_resnet50",
    "fcn_resnet101",
]
"""Segmentation networks of torchvision. They start from random weights; no weights are fetched."""


@dataclass(frozen=True, kw_only=True)
class SegmenterConfig:
    """Settings of a segmenter that judges generated images. It is small and trained on the data set's own photographs.

    The paper judges with published networks (DRN-D-105, UperNet-101, DeepLab-v2; sec. 4.1). Numbers of other segmenters
    cannot be compared with those.

    Raises:
        ConfigError: a value that cannot work; names the field.
    """

    architecture: Architecture = "lraspp_mobilenet_v3_large"
    """Network of torchvision."""
    height: int = 64
    """Training image height in pixels."""
    width: int = 64
    """Training image width in pixels."""
    enlarge: int = 2
    """Factor by which images are enlarged for the network, whose answer is at 1/8 of its input's size. Images of 256
    pixels and more need 1."""
    parts: bool = False
    """Whether it tells the parts of objects apart, too. The data need part maps."""
    learning_rate: float = 2e-3
    """Learning rate of Adam. It falls to 0 along half a cosine."""
    flip: bool = True
    """Whether each image is mirrored with probability 1/2."""
    batch_size: int = 16
    """Images in a batch."""
    epochs: int = 20
    """Number of epochs, if --steps is not given."""

    def __post_init__(self) -> None:
        check_choices(self)
        check_fields(self, "height width", lambda x: x >= 32, "32 or more")
        check_fields(self, "enlarge epochs", lambda x: x >= 1, "1 or more")
        check_fields(self, "batch_size", lambda x: x >= 2, "2 or more")
        check_fields(self, "learning_rate", lambda x: x > 0, "more than 0")
