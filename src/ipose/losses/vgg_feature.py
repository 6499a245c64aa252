"""Perceptual loss: how far apart two images are in the features of VGG-19 (iPOSE suppl. D; pix2pixHD, SPADE)."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.losses.feature_matching import VGG_WEIGHTS, feature_distance

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

VGG19_LAYERS = (1, 6, 11, 20, 29)
"""relu1_1, relu2_1, relu3_1, relu4_1, relu5_1, as torchvision's `vgg19().features` counts its layers."""
VGG19_WEIGHTS = VGG_WEIGHTS
"""Of these five, in pix2pixHD and SPADE."""


def vgg_features(
    layers: nn.Sequential,
    images: Float[Tensor, "b 3 h w"],
    taps: Sequence[int] = VGG19_LAYERS,
    *,
    imagenet: bool = True,
) -> list[Tensor]:
    """What some layers of a convolutional network make of images; images are brought from [-1, 1] to ImageNet's scale.

    Args:
        layers: in order, as of `torchvision.models.vgg19().features`.
        images: in [-1, 1].
        taps: numbers of the layers, ascending.
        imagenet: False leaves the images in [-1, 1], which is what pix2pixHD, SPADE and GroupDNet compute with.
    Returns:
        float (b, c_i, h_i, w_i), one a tap.
    Raises:
        ShapeMismatchError: images so small that a pooling before the last tap leaves nothing.
    """
    if min(images.shape[-2:]) < (least := _least_side(layers, taps)):
        raise ShapeMismatchError(
            "images too small for the perceptual loss", found="x".join(map(str, images.shape[-2:])),
            expected=f"{least} pixels a side, or more",
        )  # fmt: skip
    mean, std = (images.new_tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    x, found = (((images + 1) / 2 - mean) / std if imagenet else images), []
    for number, layer in enumerate(layers[: max(taps) + 1]):
        x = layer(x)
        if number in taps:
            found.append(x)
    return found


def vgg_feature_loss(
    layers: nn.Sequential,
    fake: Float[Tensor, "b 3 h w"],
    real: Float[Tensor, "b 3 h w"],
    taps: Sequence[int] = VGG19_LAYERS,
    weights: Sequence[float] = VGG19_WEIGHTS,
    *,
    imagenet: bool = True,
) -> Float[Tensor, ""]:
    """sum over layers i of weights[i] * mean |phi_i(fake) - phi_i(real)|; gradients reach the fakes alone.

    Source: the perceptual loss of pix2pixHD and SPADE, which iPOSE suppl. D compares the CLIP style loss with.

    Args:
        layers: see `vgg_features`.
        fake: in [-1, 1].
        real: to resemble, place by place.
        taps: see `vgg_features`.
        weights: one a tap.
        imagenet: see `vgg_features`.
    """
    with torch.no_grad():
        wanted = vgg_features(layers, real, taps, imagenet=imagenet)
    return feature_distance(vgg_features(layers, fake, taps, imagenet=imagenet), wanted, weights)


class VGGFeatureLoss(nn.Module):
    """`vgg_feature_loss` with a frozen network in eval mode: of object crops (iPOSE suppl. D), or of whole images.

    Args:
        layers: `load_vgg_loss` brings VGG-19's, `tiny_vgg_loss` random ones.
        taps: numbers of the layers that are compared, ascending.
        weights: one a tap.
        imagenet: see `vgg_features`.
    Raises:
        ConfigError: a tap that the network does not have, or not a weight for each.
    """

    def __init__(
        self,
        layers: nn.Sequential,
        taps: Sequence[int] = VGG19_LAYERS,
        weights: Sequence[float] = VGG19_WEIGHTS,
        *,
        imagenet: bool = True,
    ) -> None:
        super().__init__()
        if not taps or min(taps) < 0 or max(taps) >= len(layers) or list(taps) != sorted(set(taps)):
            expected = f"ascending numbers 0..{len(layers) - 1}"
            raise ConfigError("no such layers to compare", field="taps", found=tuple(taps), expected=expected)
        if len(weights) != len(taps):
            raise ConfigError("a weight for each layer", field="weights", found=len(weights), expected=len(taps))
        self.layers = layers[: max(taps) + 1].eval().requires_grad_(False)
        self.taps, self.weights, self.imagenet = tuple(taps), tuple(weights), imagenet

    def train(self, mode: bool = True) -> "VGGFeatureLoss":
        """Stays in eval mode: the network is frozen."""
        super().train(False)
        return self

    def forward(self, fake: Float[Tensor, "b 3 h w"], real: Float[Tensor, "b 3 h w"]) -> Float[Tensor, ""]:
        """`vgg_feature_loss` of two batches of images in [-1, 1]."""
        return vgg_feature_loss(self.layers, fake, real, self.taps, self.weights, imagenet=self.imagenet)


def _least_side(layers: nn.Sequential, taps: Sequence[int]) -> int:
    halvings = sum(isinstance(layer, nn.MaxPool2d) for layer in layers[: max(taps) + 1])
    return int(2**halvings)
