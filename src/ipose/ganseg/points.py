"""Level 1: noise to points and embeddings, by linear layers alone (GANSeg sec. 3.1)."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.ganseg.blocks import SLOPE
from ipose.ganseg.presets import GANSegConfig


class PartPoints(NamedTuple):
    """What level 1 says of an image: where its parts are, and how they and the background look.

    Args:
        points: (b, n, 2) in (-1, 1), (row, column), part by part.
        embeddings: (b, k, e), of the parts.
        background: (b, e), of the background.
    """

    points: Float[Tensor, "b n 2"]
    embeddings: Float[Tensor, "b k e"]
    background: Float[Tensor, "b e"]


class PointNetwork(nn.Module):
    """Three branches, each with a noise of its own: points, appearance of the parts, appearance of the background.

    Points are tanh(x / 20): the divisor lets training start with all points near the centre. The embedding of part k is
    its row of a table, times what the appearance noise says for all parts together.
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
        """Points and embeddings of each image, in float32 under autocast too: a pixel is 1/64 of a coordinate."""
        with torch.autocast(point_noise.device.type, enabled=False):
            raw = self.to_points(point_noise).unflatten(1, (self.config.points, 2))
            embeddings = self.to_appearance(part_noise)[:, None] * self.part_table.weight
            points = torch.tanh(raw / self.config.point_divisor)
            return PartPoints(points, embeddings, self.to_background(background_noise))


def linear_layers(width: int, out: int, count: int, shared: bool = False) -> nn.Sequential:
    """`count` linear layers with leaky ReLUs between them; `shared`: all but the last are one layer."""
    layers: list[nn.Module] = []
    for i in range(count - 1):
        layers.append(layers[0] if shared and i else nn.Sequential(nn.Linear(width, width), nn.LeakyReLU(SLOPE)))
    return nn.Sequential(*layers, nn.Linear(width, out))
