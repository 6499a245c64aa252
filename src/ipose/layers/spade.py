"""SPADE: normalise, then scale and shift each pixel by the semantic map (Park et al., CVPR 2019; iPOSE fig. 3)."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


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
        shared = self.shared(maps)
        hidden = F.leaky_relu(shared, self.slope) if self.slope else F.relu(shared)
        return self.gamma(hidden), self.beta(hidden)


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
        self, x: Float[Tensor, "b c h w"], semantic_map: Float[Tensor, "b m mh mw"]
    ) -> Float[Tensor, "b c h w"]:
        """x, normalised and modulated.

        Args:
            x: features.
            semantic_map: [z, one-hot label] at any size. Resized to x's size by nearest neighbour.
        """
        gamma, beta = self.gamma_beta(nearest(semantic_map, (x.shape[-2], x.shape[-1])))
        scale = 1 + gamma if self.around_one else gamma
        modulated: Tensor = self.norm(x) * scale + beta
        return modulated
