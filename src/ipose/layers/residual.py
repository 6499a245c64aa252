"""The SPADE residual block of OASIS (Schoenfeld et al., ICLR 2021). It is half of a PSM block; with groups, a
CG-Block."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.neighbourhoods import Neighbourhoods
from ipose.layers.spade import SPADE, nearest
from ipose.layers.spectral_norm import with_spectral_norm

LEAK = 0.2
"""Slope of every leaky ReLU of generator and discriminator (OASIS)."""


class SPADEResBlock(nn.Module):
    """shortcut(x) + conv_1(act(spade_1(conv_0(act(spade_0(x)))))), with act = LeakyReLU 0.2 and one semantic map.

    The shortcut is the identity. If the width changes, it is a 1x1 convolution without bias after SPADE, without
    activation. Source: iPOSE fig. 3; OASIS appendix A.

    Args:
        fin: channels in.
        fout: channels out. The width between the convolutions is the smaller of the two.
        map_channels: channels of the semantic map.
        spade_hidden: width inside each SPADE.
        groups: of the convolutions.
        spade: makes the SPADE of step "0", "1" or "s" for a number of channels. None = plain ones.
        slope: of the activations; 0 = ReLU.
        wrap: applied to each convolution. The default adds spectral norm.
    """

    def __init__(
        self,
        fin: int,
        fout: int,
        *,
        map_channels: int,
        spade_hidden: int = 128,
        groups: int = 1,
        spade: Callable[[str, int], nn.Module] | None = None,
        slope: float = LEAK,
        wrap: Callable[[nn.Conv2d], nn.Conv2d] = with_spectral_norm,
    ) -> None:
        super().__init__()

        def plain(step: str, channels: int) -> nn.Module:
            return SPADE(channels, map_channels, spade_hidden)

        def conv(channels_in: int, channels_out: int, kernel: int, *, bias: bool = True) -> nn.Conv2d:
            return wrap(nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, groups=groups, bias=bias))

        spade, fmid = spade or plain, min(fin, fout)
        self.slope = slope
        self.spade_0 = spade("0", fin)
        self.conv_0 = conv(fin, fmid, 3)
        self.spade_1 = spade("1", fmid)
        self.conv_1 = conv(fmid, fout, 3)
        self.spade_s = spade("s", fin) if fin != fout else None
        self.conv_s = conv(fin, fout, 1, bias=False) if fin != fout else None

    def forward(
        self, x: Float[Tensor, "b fin h w"], semantic_map: Float[Tensor, "b m mh mw"] | Neighbourhoods
    ) -> Float[Tensor, "b fout h w"]:
        """x after the block, at the same size. The map is resized once for all SPADEs."""
        if isinstance(semantic_map, Tensor):
            semantic_map = nearest(semantic_map, (x.shape[-2], x.shape[-1]))
        shortcut: Tensor = x
        if self.spade_s is not None and self.conv_s is not None:
            shortcut = self.conv_s(self.spade_s(x, semantic_map))
        x = self.conv_0(self.spade_0(x, semantic_map, self.slope))
        x = self.conv_1(self.spade_1(x, semantic_map, self.slope))
        return shortcut + x
