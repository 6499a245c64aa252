"""The PSM block (part and semantic modulation; iPOSE sec. 3.2, fig. 3), and the signature that a replacement needs."""

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.neighbourhoods import Neighbourhoods
from ipose.layers.part_modulation import PartModulation
from ipose.layers.residual import LEAK, SPADEResBlock, activated
from ipose.layers.spectral_norm import spectral_norm_conv


@runtime_checkable
class BlockFactory(Protocol):
    """Makes one generator block: `PSMBlock`, or another class or function with the same signature.

    The module is called like `PSMBlock.forward`: `block(x, semantic_map, part, mask, noise)`. All maps have the size of
    x, and the block keeps it. `ipose.testing.PSMBlockContract` checks a block.

    A class whose own body has `reads_neighbourhoods = True` may also get the semantic map as `Neighbourhoods`, to pass
    on to SPADE. Any other block gets a tensor; a subclass does not inherit this.
    """

    def __call__(
        self,
        fin: int,
        fout: int,
        *,
        map_channels: int,
        part_channels: int,
        noise_channels: int,
        spade_hidden: int,
        part_hidden: int,
    ) -> nn.Module:
        """A block from `fin` to `fout` channels. The other numbers are those of `PSMBlock`."""
        ...


class PSMBlock(nn.Module):
    """Part-and-semantic modulation: x <- conv(act(part_modulation(x))), then a SPADE residual block of this x.

    The residual block's shortcut starts after the part step, so every path from input to output passes the parts.
    Source: iPOSE sec. 3.2, fig. 3.

    Args:
        fin: channels in.
        fout: channels out.
        map_channels: channels of the semantic map [z, one-hot label].
        part_channels: channels of the part features.
        noise_channels: channels of the part noise.
        spade_hidden: width inside each SPADE.
        part_hidden: width inside the part modulation.
    """

    reads_neighbourhoods = True

    def __init__(
        self,
        fin: int,
        fout: int,
        *,
        map_channels: int,
        part_channels: int = 32,
        noise_channels: int = 32,
        spade_hidden: int = 128,
        part_hidden: int = 32,
    ) -> None:
        super().__init__()
        self.part_modulation = PartModulation(fin, part_channels, noise_channels, part_hidden)
        self.conv_p = spectral_norm_conv(fin, fin, 3)
        self.residual = SPADEResBlock(fin, fout, map_channels=map_channels, spade_hidden=spade_hidden)

    def forward(
        self,
        x: Float[Tensor, "b fin h w"],
        semantic_map: Float[Tensor, "b m mh mw"] | Neighbourhoods,
        part: Float[Tensor, "b p ph pw"],
        mask: Float[Tensor, "b 1 kh kw"],
        noise: Float[Tensor, "b n nh nw"],
    ) -> Float[Tensor, "b fout h w"]:
        """x after the block.

        Args:
            x: features.
            semantic_map: [z, one-hot label]. Like all maps, resized to x's size by nearest neighbour. Or its distinct
                neighbourhoods at x's size.
            part: part features.
            mask: 1 where a part is known, else 0.
            noise: part noise.
        """
        x = self.conv_p(activated(self.part_modulation, LEAK, x, part, mask, noise))
        out: Tensor = self.residual(x, semantic_map)
        return out
