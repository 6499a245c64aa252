"""The generator: SPADE blocks that are told, beside the class of a pixel, where it lies in its object's outline.

After SAFM (Lv et al., CVPR 2022), much smaller.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.residual import LEAK, SPADEResBlock
from ipose.layers.spade import SPADE, nearest
from ipose.partnet.parts_without_partnet import PositionParts
from ipose.shapes.position_descriptor import PositionBins
from ipose.types import SceneBatch
from safm_toy.config import DOUBLINGS, SafmConfig


class Conditions:
    """What the generator is told of scenes: the one-hot label map, and the position descriptor of every object."""

    def __init__(self, config: SafmConfig) -> None:
        self.num_classes = config.num_classes
        self.positions = PositionParts()  # remembers the outlines that it has seen

    def __call__(self, batch: SceneBatch) -> Float[Tensor, "b m h w"]:
        label = F.one_hot(batch.label, self.num_classes).permute(0, 3, 1, 2).float()
        return torch.cat([label, self.positions(batch).features], dim=1)


class Generator(nn.Module):
    """An image from conditions and noise."""

    def __init__(self, config: SafmConfig) -> None:
        super().__init__()
        self.config = config
        told = config.num_classes + PositionBins().channels + config.z_channels

        def modulation(_: str, channels: int) -> nn.Module:
            return SPADE(channels, told, config.hidden, norm=nn.InstanceNorm2d(channels))

        width = config.channels
        self.start = nn.Conv2d(told, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            SPADEResBlock(width, width, map_channels=told, spade=modulation) for _ in range(DOUBLINGS + 1)
        )
        self.to_image = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, conditions: Float[Tensor, "b m h w"], z: Float[Tensor, "b z"]) -> Float[Tensor, "b 3 h w"]:
        """Images in [-1, 1]; the noise is the same at every pixel."""
        size = (conditions.shape[-2], conditions.shape[-1])
        told = torch.cat([z[:, :, None, None].expand(-1, -1, *size), conditions], dim=1)
        x = self.start(nearest(told, (size[0] >> DOUBLINGS, size[1] >> DOUBLINGS)))
        for number, block in enumerate(self.blocks):
            x = block(x if number == 0 else F.interpolate(x, scale_factor=2, mode="nearest"), told)
        image: Tensor = torch.tanh(self.to_image(F.leaky_relu(x, LEAK)))
        return image
