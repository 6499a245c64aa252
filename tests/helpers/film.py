"""A stranger's generator block, in a module of its own, as `--block helpers.film:Film` names it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Film(nn.Module):
    """Scales features by what map, parts and noise say: no norm, no SPADE; nothing of this project."""

    def __init__(
        self,
        fin: int,
        fout: int,
        *,
        map_channels: int,
        part_channels: int,
        noise_channels: int,
        spade_hidden: int,
        part_hidden: int,
    ) -> None:
        super().__init__()
        self.scale = nn.Conv2d(map_channels + part_channels + noise_channels, fin, 1)
        self.conv = nn.Conv2d(fin, fout, 3, padding=1)

    def forward(self, x: Tensor, semantic_map: Tensor, part: Tensor, mask: Tensor, noise: Tensor) -> Tensor:
        told = torch.cat([semantic_map, mask * part, (1 - mask) * noise], dim=1)
        return F.leaky_relu(self.conv(x * (1 + self.scale(told))), 0.2)
