"""The SPADE residual block of OASIS (Schoenfeld et al., ICLR 2021), the second half of a PSM block."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.spade import SPADE, nearest
from ipose.layers.spectral_norm import spectral_norm_conv

LEAK = 0.2
"""Slope of every leaky ReLU of generator and discriminator (OASIS)."""


class SPADEResBlock(nn.Module):
    """shortcut(x) + conv_1(act(spade_1(conv_0(act(spade_0(x))))), act = LeakyReLU 0.2, all under one semantic map.

    The shortcut is the identity, or a 1x1 convolution without bias after SPADE where the width changes (no activation).
    Source: iPOSE fig. 3; OASIS appendix A.

    Args:
        fin: channels in.
        fout: channels out; the width between the convolutions is the smaller of the two.
        map_channels: channels of the semantic map.
        spade_hidden: width inside each SPADE.
    """

    def __init__(self, fin: int, fout: int, *, map_channels: int, spade_hidden: int = 128) -> None:
        super().__init__()
        fmid = min(fin, fout)
        self.spade_0 = SPADE(fin, map_channels, spade_hidden)
        self.conv_0 = spectral_norm_conv(fin, fmid, 3)
        self.spade_1 = SPADE(fmid, map_channels, spade_hidden)
        self.conv_1 = spectral_norm_conv(fmid, fout, 3)
        self.spade_s = SPADE(fin, map_channels, spade_hidden) if fin != fout else None
        self.conv_s = spectral_norm_conv(fin, fout, 1, bias=False) if fin != fout else None

    def forward(
        self, x: Float[Tensor, "b fin h w"], semantic_map: Float[Tensor, "b m mh mw"]
    ) -> Float[Tensor, "b fout h w"]:
        """x after the block, at the same size; the map is resized once for all its SPADEs."""
        semantic_map = nearest(semantic_map, (x.shape[-2], x.shape[-1]))
        shortcut: Tensor = x
        if self.spade_s is not None and self.conv_s is not None:
            shortcut = self.conv_s(self.spade_s(x, semantic_map))
        x = self.conv_0(F.leaky_relu(self.spade_0(x, semantic_map), LEAK))
        x = self.conv_1(F.leaky_relu(self.spade_1(x, semantic_map), LEAK))
        return shortcut + x
