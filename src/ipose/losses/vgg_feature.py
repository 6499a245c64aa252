"""Perceptual loss: distance of two images in the features of VGG-19 (iPOSE suppl. D; pix2pixHD, SPADE)."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.losses.feature_matching import VGG_WEIGHTS, feature_distance

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

VGG19_LAYERS = (1, 6, 11, 20, 29)
"""relu1_1, relu2_1, relu3_1, relu4_1, relu5_1, as numbers of layers in torchvision's `vgg19().features`."""
VGG19_WEIGHTS = VGG_WEIGHTS
"""Weights of these five layers in pix2pixHD and SPADE."""


def vgg_features(
    layers: nn.Sequential,
    images: Float[Tensor, "b 3 h w"],
    taps: Sequence[int] = VGG19_LAYERS,
    *,
    imagenet: bool = True,
) -> list[Tensor]:
    """Features of some layers of a convolutional network. Images are scaled from [-1, 1] to ImageNet's scale.

    Args:
        layers: in order, like `torchvision.models.vgg19().features`.
        images: in [-1, 1].
        taps: numbers of the layers, ascending.
        imagenet: False = images stay in [-1, 1], as in pix2pixHD, SPADE and GroupDNet.
    Returns:
        float (b, c_i, h_i, w_i), one for each tap.
    Raises:
        ShapeMismatchError: the images are too small for the poolings before the last tap.
    """
    if min(images.shape[-2:]) < (least := _least_side(layers, taps)):
        size, expected = "x".join(map(str, images.shape[-2:])), f"{least} pixels a side, or more"
        raise ShapeMismatchError("images too small for the perceptual loss", found=size, expected=expected)
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
    """sum over layers i of weights[i] * mean |phi_i(fake) - phi_i(real)|. Gradients flow only into the fakes.

    Source: the perceptual loss of pix2pixHD and SPADE. iPOSE suppl. D compares the CLIP style loss with it.

    Args:
        layers: see `vgg_features`.
        fake: in [-1, 1].
        real: images to resemble, place by place.
        taps: see `vgg_features`.
        weights: one for each tap.
        imagenet: see `vgg_features`.
    """
    with torch.no_grad():
        wanted = vgg_features(layers, real, taps, imagenet=imagenet)
    return feature_distance(vgg_features(layers, fake, taps, imagenet=imagenet), wanted, weights)


class VGGFeatureLoss(nn.Module):
    """`vgg_feature_loss` with a frozen network in eval mode, for object crops (iPOSE suppl. D) or whole images.

    Args:
        layers: `load_vgg_loss` loads VGG-19's, `tiny_vgg_loss` makes random ones.
        taps: numbers of the compared layers, ascending.
        weights: one for each tap.
        imagenet: see `vgg_features`.
    Raises:
        ConfigError: a tap that the network does not have, or another number of weights.
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
