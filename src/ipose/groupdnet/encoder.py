"""The encoder: from a photograph and its label map to a code for every class (GroupDNet sec. 3.3).

`ipose.reference.groupdnet_encoder` is the literal version.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ipose.errors import ShapeMismatchError
from ipose.groupdnet.codes import Codes
from ipose.groupdnet.init import init_network
from ipose.groupdnet.label_tensor import make_class_images
from ipose.groupdnet.presets import ONE_PIXEL, GroupDNetConfig
from ipose.layers.instance_norm import InstanceNorm
from ipose.layers.residual import LEAK
from ipose.layers.spectral_norm import normalise_all, with_spectral_norm


class Encoder(nn.Module):
    """Halving convolutions with one group for each class, and two heads. The code of a class depends only on its own
    image.

    Each layer: 3x3 convolution of stride 2 without bias, instance norm, LeakyReLU 0.2. A class that the image lacks has
    an image of zeros. All layers keep it 0, so its code is the bias of the heads. Source: GroupDNet sec. 3.3, fig. 8.

    Args:
        config: widths and forms. Without groups it is the encoder of the baselines.
    """

    def __init__(self, config: GroupDNetConfig) -> None:
        super().__init__()
        self.config = config
        groups = config.encoder_groups
        ins = (self.image_channels, *(width * groups for width in config.encoder_channels))
        self.layers = nn.ModuleList(_halving(ins[i], ins[i + 1], config) for i in range(len(ins) - 1))
        self.norms = nn.ModuleList(
            nn.GroupNorm(groups, width, affine=False) if config.norm == "group" else InstanceNorm(width)
            for width in ins[1:]
        )
        self.mean, self.log_variance = (_head(ins[-1], config) for _ in range(2))
        if config.spectral_norm == "all":
            normalise_all(self)
        init_network(self, config)

    @property
    def image_channels(self) -> int:
        """Channels of the class images. 3 if one encoder reads the whole image once."""
        once = self.config.class_images == "whole" and not self.config.encoder_grouped
        return 3 * (1 if once else self.config.num_classes)

    def forward(self, image: Float[Tensor, "b 3 h w"], label: Int[Tensor, "b h w"]) -> Codes:
        """The code of each class of each image.

        Args:
            image: in [-1, 1].
            label: class ids 0..C-1.
        Raises:
            ShapeMismatchError: a size that does not halve evenly, or that halves to one pixel.
        """
        return self.encode(make_class_images(image, label, self.image_channels // 3, self.config.class_images))

    def encode(self, images: Float[Tensor, "b i h w"]) -> Codes:
        """The codes of class images, which `make_class_images` makes."""
        self._check(images)
        x = images
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = F.leaky_relu(norm(layer(x)), LEAK)
        if self.config.code == "vector":
            x = x.flatten(1)
        mean, log_variance = self.mean(x), self.log_variance(x)
        if self.config.code == "pooled":
            mean, log_variance = (head.mean((-2, -1), keepdim=True) for head in (mean, log_variance))
        return Codes(mean, log_variance)

    def _check(self, images: Tensor) -> None:
        multiple = 2 ** len(self.layers)
        if images.shape[1] != self.image_channels or any(side % multiple or not side for side in images.shape[-2:]):
            message = "the encoder cannot read these images"
            found = f"{images.shape[1]} channels of {images.shape[-2]}x{images.shape[-1]}"
            expected = f"{self.image_channels} channels, height and width multiples of {multiple}"
            raise ShapeMismatchError(message, found=found, expected=expected, mend="Resize or crop the images.")
        if images.shape[-2] == images.shape[-1] == multiple and self.config.norm != "group":
            expected = f"one side of {2 * multiple} pixels or more: {ONE_PIXEL}"
            raise ShapeMismatchError(
                "the encoder cannot read images so small",
                found=f"{multiple}x{multiple}",
                expected=expected,
                mend="Enlarge the images.",
            )


def _halving(fin: int, fout: int, config: GroupDNetConfig) -> nn.Conv2d:
    conv = nn.Conv2d(fin, fout, 3, stride=2, padding=1, groups=config.encoder_groups, bias=False)
    return conv if config.spectral_norm == "none" else with_spectral_norm(conv)


def _head(width: int, config: GroupDNetConfig) -> nn.Module:
    if config.code != "vector":
        return nn.Conv2d(width, config.z_channels, 3, padding=1, groups=config.encoder_groups)
    pixels = torch.Size(config.start).numel()
    return nn.Linear(width * pixels, config.z_channels)
