"""iPOSE's discriminator as the table of its layers reads: OASIS's U-Net with a global head (iPOSE sec. 3.3).

A network is its state dict; the layers bear its names.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ipose.reference.operations import Layers, SpectralNorm, State, double, leaky_relu


def discriminator(
    state: State, image: Float[Tensor, "b 3 h w"], *, blocks: int = 6, spectral_norm: SpectralNorm = "release"
) -> tuple[Float[Tensor, "b c1 h w"], Float[Tensor, "b 1 h16 w16"]]:
    """C+1 logits (0 = fake) of each pixel, and scores of regions.

    Args:
        state: of the network; in training its u and v are those that the step's power iteration left.
        image: in [-1, 1].
        blocks: of the encoder, and as many of the decoder.
        spectral_norm: see `Layers`.
    """
    net = Layers(state, spectral_norm=spectral_norm)
    x, encoded = image, []
    for i in range(blocks):
        x = down(net.below(f"encoder.{i}"), x, first=i == 0)
        encoded.append(x)
    for i in range(blocks):
        x = torch.cat([encoded[-1 - i], x], dim=1) if i else x  # the encoder's features of this size first
        x = up(net.below(f"decoder.{i}"), x)
    return net.conv("segmentation_head", x), net.conv("global_head", encoded[min(4, blocks) - 1])


def down(net: Layers, x: Tensor, *, first: bool) -> Tensor:
    """Half the size. The first block has no activation in front, and pools before its shortcut's convolution."""
    y = net.conv("conv1", x if first else leaky_relu(x), sn=True)
    y = F.avg_pool2d(net.conv("conv2", leaky_relu(y), sn=True), 2)
    x = F.avg_pool2d(x, 2) if first else x
    x = net.conv("shortcut", x, sn=True) if x.shape[1] != y.shape[1] else x
    return y + (x if first else F.avg_pool2d(x, 2))


def up(net: Layers, x: Tensor) -> Tensor:
    """Twice the size, by nearest neighbour before the first convolution."""
    y = net.conv("conv1", double(leaky_relu(x)), sn=True)
    y = net.conv("conv2", leaky_relu(y), sn=True)
    x = double(x)
    return y + (net.conv("shortcut", x, sn=True) if x.shape[1] != y.shape[1] else x)
