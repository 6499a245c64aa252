"""CG-Norm and CG-Block: SPADE and its residual block with groups, which keep the classes apart (GroupDNet sec. 3.3)."""

from typing import Literal

from torch import nn

from ipose.groupdnet.modulation import Modulation
from ipose.layers.residual import LEAK, SPADEResBlock
from ipose.layers.spade import SPADE
from ipose.layers.spectral_norm import with_spectral_norm


class CGNorm(SPADE):
    """Conditional group normalisation: BN(x) * (1 + gamma(label)) + beta(label), both by grouped convolutions.

    Source: GroupDNet sec. 3.3, eqs. 3-5. The form (1 + gamma), with BN without weights, is the release's.

    Args:
        channels: of x.
        modulation: how the convolutions of the label map are grouped.
        groups: of the block with this norm.
        norm: "batch", or "group" = a group norm of `norm_groups` (paper table 3).
        norm_groups: groups of the convolution before the norm.
        form: "release", or "paper" = gamma * BN(x) + beta, where BN has weights.
    """

    def __init__(
        self,
        channels: int,
        modulation: Modulation,
        groups: int,
        *,
        norm: Literal["batch", "group"] = "batch",
        norm_groups: int = 1,
        form: Literal["release", "paper"] = "release",
    ) -> None:
        hidden, shared_groups, modulated_groups = modulation.widths(groups)
        affine = form == "paper"
        super().__init__(
            channels,
            modulation.map_channels,
            hidden,
            groups=modulated_groups,
            shared_groups=shared_groups,
            norm=nn.GroupNorm(norm_groups, channels, affine=affine)
            if norm == "group"
            else nn.BatchNorm2d(channels, affine=affine),
            around_one=not affine,
        )


class CGBlock(SPADEResBlock):
    """The residual block of the decoder, with everything in `groups`: CG-Norm, activation, convolution, twice, and a
    shortcut.

    Source: GroupDNet sec. 3.3, fig. 9. Called like `SPADEResBlock`: `block(x, label_tensor)`.

    Args:
        fin: channels in.
        fout: channels out.
        modulation: of its CG-Norms.
        groups: of the block.
        groups_before: groups of the convolution before the block. A group norm uses them.
        norm: of the CG-Norms.
        form: see `CGNorm`.
        activation: "leaky_relu" (the release) or "relu" (the paper's figures).
        spectral_norm: whether the convolutions have it.
    """

    def __init__(
        self,
        fin: int,
        fout: int,
        modulation: Modulation,
        groups: int,
        *,
        groups_before: int = 1,
        norm: Literal["batch", "group"] = "batch",
        form: Literal["release", "paper"] = "release",
        activation: Literal["leaky_relu", "relu"] = "leaky_relu",
        spectral_norm: bool = True,
    ) -> None:
        def cg_norm(step: str, channels: int) -> nn.Module:
            norm_groups = groups if step == "1" else groups_before
            return CGNorm(channels, modulation, groups, norm=norm, norm_groups=norm_groups, form=form)

        super().__init__(
            fin,
            fout,
            map_channels=modulation.map_channels,
            groups=groups,
            spade=cg_norm,
            slope=LEAK if activation == "leaky_relu" else 0.0,
            wrap=with_spectral_norm if spectral_norm else _as_it_is,
        )


def _as_it_is(conv: nn.Conv2d) -> nn.Conv2d:
    return conv
