"""The multi-scale discriminator of pix2pixHD: scores of patches, and features to match (GroupDNet app. A, fig. 7).

`ipose.reference.groupdnet_discriminator` is the literal version.
"""

from typing import NamedTuple

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.groupdnet.init import init_network
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.layers.instance_norm import InstanceNorm
from ipose.layers.residual import LEAK
from ipose.layers.spectral_norm import normalise_all, right_first_spectral_norm

LARGEST_MULTIPLE = 8
"""No layer is wider than this times the first."""


class Verdict(NamedTuple):
    """What one discriminator says: features of each layer, to match, and the score of each patch (larger = real)."""

    features: tuple[Tensor, ...]
    score: Tensor


class PatchDiscriminator(nn.Module):
    """4x4 convolutions, the first without norm, the middle ones with spectral and instance norm, the last the scores.

    The last two have stride 1, the others 2; all pad by 2, so that a map grows by one pixel where it is not halved.

    Args:
        channels: of the input: the label tensor beside the image.
        config: widths and forms.
    """

    def __init__(self, channels: int, config: GroupDNetConfig) -> None:
        super().__init__()
        count, first = config.discriminator_layers, config.discriminator_width
        widths = [first * min(2**i, LARGEST_MULTIPLE) for i in range(count)]
        strides = [1 if i and i == count - 1 else 2 for i in range(count)]
        self.first = nn.Conv2d(channels, widths[0], 4, stride=strides[0], padding=2)
        self.middle = nn.ModuleList(
            _middle(widths[i - 1], widths[i], strides[i], config.spectral_norm) for i in range(1, count)
        )
        self.norms = nn.ModuleList(
            nn.GroupNorm(1, width, affine=False) if config.norm == "group" else InstanceNorm(width)
            for width in widths[1:]
        )
        self.score = nn.Conv2d(widths[-1], 1, 4, padding=2)

    def forward(self, x: Float[Tensor, "b i h w"]) -> Verdict:
        """Features and scores of label tensors beside images."""
        features = [F.leaky_relu(self.first(x), LEAK)]
        for layer, norm in zip(self.middle, self.norms, strict=True):
            features.append(F.leaky_relu(norm(layer(features[-1])), LEAK))
        return Verdict(tuple(features), self.score(features[-1]))


class MultiScaleDiscriminator(nn.Module):
    """Several discriminators of one form, each on the input at half the size of the last. Source: GroupDNet fig. 7.

    Args:
        config: how many, and their widths.
    """

    def __init__(self, config: GroupDNetConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.num_classes + int(config.edges) + 3
        self.scales = nn.ModuleList(PatchDiscriminator(channels, config) for _ in range(config.discriminator_scales))
        if config.spectral_norm == "all":
            normalise_all(self)
        init_network(self, config)

    def forward(self, x: Float[Tensor, "b i h w"]) -> tuple[Verdict, ...]:
        """What each discriminator says of (one-hot label, edges where the model sees them, image), largest first."""
        verdicts = []
        for i, scale in enumerate(self.scales):
            x = halved(x) if i else x
            verdicts.append(scale(x))
        return tuple(verdicts)


def halved(x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b i half_h half_w"]:
    """The mean of every second 3x3 window, of its pixels inside of the image."""
    return F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)


def _middle(fin: int, fout: int, stride: int, scope: str) -> nn.Conv2d:
    """Without a bias: the norm behind it would take it away."""
    conv = nn.Conv2d(fin, fout, 4, stride=stride, padding=2, bias=False)
    return conv if scope == "none" else right_first_spectral_norm(conv)
