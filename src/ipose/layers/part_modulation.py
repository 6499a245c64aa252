"""Part modulation, which PSM adds to SPADE: by parts where there are parts, by structure noise elsewhere (iPOSE sec.
3.2)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.modulate_rows import pieces
from ipose.layers.spade import GammaBeta, eval_affine, nearest


class PartModulation(nn.Module):
    """BN(x) * (1 + gamma) + beta with gamma and beta of ONE channel each, for all features.

    Where the part mask is 1, they come from the part features. Where it is 0, they come from the part noise, by other
    weights of the same form. A part says *where* features are strong, not which features. Source: iPOSE sec. 3.2, fig.
    3.

    Args:
        channels: of x.
        part_channels: of the part features.
        noise_channels: of the part noise.
        hidden: width of the two shared convolutions.
    """

    def __init__(self, channels: int, part_channels: int = 32, noise_channels: int = 32, hidden: int = 32) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.part_gamma_beta = GammaBeta(part_channels, 1, hidden)
        self.noise_gamma_beta = GammaBeta(noise_channels, 1, hidden)

    def forward(
        self,
        x: Float[Tensor, "b c h w"],
        part: Float[Tensor, "b p ph pw"],
        mask: Float[Tensor, "b 1 mh mw"],
        noise: Float[Tensor, "b n nh nw"],
        slope: float | None = None,
    ) -> Float[Tensor, "b c h w"]:
        """x, normalised and modulated.

        Args:
            x: features.
            part: part features. Like the next two, resized to x's size by nearest neighbour.
            mask: 1 where a part is known, else 0.
            noise: part noise.
            slope: of a LeakyReLU that follows. None = none does.
        """
        size = (x.shape[-2], x.shape[-1])
        of_part = torch.cat(self.part_gamma_beta.both(nearest(part, size), 1.0), 1)
        of_noise = torch.cat(self.noise_gamma_beta.both(nearest(noise, size), 1.0), 1)
        both = torch.lerp(of_noise, of_part, nearest(mask, size).to(of_part.dtype))  # exact for 0 and 1
        return modulate_pixels(self.norm, x, both, slope)


def modulate_pixels(
    norm: nn.Module, x: Float[Tensor, "b c h w"], both: Float[Tensor, "b d h w"], slope: float | None
) -> Float[Tensor, "b c h w"]:
    """norm(x) * scale + shift with one scale and shift for each pixel, then LeakyReLU if a slope is given.

    Without gradients, a batch norm in eval mode is computed in the same pass over the memory.
    """
    affine = eval_affine(norm)
    if affine is None or torch.is_grad_enabled() or x.device.type != "cpu":
        scale, shift = both.chunk(2, 1)
        y = torch.addcmul(shift, norm(x), scale)
        return y if slope is None else F.leaky_relu_(y, slope)
    result = torch.empty_like(x, memory_format=torch.channels_last)
    gain, bias = (t.to(x.dtype) for t in affine)
    for x_piece, pixels, out in pieces(x, both.to(x.dtype), result):
        scale, shift = pixels.chunk(2, 1)
        torch.addcmul(bias, x_piece, gain, out=out)
        out.mul_(scale).add_(shift)
        if slope is not None:
            F.leaky_relu_(out, slope)
    return result
