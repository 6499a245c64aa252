"""The discriminator: a U-Net that gives the class of every pixel, or "fake", and a head that scores regions.

`ipose.reference.discriminator` is the literal version.
"""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.layers.cpu_forms import in_fast_memory
from ipose.layers.discriminator_blocks import DownBlock, UpBlock
from ipose.layers.init import init_weights
from ipose.layers.spectral_norm import with_spectral_norm
from ipose.synthesis.presets import SynthesisConfig

CHANNELS = (3, 128, 128, 256, 256, 512, 512)
"""Channels of the image, then output width of each encoder block (OASIS)."""

GLOBAL_HEAD_LEVEL = 4
"""Number of the encoder block that the global head reads: the fourth, at H/16 (the release)."""


class DiscriminatorOutput(NamedTuple):
    """The discriminator's answer for images.

    Args:
        segmentation: (b, C+1, h, w) logits of each pixel: 0 = fake, c+1 = class c.
        score: (b, 1, h/16, w/16), larger = more real; unbounded.
    """

    segmentation: Tensor
    score: Tensor


class Discriminator(nn.Module):
    """OASIS's segmentation U-Net with a global head (iPOSE sec. 3.3).

    Encoder blocks halve, decoder blocks double. Each decoder block after the first also reads the encoder's features of
    its size. The global head reads the fourth encoder block, or the last one if there are fewer.

    Args:
        num_classes: C. The network has C+1 logits for each pixel.
        channels: of the image, then of each encoder block. Each block halves once, so height and width must be
            multiples of 2**blocks: 64 for the paper's six.
        last_decoder_channels: width of the last decoder block.
        spectral_norm: "release" = on the convolutions of the blocks. "all" = also on the two output convolutions (the
            paper).
    Raises:
        ConfigError: fewer than two blocks, or another `spectral_norm`.
    """

    def __init__(
        self,
        num_classes: int,
        channels: tuple[int, ...] = CHANNELS,
        last_decoder_channels: int = 64,
        spectral_norm: Literal["release", "all"] = "release",
    ) -> None:
        super().__init__()
        if len(channels) < 3:
            raise ConfigError("the discriminator needs two blocks", field="channels", found=channels)
        if spectral_norm not in ("release", "all"):
            raise ConfigError("no such scope", field="spectral_norm", found=spectral_norm, expected="release or all")
        self.num_classes = num_classes
        self.encoder = nn.ModuleList(
            DownBlock(channels[i], channels[i + 1], first=i == 0) for i in range(len(channels) - 1)
        )
        self.decoder = nn.ModuleList(UpBlock(*widths) for widths in _decoder_widths(channels, last_decoder_channels))
        self.global_level = min(GLOBAL_HEAD_LEVEL, len(self.encoder))
        self.global_head = nn.Conv2d(channels[self.global_level], 1, 3, padding=1)
        self.segmentation_head = nn.Conv2d(last_decoder_channels, num_classes + 1, 1)
        if spectral_norm == "all":
            with_spectral_norm(self.global_head)
            with_spectral_norm(self.segmentation_head)

    @classmethod
    def from_config(cls, config: SynthesisConfig) -> "Discriminator":
        """The discriminator of a config, initialised with its gain from torch's global random numbers."""
        network = cls(
            config.num_classes, config.discriminator_channels, config.last_decoder_channels, config.spectral_norm
        )
        init_weights(network, config.init_gain)
        return network

    @property
    def size_multiple(self) -> int:
        """Height and width must be multiples of this."""
        return int(2 ** len(self.encoder))

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> DiscriminatorOutput:
        """Segment and score images in [-1, 1]. Raises ShapeMismatchError for a size that cannot be halved."""
        if any(side % self.size_multiple or side == 0 for side in image.shape[-2:]):
            message = "the discriminator cannot halve this image size"
            found = f"{image.shape[-2]}x{image.shape[-1]}"
            expected = f"height and width multiples of {self.size_multiple}"
            raise ShapeMismatchError(message, found=found, expected=expected, mend="Resize or crop the images.")
        features = [in_fast_memory(image)]
        for down in self.encoder:
            features.append(down(features[-1]))
        x = self.decoder[0](features[-1])
        for up, skip in zip(self.decoder[1:], features[-2:0:-1], strict=True):
            x = up(torch.cat([skip, x], dim=1))
        return DiscriminatorOutput(self.segmentation_head(x), self.global_head(features[self.global_level]))


def _decoder_widths(channels: tuple[int, ...], last: int) -> list[tuple[int, int]]:
    """(in, out) of each decoder block. All but the first also take the encoder's features of the same width."""
    deepest_first = channels[:0:-1]  # without the image
    ins = (deepest_first[0], *(2 * width for width in deepest_first[1:]))
    return list(zip(ins, (*deepest_first[1:], last), strict=True))
