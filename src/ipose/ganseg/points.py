"""Level 1: from noise to points and embeddings, by linear layers (GANSeg sec. 3.1)."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.ganseg.blocks import SLOPE
from ipose.ganseg.presets import GANSegConfig


class PartPoints(NamedTuple):
    """Level 1's output: the places of the parts, and the look of parts and background.

    Args:
        points: (b, n, 2) in (-1, 1), (row, column), part by part.
        embeddings: (b, k, e), of the parts.
        background: (b, e), of the background.
    """

    points: Float[Tensor, "b n 2"]
    embeddings: Float[Tensor, "b k e"]
    background: Float[Tensor, "b e"]


class PointNetwork(nn.Module):
    """Three branches, each with its own noise: points, look of the parts, look of the background.

    Points are tanh(x / 20). The divisor puts all points near the centre when training starts. The embedding of part k
    is row k of a table, times the output of the appearance branch, which is the same for all parts.
    """

    def __init__(self, config: GANSegConfig) -> None:
        super().__init__()
        self.config = config
        width, shared = config.noise_channels, config.share_repeated
        self.to_points = linear_layers(width, 2 * config.points, config.point_layers, shared)
        self.to_appearance = linear_layers(width, config.embedding, config.embedding_layers, shared)
        self.to_background = linear_layers(width, config.embedding, config.embedding_layers, shared)
        self.part_table = nn.Embedding(config.parts, config.embedding)

    def forward(
        self,
        point_noise: Float[Tensor, "b z"],
        background_noise: Float[Tensor, "b z"],
        part_noise: Float[Tensor, "b z"],
    ) -> PartPoints:
        """Points and embeddings of each image. In float32 even under autocast, because a pixel is 1/64 of a
        coordinate."""
        with torch.autocast(point_noise.device.type, enabled=False):
            raw = self.to_points(point_noise).unflatten(1, (self.config.points, 2))
            embeddings = self.to_appearance(part_noise)[:, None] * self.part_table.weight
            points = torch.tanh(raw / self.config.point_divisor)
            return PartPoints(points, embeddings, self.to_background(background_noise))


def linear_layers(width: int, out: int, count: int, shared: bool = False) -> nn.Sequential:
    """`count` linear layers with leaky ReLUs between them. `shared`: all but the last are the same layer."""
    layers: list[nn.Module] = []
    for i in range(count - 1):
        layers.append(layers[0] if shared and i else nn.Sequential(nn.Linear(width, width), nn.LeakyReLU(SLOPE)))
    return nn.Sequential(*layers, nn.Linear(width, out))
