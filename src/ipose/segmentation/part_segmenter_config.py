"""Every setting of a part segmenter and its training. Imports no torch, so that `--help` is fast."""

from dataclasses import dataclass

from ipose.configs import check_fields

FORMAT = "ipose-part-segmenter"
"""Format name of its model folder in config.json."""


@dataclass(frozen=True, kw_only=True)
class PartSegmenterConfig:
    """Settings of GANSeg's second stage: a segmenter that learns the generator's parts and finds them in photographs.

    Raises:
        ConfigError: a value that cannot work; names the field.
    """

    network: str = "deeplabv3_resnet50"
    """Segmentation network of torchvision (GANSeg app. B: DeepLabV3). lraspp_mobilenet_v3_large is a small one."""
    enlarge: int = 1
    """Factor by which images are enlarged for the network, whose answer is at 1/8 of its input's size. Images of 64 or
    32 pixels need 2 or 4."""
    learning_rate: float = 3e-4
    """Learning rate of Adam (R)."""
    batch_size: int = 64
    """Pairs in a batch. Each pair is drawn from the generator for one step only (R)."""
    epochs: int = 10
    """Number of epochs, if --steps is not given (R)."""
    pairs_per_epoch: int = 64_000
    """Pairs in an epoch (R)."""

    def __post_init__(self) -> None:
        check_fields(self, "enlarge epochs pairs_per_epoch", lambda x: x >= 1, "1 or more")
        check_fields(self, "batch_size", lambda x: x >= 2, "2 or more")
        check_fields(self, "learning_rate", lambda x: x > 0, "more than 0")
