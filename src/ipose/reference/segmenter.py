"""What is our own in the two segmenters: the network sees an enlarged image, its answer has the image's size."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor


def segmenter(network: Callable[[Tensor], Tensor], image: Tensor, *, enlarge: int) -> Tensor:
    """Logits (b, c, h, w) of images (b, 3, h, w) in [-1, 1]; both resizes are bilinear.

    Args:
        network: torchvision's, from image to logits at any size.
        image: not normalised for ImageNet.
        enlarge: times.
    """
    h, w = image.shape[-2:]
    larger = F.interpolate(image, size=(enlarge * h, enlarge * w), mode="bilinear", align_corners=False)
    return F.interpolate(network(larger), size=(h, w), mode="bilinear", align_corners=False)
