"""The perceptual loss in plain loops over VGG-19's blocks (iPOSE suppl. D; pix2pixHD, SPADE)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

CONVOLUTIONS_OF_BLOCKS = (2, 2, 4, 4, 4)
"""VGG-19 (Simonyan and Zisserman 2015, E): 16 convolutions, each with a ReLU; a 2x2 maximum between blocks."""


def vgg_feature_loss(
    convolutions: Sequence[tuple[Tensor, Tensor]], fake: Float[Tensor, "b 3 h w"], real: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, ""]:
    """relu1_1/32 + relu2_1/16 + relu3_1/8 + relu4_1/4 + relu5_1, each the mean absolute difference.

    Args:
        convolutions: weight and bias of the 16, in order.
        fake: in [-1, 1].
        real: in [-1, 1].
    """
    total = torch.zeros((), dtype=fake.dtype)
    rest, a, b = list(convolutions), _imagenet(fake), _imagenet(real)
    for block, count in enumerate(CONVOLUTIONS_OF_BLOCKS, start=1):
        for number in range(1, count + 1):
            weight, bias = rest.pop(0)
            a = F.conv2d(a, weight, bias, padding=1).clamp(min=0)
            b = F.conv2d(b, weight, bias, padding=1).clamp(min=0)
            if number == 1:
                total = total + (a - b).abs().sum() / a.numel() / 2 ** (0 if block == 5 else 6 - block)
        a, b = (F.max_pool2d(x, 2) for x in (a, b))
    return total


def _imagenet(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    scaled = []
    for channel, (mean, deviation) in enumerate(((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))):
        scaled.append(((images[:, channel] + 1) / 2 - mean) / deviation)
    return torch.stack(scaled, dim=1)
