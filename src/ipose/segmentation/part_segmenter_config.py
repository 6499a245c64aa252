"""Every setting of a part segmenter and its training on generated pairs. No torch in here: `--help` reads it."""

from dataclasses import dataclass

from ipose.errors import ConfigError

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
        for name, least in (("enlarge", 1), ("batch_size", 2), ("epochs", 1), ("pairs_per_epoch", 1)):
            if getattr(self, name) < least:
                raise ConfigError(
                    "a segmenter setting that cannot work", field=name, found=getattr(self, name),
                    expected=f"{least} or more",
                )  # fmt: skip
        if not self.learning_rate > 0:
            raise ConfigError(
                "a segmenter setting that cannot work", field="learning_rate", found=self.learning_rate,
                expected="more than 0",
            )  # fmt: skip
