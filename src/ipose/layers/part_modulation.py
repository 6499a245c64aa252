"""Part modulation, which PSM adds to SPADE: by parts where there are parts, by structure noise elsewhere (iPOSE sec.
3.2)."""

from jaxtyping import Float
from torch import Tensor, nn

from ipose.layers.spade import GammaBeta, nearest


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
    ) -> Float[Tensor, "b c h w"]:
        """x, normalised and modulated.

        Args:
            x: features.
            part: part features. Like the next two, resized to x's size by nearest neighbour.
            mask: 1 where a part is known, else 0.
            noise: part noise.
        """
        size = (x.shape[-2], x.shape[-1])
        m = nearest(mask, size)
        gamma_part, beta_part = self.part_gamma_beta(nearest(part, size))
        gamma_noise, beta_noise = self.noise_gamma_beta(nearest(noise, size))
        gamma = m * gamma_part + (1 - m) * gamma_noise
        beta = m * beta_part + (1 - m) * beta_noise
        modulated: Tensor = self.norm(x) * (1 + gamma) + beta
        return modulated
