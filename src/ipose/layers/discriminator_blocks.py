"""The residual blocks of the discriminator's U-Net: one halves, the other doubles (OASIS suppl.; iPOSE sec. 3.3)."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.remembered_weight import remembered_weight
from ipose.layers.spectral_norm import spectral_norm_conv

SLOPE = 0.2

MANY_PIXELS = 1024
"""Pixels of a batch at the smaller of two sizes, from which on it pays to make a 4x4 kernel."""


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
        residual = convolved_then_halved(self.conv2, F.leaky_relu(residual, SLOPE))
        shortcut: Tensor = self.shortcut(F.avg_pool2d(x, 2))  # a 1x1 convolution of means is the mean of convolutions
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
        inner = doubled_then_convolved(self.conv1, F.leaky_relu(x, SLOPE))
        residual: Tensor = self.conv2(F.leaky_relu(inner, SLOPE))
        return residual + _double(self.shortcut(x))  # a 1x1 convolution first: the same numbers at a quarter the work


def _shortcut(channels_in: int, channels_out: int) -> nn.Module:
    """The identity. If the width changes: a 1x1 convolution with bias (the generator's has none)."""
    return nn.Identity() if channels_in == channels_out else spectral_norm_conv(channels_in, channels_out, 1)


def convolved_then_halved(conv: nn.Conv2d, x: Float[Tensor, "b fin h w"]) -> Float[Tensor, "b fout half_h half_w"]:
    """avg_pool2d(conv(x), 2) of a 3x3 convolution with padding 1, as one convolution of stride 2.

    The mean of four 3x3 windows is a 4x4 window. It needs 16 products for each result, and the plain form 36.
    """
    if x[:, 0].numel() < 4 * MANY_PIXELS or conv.kernel_size != (3, 3):
        return F.avg_pool2d(conv(x), 2)
    return F.conv2d(x, _spread(remembered_weight(conv)) / 4, conv.bias, stride=2, padding=1)


def doubled_then_convolved(conv: nn.Conv2d, x: Float[Tensor, "b fin h w"]) -> Float[Tensor, "b fout double_h double_w"]:
    """conv(x doubled by nearest neighbour), for a 3x3 convolution with padding 1, as one transposed convolution.

    Equal pixels are neighbours in the doubled map, so their weights are added first: 4 products for each result in
    place of 9.
    """
    if x[:, 0].numel() < MANY_PIXELS or conv.kernel_size != (3, 3):
        doubled: Tensor = conv(_double(x))
        return doubled
    weight = _spread(remembered_weight(conv).flip(2, 3)).transpose(0, 1)
    return F.conv_transpose2d(x, weight, conv.bias, stride=2, padding=1)


def _spread(weight: Float[Tensor, "o i 3 3"]) -> Float[Tensor, "o i 4 4"]:
    """The sum of a kernel's four places in a 4x4 window."""
    return sum((F.pad(weight, (x, 1 - x, y, 1 - y)) for x in (0, 1) for y in (0, 1)), start=weight.new_zeros(()))


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
