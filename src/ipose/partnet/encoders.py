"""The shape encoder and the mask encoder: a 64x64 silhouette or part mask becomes 64 tokens (iPOSE suppl. B.1)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.instance_norm import InstanceNorm
from ipose.partnet.presets import Normalization


def norm_layer(normalization: Normalization, channels: int) -> nn.Module:
    """Instance norm without affine (R), or batch norm (P suppl. B.1)."""
    return nn.BatchNorm2d(channels) if normalization == "batch" else InstanceNorm(channels)


class NormalizedConv(nn.Sequential):
    """Convolution, norm and activation: LeakyReLU 0.2 after instance norm (R), or ReLU after batch norm (P)."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, stride: int, normalization: Normalization = "instance"
    ) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel, stride, padding=(kernel - 1) // 2),
            norm_layer(normalization, channels_out),
            nn.ReLU(inplace=True) if normalization == "batch" else nn.LeakyReLU(0.2, inplace=True),
        )


class TokenEncoder(nn.Module):
    """Four convolutions, of which three halve, give the s/8 map. Multi-scale: two more halvings, resized to s/8 and
    concatenated.

    Args:
        channels_in: channels of the input.
        channels: widths of the first convolution and the three halving ones.
        multi_scale: add the two coarser maps. The token width is then three times the last width.
        normalization: of every convolution.
    """

    def __init__(
        self,
        channels_in: int,
        channels: tuple[int, int, int, int],
        multi_scale: bool,
        normalization: Normalization = "instance",
    ) -> None:
        super().__init__()
        c1, c2, c3, c4 = channels
        self.stem = nn.Sequential(
            NormalizedConv(channels_in, c1, 7, 1, normalization),
            NormalizedConv(c1, c2, 4, 2, normalization),
            NormalizedConv(c2, c3, 4, 2, normalization),
            NormalizedConv(c3, c4, 4, 2, normalization),
        )
        coarser = (NormalizedConv(c4, c4, 4, 2, normalization) for _ in range(2 if multi_scale else 0))
        self.coarser = nn.ModuleList(coarser)

    def forward(self, x: Float[Tensor, "m i s s"]) -> Float[Tensor, "m t d"]:
        """Tokens in row-major order of the s/8 x s/8 grid."""
        scale = self.stem(x)
        scales = [scale]
        for halve in self.coarser:
            scale = halve(scale)
            scales.append(F.interpolate(scale, size=scales[0].shape[-2:], mode="bilinear", align_corners=False))
        return torch.cat(scales, dim=1).flatten(2).transpose(1, 2)


class ShapeEncoder(TokenEncoder):
    """Tokens of object shapes. Input: coordinates x and y in [-1, 1], then the silhouette three times (R)."""

    def __init__(
        self, channels: tuple[int, int, int, int], multi_scale: bool, normalization: Normalization = "instance"
    ) -> None:
        super().__init__(5, channels, multi_scale, normalization)

    def forward(self, shapes: Float[Tensor, "n 1 s s"]) -> Float[Tensor, "n t d"]:
        """Tokens of each silhouette, values in [0, 1]."""
        side = torch.linspace(-1, 1, shapes.shape[-1], dtype=shapes.dtype, device=shapes.device)
        y, x = torch.meshgrid(side, side, indexing="ij")
        coordinates = torch.stack([x, y]).expand(shapes.shape[0], -1, -1, -1)
        return super().forward(torch.cat([coordinates, shapes.expand(-1, 3, -1, -1)], dim=1))


class MaskEncoder(TokenEncoder):
    """Tokens of part masks. The input has no coordinates and no channel number, so the name of a part has no effect
    (R)."""

    def __init__(
        self, channels: tuple[int, int, int, int], multi_scale: bool, normalization: Normalization = "instance"
    ) -> None:
        super().__init__(1, channels, multi_scale, normalization)
