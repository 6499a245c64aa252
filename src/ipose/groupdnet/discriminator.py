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
from ipose.layers.spectral_norm import normalise_all, with_spectral_norm

LARGEST_MULTIPLE = 8
"""Most width of a layer, as a multiple of the first layer's."""


class ScaleOutput(NamedTuple):
    """The answer of one discriminator.

    Args:
        features: of each layer, for feature matching.
        score: of each patch, larger = more real.
    """

    features: tuple[Tensor, ...]
    score: Tensor


class PatchDiscriminator(nn.Module):
    """4x4 convolutions. The first has no norm, the middle ones have spectral and instance norm, the last one makes the
    scores.

    The last two have stride 1, the others 2. All pad by 2, so a map that is not halved grows by one pixel.

    Args:
        channels: of the input: label tensor and image.
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

    def forward(self, x: Float[Tensor, "b i h w"]) -> ScaleOutput:
        """Features and scores of label tensors with images."""
        features = [F.leaky_relu(self.first(x), LEAK)]
        for layer, norm in zip(self.middle, self.norms, strict=True):
            features.append(F.leaky_relu(norm(layer(features[-1])), LEAK))
        return ScaleOutput(tuple(features), self.score(features[-1]))


class MultiScaleDiscriminator(nn.Module):
    """Several equal discriminators. Each reads the input at half the size of the one before. Source: GroupDNet fig. 7.

    Args:
        config: their number and widths.
    """

    def __init__(self, config: GroupDNetConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.num_classes + int(config.edges) + 3
        self.scales = nn.ModuleList(PatchDiscriminator(channels, config) for _ in range(config.discriminator_scales))
        if config.spectral_norm == "all":
            normalise_all(self)
        init_network(self, config)

    def forward(self, x: Float[Tensor, "b i h w"]) -> tuple[ScaleOutput, ...]:
        """The answer of each discriminator, the largest image first. Input: one-hot label, edges if the model has them,
        image."""
        outputs = []
        for i, scale in enumerate(self.scales):
            x = halved(x) if i else x
            outputs.append(scale(x))
        return tuple(outputs)


def halved(x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b i half_h half_w"]:
    """Half the size: the mean of every second 3x3 window, over its pixels inside the image."""
    return F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)


def _middle(fin: int, fout: int, stride: int, scope: str) -> nn.Conv2d:
    """A convolution without bias, because the norm after it would remove the bias."""
    conv = nn.Conv2d(fin, fout, 4, stride=stride, padding=2, bias=False)
    return conv if scope == "none" else with_spectral_norm(conv)
