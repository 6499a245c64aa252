"""The layers that parts and structure noise pass before the blocks (iPOSE sec. 3.2, fig. 3; widths and norms as
released)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ipose.layers.instance_norm import InstanceNorm
from ipose.layers.residual import LEAK
from ipose.layers.spade import nearest

_DOUBLINGS_WITH_CLASSES = 3  # R appends the class-index map before the first three doublings only


class PartInput(nn.Module):
    """Composed part features or logits to features for the blocks: Conv3x3, instance norm, LeakyReLU 0.2.

    Args:
        in_channels: Q*F features, or Q logits.
        hidden: width of the part branch.
    """

    def __init__(self, in_channels: int, hidden: int = 32) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, hidden, 3, padding=1)
        self.norm = InstanceNorm(hidden)

    def forward(self, parts: Float[Tensor, "b qf h w"]) -> Float[Tensor, "b p h w"]:
        """The features at full resolution. The blocks resize them (nearest)."""
        return F.leaky_relu(self.norm(self.conv(parts)), LEAK)


class PartNoise(nn.Module):
    """Structure noise for regions without parts: one map for each block, each twice as large as the one before.

    A convolution of [noise, class index], then transposed convolutions that double. Each is followed by instance norm
    and LeakyReLU 0.2. The class index is one channel with the id as a number. The first three doublings read it, too.

    Args:
        noise_channels: of the noise drawn at the start size.
        hidden: width of the part branch.
        blocks: number of maps.
    """

    def __init__(self, noise_channels: int = 31, hidden: int = 32, blocks: int = 6) -> None:
        super().__init__()
        self.stem = nn.Conv2d(noise_channels + 1, hidden, 3, padding=1)
        self.doublings = nn.ModuleList(doubling(i, hidden) for i in range(blocks - 1))
        self.norm = InstanceNorm(hidden)

    def forward(self, noise: Float[Tensor, "b n h0 w0"], label: Int[Tensor, "b h w"]) -> list[Tensor]:
        """The noise of each block, small to large: float (b, hidden, h0 * 2**i, w0 * 2**i) for block i.

        Args:
            noise: standard normal, at the size of the first block.
            label: class ids at full resolution.
        """
        classes = label[:, None].to(noise.dtype)
        x = F.leaky_relu(self.norm(self.stem(_append(noise, classes))), LEAK)
        maps = [x]
        for i, double in enumerate(self.doublings):
            x = _append(x, classes) if i < _DOUBLINGS_WITH_CLASSES else x
            x = F.leaky_relu(self.norm(double(x)), LEAK)
            maps.append(x)
        return maps


def doubling(i: int, hidden: int) -> nn.ConvTranspose2d:
    """Doubling number i. The first three have one more input channel, for the class index."""
    return nn.ConvTranspose2d(hidden + int(i < _DOUBLINGS_WITH_CLASSES), hidden, 4, stride=2, padding=1)


def _append(x: Tensor, classes: Tensor) -> Tensor:
    return torch.cat([x, nearest(classes, (x.shape[-2], x.shape[-1]))], dim=1)
