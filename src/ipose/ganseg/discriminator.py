"""The discriminator of GANSeg: residual blocks that halve, then two linear layers, without norms.

`ipose.reference.ganseg_discriminator` is the literal version.
"""

import math

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.errors import ShapeMismatchError
from ipose.ganseg.blocks import SLOPE
from ipose.ganseg.presets import GANSegConfig


class HalvingBlock(nn.Module):
    """(conv(act(conv(act(conv(x))))) + conv1x1(x)) / sqrt 2. The last convolution and the shortcut have stride 2.

    Args:
        channels_in: of x.
        channels_out: of the result and in between.
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.down = nn.Conv2d(channels_out, channels_out, 3, stride=2, padding=1)
        self.shortcut = nn.Conv2d(channels_in, channels_out, 1, stride=2)

    def forward(self, x: Float[Tensor, "b channels_in h w"]) -> Float[Tensor, "b channels_out h2 w2"]:
        """Half the size."""
        y = F.leaky_relu(self.conv1(x), SLOPE)
        y = self.down(F.leaky_relu(self.conv2(y), SLOPE))
        # Not self.shortcut(x): on a CPU, oneDNN's gradient of a 1x1 convolution of stride 2 writes past its memory
        # where the image is channels-last, of 3 or 4 channels, and 64 or more pixels wide (torch 2.14).
        kept = x[:, :, ::2, ::2]
        summed: Tensor = (y + F.conv2d(kept, self.shortcut.weight, self.shortcut.bias)) / math.sqrt(2)
        return summed


class GANSegDiscriminator(nn.Module):
    """A score for each image: larger = more real, unbounded (the release; GANSeg app. B).

    Args:
        channels: output width of each block.
        hidden: width of the linear layer before the score.
        image_size: side of the images; a multiple of 2**len(channels).
        image_channels: 3, or 4 with a silhouette.
    """

    def __init__(self, channels: tuple[int, ...], hidden: int, image_size: int, image_channels: int = 3) -> None:
        super().__init__()
        self.image_size = image_size
        widths = (image_channels, *channels)
        self.blocks = nn.ModuleList(HalvingBlock(a, b) for a, b in zip(widths, channels, strict=False))
        left = image_size // 2 ** len(channels)
        self.hidden = nn.Linear(channels[-1] * left * left, hidden)
        self.score = nn.Linear(hidden, 1)

    @classmethod
    def from_config(cls, config: GANSegConfig) -> "GANSegDiscriminator":
        """The discriminator of a config."""
        image_channels = 4 if config.silhouettes else 3
        return cls(config.discriminator_channels, config.discriminator_hidden, config.image_size, image_channels)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
        """The scores of images in [-1, 1], with `image_channels` channels.

        Raises:
            ShapeMismatchError: images of another size.
        """
        height, width = image.shape[-2:]
        if (height, width) != (self.image_size, self.image_size):
            message = "GANSeg's discriminator knows one size"
            found = f"{height}x{width}"
            mend = "Resize the images, or build it with another image_size."
            raise ShapeMismatchError(message, found=found, expected=f"{self.image_size}x{self.image_size}", mend=mend)
        x = image
        for block in self.blocks:
            x = block(x)
        scores: Tensor = self.score(F.leaky_relu(self.hidden(x.flatten(1)), SLOPE))
        return scores.squeeze(1)
