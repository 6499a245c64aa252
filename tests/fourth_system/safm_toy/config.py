"""The settings: every field is a flag of `ipose train safm`, its docstring the flag's help. No torch in here."""

from dataclasses import dataclass, replace

from ipose.errors import ConfigError

DOUBLINGS = 3
"""From the smallest map to the image."""


@dataclass(frozen=True, kw_only=True)
class SafmConfig:
    """Generator, discriminator and their training."""

    height: int = 64
    """Of the images, in pixels."""
    width: int = 64
    """Of the images, in pixels."""
    num_classes: int = 0
    """Classes of the label maps. The data say how many."""
    channels: int = 32
    """Width of the generator's blocks."""
    hidden: int = 32
    """Width inside the modulation."""
    z_channels: int = 8
    """Numbers of noise an image."""
    discriminator_channels: tuple[int, ...] = (3, 32, 64, 64)
    """Of the image, then of each of the discriminator's blocks."""
    learning_rate: float = 1e-3
    """Of both networks (Adam)."""
    batch_size: int = 8
    """Scenes in a batch."""
    epochs: int = 20
    """Passes over the scenes; --steps goes first."""
    flip: bool = True
    """Mirror every other scene."""

    def __post_init__(self) -> None:
        multiple = 2**DOUBLINGS
        if self.height % multiple or self.width % multiple or min(self.height, self.width) < multiple:
            found, expected = f"{self.height}x{self.width}", f"multiples of {multiple}"
            raise ConfigError("a size that cannot be halved", field="height, width", found=found, expected=expected)


PRESETS = {"small": SafmConfig(), "tiny": replace(SafmConfig(), channels=4, hidden=4, batch_size=2)}


def preset(name: str) -> SafmConfig:
    """The config of this name."""
    return PRESETS[name]
