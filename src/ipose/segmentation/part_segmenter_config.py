"""Every setting of a part segmenter and its training on generated pairs. No torch in here: `--help` reads it."""

from dataclasses import dataclass

from ipose.configs import check_fields

FORMAT = "ipose-part-segmenter"
"""What config.json calls its model folder."""


@dataclass(frozen=True, kw_only=True)
class PartSegmenterConfig:
    """GANSeg's second stage: a segmenter that learns the generator's parts and knows them in photographs.

    Raises:
        ConfigError: a value that cannot work; the sentence names the field.
    """

    network: str = "deeplabv3_resnet50"
    """Any segmentation network of torchvision (GANSeg app. B: DeepLabV3); lraspp_mobilenet_v3_large is small."""
    enlarge: int = 1
    """Times that images are enlarged before the network sees them, which answers at 1/8 of what it sees; 2 or 4 for
    images of 64 or 32 pixels."""
    learning_rate: float = 3e-4
    """Of Adam (R)."""
    batch_size: int = 64
    """Pairs a step, each drawn from the generator for this step alone (R)."""
    epochs: int = 10
    """Passes, where --steps is not given (R)."""
    pairs_per_epoch: int = 64_000
    """Pairs that make a pass (R)."""

    def __post_init__(self) -> None:
        check_fields(self, "enlarge epochs pairs_per_epoch", lambda x: x >= 1, "1 or more")
        check_fields(self, "batch_size", lambda x: x >= 2, "2 or more")
        check_fields(self, "learning_rate", lambda x: x > 0, "more than 0")
