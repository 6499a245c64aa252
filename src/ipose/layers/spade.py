"""SPADE: normalise, then scale and shift each pixel by the semantic map (Park et al., CVPR 2019; iPOSE fig. 3)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.modulate_rows import modulate_rows
from ipose.layers.neighbourhoods import Neighbourhoods, merged


def nearest(maps: Float[Tensor, "b m mh mw"], size: tuple[int, int]) -> Float[Tensor, "b m h w"]:
    """`maps` at `size` = (height, width), nearest neighbour. The same tensor if nothing changes."""
    return maps if tuple(maps.shape[-2:]) == tuple(size) else F.interpolate(maps, size=size, mode="nearest")


class GammaBeta(nn.Module):
    """Scale and shift from a map: gamma and beta = Conv3x3 each of ReLU(Conv3x3(map)). They share the first
    convolution.

    Args:
        map_channels: channels of the map.
        channels: channels of gamma and of beta.
        hidden: width of the shared convolution.
        slope: of the ReLU below 0 (GANSeg: 0.2).
        groups: of the convolutions for gamma and beta.
        shared_groups: of the shared convolution. None = `groups`.
    """

    def __init__(
        self,
        map_channels: int,
        channels: int,
        hidden: int,
        slope: float = 0.0,
        *,
        groups: int = 1,
        shared_groups: int | None = None,
    ) -> None:
        super().__init__()
        self.slope = slope
        shared_groups = groups if shared_groups is None else shared_groups
        self.shared = nn.Conv2d(map_channels, hidden, 3, padding=1, groups=shared_groups)
        self.gamma = nn.Conv2d(hidden, channels, 3, padding=1, groups=groups)
        self.beta = nn.Conv2d(hidden, channels, 3, padding=1, groups=groups)

    def forward(self, maps: Float[Tensor, "b m h w"]) -> tuple[Float[Tensor, "b c h w"], Float[Tensor, "b c h w"]]:
        """(gamma, beta), at the size of the map."""
        gamma, beta = self.both(maps)
        return gamma, beta

    def both(self, maps: Float[Tensor, "b m h w"], offset: float = 0.0) -> tuple[Tensor, ...]:
        """(gamma + offset, beta), by one convolution."""
        shared = self.shared(maps)
        hidden = F.leaky_relu(shared, self.slope) if self.slope else F.relu(shared)
        if (self.gamma.groups, self.gamma.out_channels) != (self.beta.groups, self.beta.out_channels):
            return self.gamma(hidden) + offset, self.beta(hidden)  # a variant, which no single convolution can be
        weight, bias = merged((self.gamma, self.beta), offset)
        result = F.conv2d(hidden, weight, bias, padding=1, groups=self.gamma.groups)
        if self.gamma.groups == 1:
            return result.chunk(2, 1)
        return tuple(half.flatten(1, 2) for half in result.unflatten(1, (self.gamma.groups, 2, -1)).unbind(2))

    def rows(self, maps: Neighbourhoods, offset: float = 0.0) -> Float[Tensor, "n 2 c"]:
        """(gamma + offset, beta) for each distinct neighbourhood of the map."""
        return maps.convolve_twice(self.shared, (self.gamma, self.beta), self.slope, offset=offset)


class SPADE(nn.Module):
    """Spatially adaptive denormalisation: BN(x) * (1 + gamma(map)) + beta(map). Source: iPOSE sec. 3.2; SPADE eq. 1.

    BN has no weights (batch statistics in training, running ones in eval mode). Scale and shift come only from the map,
    one pair for each channel and pixel. With groups it is GroupDNet's CG-Norm (CVPR 2020, sec. 3.3): the classes of a
    group modulate the channels of this group.

    Args:
        channels: of x.
        map_channels: of the map: Z + C for [z, one-hot label].
        hidden: width of the shared convolution.
        slope: of the ReLU between map and scale, below 0 (GANSeg: 0.2).
        groups: of the convolutions for gamma and beta.
        shared_groups: of the shared convolution. None = `groups`.
        norm: the norm of x. None = BN without weights.
        around_one: whether the scale is 1 + gamma. False = gamma.
    """

    def __init__(
        self,
        channels: int,
        map_channels: int,
        hidden: int = 128,
        slope: float = 0.0,
        *,
        groups: int = 1,
        shared_groups: int | None = None,
        norm: nn.Module | None = None,
        around_one: bool = True,
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False) if norm is None else norm
        self.gamma_beta = GammaBeta(map_channels, channels, hidden, slope, groups=groups, shared_groups=shared_groups)
        self.around_one = around_one

    def forward(
        self,
        x: Float[Tensor, "b c h w"],
        semantic_map: Float[Tensor, "b m mh mw"] | Neighbourhoods,
        slope: float | None = None,
    ) -> Float[Tensor, "b c h w"]:
        """x, normalised and modulated.

        Args:
            x: features.
            semantic_map: [z, one-hot label] at any size, resized to x's size by nearest neighbour. Or its distinct
                neighbourhoods at x's size.
            slope: of a LeakyReLU that follows. None = none does.
        """
        offset = float(self.around_one)
        if isinstance(semantic_map, Neighbourhoods):
            x, rows = folded(self.norm, x, self.gamma_beta.rows(semantic_map, offset))
            return modulate_rows(x, rows, semantic_map.number, slope)
        scale, shift = self.gamma_beta.both(nearest(semantic_map, (x.shape[-2], x.shape[-1])), offset)
        modulated = torch.addcmul(shift, self.norm(x), scale)
        return modulated if slope is None else F.leaky_relu_(modulated, slope)


def folded(norm: nn.Module, x: Tensor, rows: Float[Tensor, "n 2 c"]) -> tuple[Tensor, Float[Tensor, "n 2 c"]]:
    """(features, rows) with norm(x) * scale + shift = features * scale + shift.

    In eval mode, batch norm is a scale and a shift for each channel. It goes into the rows, and x stays as it is.
    """
    affine = eval_affine(norm)
    if affine is None:
        return norm(x), rows
    gain, bias = affine
    scale, shift = rows.to(gain.dtype).unbind(1)
    return x, torch.stack([scale * gain, torch.addcmul(shift, scale, bias)], 1)


def eval_affine(norm: nn.Module) -> tuple[Float[Tensor, " c"], Float[Tensor, " c"]] | None:
    """Gain and bias of each channel that a batch norm in eval mode is. None = it is none, or is in training mode."""
    if not isinstance(norm, nn.BatchNorm2d) or norm.training or norm.running_mean is None or norm.running_var is None:
        return None
    gain = (norm.running_var + norm.eps).rsqrt()
    if not norm.affine:
        return gain, -norm.running_mean * gain
    gain = gain * norm.weight
    return gain, norm.bias - norm.running_mean * gain
