"""The blocks of GANSeg: start tensors of sines, SPADE residual blocks, AdaIN blocks. None has spectral norm."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.ganseg.heatmaps import crop
from ipose.layers.neighbourhoods import merged
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
        self,
        x: Float[Tensor, "b channels_in h w"],
        maps: Float[Tensor, "b k mh mw"],
        embeddings: Float[Tensor, "b k e"],
        cut: int = 0,
    ) -> Float[Tensor, "b channels_out oh ow"]:
        """x after the block. The SPADEs read the sum of the embeddings, weighted by the maps.

        Args:
            x: at the size of the maps, or smaller: without the outer rings of pixels, at most `cut - 2` of them.
            maps: of the parts.
            embeddings: of the parts.
            cut: rings of the maps' pixels that the result is without. What only they need is not computed.
        """
        start = (maps.shape[-1] - x.shape[-1]) // 2  # each name is the number of rings that are left out there
        last = max(cut - 1, start)
        middle = start if self.spade2.norm.training else last  # batch statistics are of all pixels
        first = max(middle - 1, start)
        shortcut: Tensor = crop(x, cut - start)
        if self.spade_shortcut is not None and self.conv_shortcut is not None:
            shortcut = convolve(
                modulate(self.spade_shortcut, x, maps, embeddings, last), self.conv_shortcut, cut - last
            )
        y = F.leaky_relu_(modulate(self.spade1, x, maps, embeddings, first), SLOPE)
        y = convolve(y, self.conv1, middle - first)
        y = F.leaky_relu_(modulate(self.spade2, y, maps, embeddings, last), SLOPE)
        return shortcut + convolve(y, self.conv2, cut - last)


def modulate(
    spade: SPADE,
    x: Float[Tensor, "b c h w"],
    maps: Float[Tensor, "b k mh mw"],
    embeddings: Float[Tensor, "b k e"],
    cut: int,
) -> Float[Tensor, "b c oh ow"]:
    """SPADE of x by the sum of the embeddings, weighted by the maps. `cut` as for a block."""
    rings, first = cut - (maps.shape[-1] - x.shape[-1]) // 2, max(cut - 1, 0)
    normal = crop(spade.norm(x), rings) if spade.norm.training else spade.norm(crop(x, rings))
    hidden = convolve_sum(maps, embeddings, spade.gamma_beta.shared, first)
    hidden = F.leaky_relu_(hidden, spade.gamma_beta.slope)
    both = merged((spade.gamma_beta.gamma, spade.gamma_beta.beta), float(spade.around_one))
    scale, shift = convolve(hidden, both, cut - first).chunk(2, 1)
    return torch.addcmul(shift, normal, scale)


def convolve(
    x: Float[Tensor, "b c h w"], convolution: nn.Conv2d | tuple[Tensor, Tensor | None], cut: int
) -> Float[Tensor, "b o oh ow"]:
    """A 3x3 convolution (a layer, or weight and bias) with zeros around x, without the outer `cut` rings of pixels."""
    weight, bias = (convolution.weight, convolution.bias) if isinstance(convolution, nn.Conv2d) else convolution
    return F.conv2d(crop(x, max(cut - 1, 0)), weight, bias, padding=0 if cut else 1)


def convolve_sum(
    maps: Float[Tensor, "b k h w"], embeddings: Float[Tensor, "b k e"], convolution: nn.Conv2d, cut: int
) -> Float[Tensor, "b o oh ow"]:
    """`convolve` of the sum of the embeddings, weighted by the maps.

    On the CPU this sum is not made. The convolution is linear, so the k maps alone go through it, with weights times
    embeddings, which are others for each image.
    """
    weight, bias = convolution.weight, convolution.bias
    if maps.device.type != "cpu" or embeddings.shape[1] > embeddings.shape[2]:
        pixels = torch.einsum("bkhw,bke->bhwe", maps, embeddings)  # channels last: convolutions are faster so
        return convolve(pixels.permute(0, 3, 1, 2), convolution, cut)
    weights = torch.einsum("oeyx,bke->bokyx", weight, embeddings)
    images = maps.contiguous(memory_format=torch.channels_last).split(1)
    return torch.cat([convolve(image, (own, bias), cut) for image, own in zip(images, weights, strict=True)])


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
        self, x: Float[Tensor, "b channels_in h w"], embedding: Float[Tensor, "b e"], cut: int = 0
    ) -> Float[Tensor, "b channels_out oh ow"]:
        """x after the block, without the outer `cut` rings of pixels."""
        return convolve(F.leaky_relu_(self.adain(x, embedding), SLOPE), self.conv, cut)


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
