"""GroupDNet's multi-scale discriminator as the table of its layers reads (GroupDNet app. A, fig. 7; pix2pixHD).

A network is its state dict; the layers bear its names.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ipose.reference.operations import Layers, SpectralNorm, State, group_norm, instance_norm, leaky_relu


def groupdnet_discriminator(
    state: State,
    x: Float[Tensor, "b i h w"],
    *,
    scales: int = 2,
    layers: int = 4,
    norm: Literal["batch", "group"] = "batch",
    spectral_norm: SpectralNorm = "release",
) -> list[tuple[list[Tensor], Tensor]]:
    """Of each scale, the largest first: the features of each layer, and the scores of patches.

    Args:
        state: of the network; in training its u and v are those that the step's power iteration left.
        x: one-hot label map, edges where the model sees them, image.
        scales: discriminators, each on the input at half the size of the last.
        layers: whose features are matched.
        norm: instance norm, or ("group") group norm in one group (table 3).
        spectral_norm: see `Layers`.
    """
    found = []
    for i in range(scales):
        x = halve(x) if i else x
        found.append(patches(Layers(state, spectral_norm=spectral_norm).below(f"scales.{i}"), x, layers, norm))
    return found


def patches(net: Layers, x: Tensor, layers: int, norm: str) -> tuple[list[Tensor], Tensor]:
    """4x4 convolutions, zeros of 2 around; stride 2, but 1 in the last two; the first and the last have no norm."""
    x = leaky_relu(net.conv("first", x, stride=2, padding=2))
    features = [x]
    for i in range(1, layers):
        x = net.conv(f"middle.{i - 1}", x, stride=1 if i == layers - 1 else 2, padding=2, bias=False, sn=True)
        x = leaky_relu(group_norm(x, 1) if norm == "group" else instance_norm(x))
        features.append(x)
    return features, net.conv("score", x, padding=2)


def halve(x: Tensor) -> Tensor:
    """The mean of every second 3x3 window, over its pixels inside of the image."""
    inside = torch.ones_like(x[:1, :1])
    return F.avg_pool2d(x, 3, 2, 1) / F.avg_pool2d(inside, 3, 2, 1)
