"""The residual blocks of the discriminator's U-Net: one halves, the other doubles (OASIS suppl.; iPOSE sec. 3.3)."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.spectral_norm import spectral_norm_conv

SLOPE = 0.2


class DownBlock(nn.Module):
    """Half the size: two convolutions with spectral norm and average pooling, and a shortcut.

    Args:
        channels_in: width of the input.
        channels_out: width of both convolutions and of the output.
        first: whether the block reads the image. Then there is no activation before its first convolution, and the
            shortcut pools before its 1x1 convolution, not after.
    """

    def __init__(self, channels_in: int, channels_out: int, *, first: bool = False) -> None:
        super().__init__()
        self.first = first
        self.conv1 = spectral_norm_conv(channels_in, channels_out, 3)
        self.conv2 = spectral_norm_conv(channels_out, channels_out, 3)
        self.shortcut = _shortcut(channels_in, channels_out)

    def forward(self, x: Float[Tensor, "b fin h w"]) -> Float[Tensor, "b fout half_h half_w"]:
        """Features at half the height and width; h and w are even."""
        residual: Tensor = self.conv1(x if self.first else F.leaky_relu(x, SLOPE))
        residual = F.avg_pool2d(self.conv2(F.leaky_relu(residual, SLOPE)), 2)
        if self.first:
            shortcut: Tensor = self.shortcut(F.avg_pool2d(x, 2))
        else:
            shortcut = F.avg_pool2d(self.shortcut(x), 2)
        return residual + shortcut


class UpBlock(nn.Module):
    """Twice the size: nearest doubling and two convolutions with spectral norm, and a doubled shortcut.

    Args:
        channels_in: width of the input.
        channels_out: width of both convolutions and of the output.
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv1 = spectral_norm_conv(channels_in, channels_out, 3)
        self.conv2 = spectral_norm_conv(channels_out, channels_out, 3)
        self.shortcut = _shortcut(channels_in, channels_out)

    def forward(self, x: Float[Tensor, "b fin h w"]) -> Float[Tensor, "b fout double_h double_w"]:
        """Features at twice the height and width."""
        residual: Tensor = self.conv1(_double(F.leaky_relu(x, SLOPE)))
        residual = self.conv2(F.leaky_relu(residual, SLOPE))
        return residual + _double(self.shortcut(x))  # a 1x1 convolution first: the same numbers at a quarter the work


def _shortcut(channels_in: int, channels_out: int) -> nn.Module:
    """The identity. If the width changes: a 1x1 convolution with bias (the generator's has none)."""
    return nn.Identity() if channels_in == channels_out else spectral_norm_conv(channels_in, channels_out, 1)


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
