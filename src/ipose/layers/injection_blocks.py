"""Other ways to let parts into a generator block. iPOSE's table 3 compares PSM with them.

Each has the arguments and the call of `PSMBlock`, so the same generator can use it. A block ignores what it does not
need.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.neighbourhoods import Neighbourhoods
from ipose.layers.residual import SPADEResBlock
from ipose.layers.spade import nearest


class SpadeInjectionBlock(nn.Module):
    """Parts in the map of every SPADE: [part, z, one-hot label] (iPOSE table 3, "SPADE"). No part noise."""

    def __init__(
        self, fin: int, fout: int, *, map_channels: int, part_channels: int = 32, spade_hidden: int = 128, **_: Any
    ) -> None:
        super().__init__()
        self.residual = SPADEResBlock(fin, fout, map_channels=part_channels + map_channels, spade_hidden=spade_hidden)

    def forward(
        self,
        x: Float[Tensor, "b fin h w"],
        semantic_map: Float[Tensor, "b m mh mw"],
        part: Float[Tensor, "b p ph pw"],
        mask: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> Float[Tensor, "b fout h w"]:
        """x after the block."""
        size = (x.shape[-2], x.shape[-1])
        out: Tensor = self.residual(x, torch.cat([nearest(part, size), nearest(semantic_map, size)], dim=1))
        return out


class ConcatInjectionBlock(nn.Module):
    """Parts in the features: the block's input is [x, part] (iPOSE table 3, "Concat"). No part noise."""

    reads_neighbourhoods = True

    def __init__(
        self, fin: int, fout: int, *, map_channels: int, part_channels: int = 32, spade_hidden: int = 128, **_: Any
    ) -> None:
        super().__init__()
        self.residual = SPADEResBlock(fin + part_channels, fout, map_channels=map_channels, spade_hidden=spade_hidden)

    def forward(
        self,
        x: Float[Tensor, "b fin h w"],
        semantic_map: Float[Tensor, "b m mh mw"] | Neighbourhoods,
        part: Float[Tensor, "b p ph pw"],
        mask: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> Float[Tensor, "b fout h w"]:
        """x after the block."""
        part = nearest(part, (x.shape[-2], x.shape[-1]))
        out: Tensor = self.residual(torch.cat([x, part], dim=1), semantic_map)
        return out


class PlainBlock(nn.Module):
    """No parts: the SPADE residual block of the OASIS baseline (iPOSE table 3, first row)."""

    reads_neighbourhoods = True

    def __init__(self, fin: int, fout: int, *, map_channels: int, spade_hidden: int = 128, **_: Any) -> None:
        super().__init__()
        self.residual = SPADEResBlock(fin, fout, map_channels=map_channels, spade_hidden=spade_hidden)

    def forward(
        self,
        x: Float[Tensor, "b fin h w"],
        semantic_map: Float[Tensor, "b m mh mw"] | Neighbourhoods,
        part: Tensor | None = None,
        mask: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> Float[Tensor, "b fout h w"]:
        """x after the block."""
        out: Tensor = self.residual(x, semantic_map)
        return out
