"""The blocks of GANSeg: start tensors of sines, SPADE residual blocks, AdaIN blocks. None has spectral norm."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.spade import SPADE

SLOPE = 0.2
"""Slope of every leaky ReLU."""


class PositionalStart(nn.Module):
    """Start tensor: sines and cosines of pi * conv1x1(point - pixel), for some points (GANSeg eq. 5).

    Args:
        points: number of points.
        channels: of the output; even. Half of them are sines.
        grid: (row, column) of the pixels, with the margin.
    """

    grid: Tensor

    def __init__(self, points: int, channels: int, grid: Float[Tensor, "h w 2"]) -> None:
        super().__init__()
        self.mix = nn.Conv2d(2 * points, channels // 2, 1)
        self.register_buffer("grid", grid, persistent=False)

    def forward(self, points: Float[Tensor, "b n 2"]) -> Float[Tensor, "b c h w"]:
        """The tensor at the grid's size. Computed in float32 even under autocast, because it encodes positions."""
        with torch.autocast(points.device.type, enabled=False):
            relative = points[:, :, None, None] - self.grid  # [b, n, h, w, 2]
            planes = relative.permute(0, 2, 3, 1, 4).flatten(3).permute(0, 3, 1, 2)  # channels last in memory
            mixed = math.pi * self.mix(planes)
            return torch.cat([mixed.sin(), mixed.cos()], dim=1)


class SPADEBlock(nn.Module):
    """shortcut(x) + conv2(act(spade2(conv1(act(spade1(x)))))), with act = LeakyReLU 0.2 and one map of embeddings.

    The shortcut is the identity. If the width changes, it is a 3x3 convolution after SPADE, without activation.

    Args:
        channels_in: of x.
        channels_out: of the result. The width between the convolutions is the smaller of the two.
        map_channels: of the map.
        hidden: width inside each SPADE.
    """

    def __init__(self, channels_in: int, channels_out: int, map_channels: int, hidden: int = 128) -> None:
        super().__init__()
        between = min(channels_in, channels_out)
        self.spade1 = SPADE(channels_in, map_channels, hidden, slope=SLOPE)
        self.conv1 = nn.Conv2d(channels_in, between, 3, padding=1)
        self.spade2 = SPADE(between, map_channels, hidden, slope=SLOPE)
        self.conv2 = nn.Conv2d(between, channels_out, 3, padding=1)
        changes = channels_in != channels_out
        self.spade_shortcut = SPADE(channels_in, map_channels, hidden, slope=SLOPE) if changes else None
        self.conv_shortcut = nn.Conv2d(channels_in, channels_out, 3, padding=1) if changes else None

    def forward(
        self, x: Float[Tensor, "b channels_in h w"], embeddings: Float[Tensor, "b e h w"]
    ) -> Float[Tensor, "b channels_out h w"]:
        """x after the block, at the same size."""
        shortcut: Tensor = x
        if self.spade_shortcut is not None and self.conv_shortcut is not None:
            shortcut = self.conv_shortcut(self.spade_shortcut(x, embeddings))
        x = self.conv1(F.leaky_relu(self.spade1(x, embeddings), SLOPE))
        x = self.conv2(F.leaky_relu(self.spade2(x, embeddings), SLOPE))
        return shortcut + x


class AdaIN(nn.Module):
    """BN(x) * (1 + gamma) + beta, with one pair for each channel, from an embedding of the image's background.

    Args:
        channels: of x.
        embedding: width of the embedding.
        hidden: width of the shared layer.
    """

    def __init__(self, channels: int, embedding: int, hidden: int = 128) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.shared = nn.Linear(embedding, hidden)
        self.gamma = nn.Linear(hidden, channels)
        self.beta = nn.Linear(hidden, channels)

    def forward(self, x: Float[Tensor, "b c h w"], embedding: Float[Tensor, "b e"]) -> Float[Tensor, "b c h w"]:
        """x, normalised and modulated."""
        hidden = F.leaky_relu(self.shared(embedding), SLOPE)
        gamma, beta = self.gamma(hidden)[:, :, None, None], self.beta(hidden)[:, :, None, None]
        modulated: Tensor = self.norm(x) * (1 + gamma) + beta
        return modulated


class AdaINBlock(nn.Module):
    """conv(LeakyReLU(AdaIN(x))), without a shortcut.

    Args:
        channels_in: of x.
        channels_out: of the result.
        embedding: width of the background's embedding.
        hidden: width inside AdaIN.
    """

    def __init__(self, channels_in: int, channels_out: int, embedding: int, hidden: int = 128) -> None:
        super().__init__()
        self.adain = AdaIN(channels_in, embedding, hidden)
        self.conv = nn.Conv2d(channels_in, channels_out, 3, padding=1)

    def forward(
        self, x: Float[Tensor, "b channels_in h w"], embedding: Float[Tensor, "b e"]
    ) -> Float[Tensor, "b channels_out h w"]:
        """x after the block, at the same size."""
        y: Tensor = self.conv(F.leaky_relu(self.adain(x, embedding), SLOPE))
        return y


@torch.no_grad()
def start_weights(network: nn.Module, generator: torch.Generator | None = None) -> None:
    """Draw new weights in place: std = sqrt(2 / 1.04 / fan_in) (the release).

    Args:
        network: GANSeg's generator or discriminator.
        generator: source of random numbers, on the weights' device. None = torch's global one.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, a=SLOPE, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.Embedding):
            nn.init.normal_(layer.weight, generator=generator)
