"""What is our own in the two segmenters: the network sees an enlarged image, its answer has the image's size."""

from collections.abc import Callable

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def segmenter(
    network: Callable[[Tensor], Tensor], image: Float[Tensor, "b 3 h w"], *, enlarge: int
) -> Float[Tensor, "b c h w"]:
    """Logits of every pixel; both resizes are bilinear.

    Args:
        network: torchvision's, from image to logits at any size.
        image: in [-1, 1], not normalised for ImageNet.
        enlarge: times.
    """
    h, w = image.shape[-2:]
    larger = F.interpolate(image, size=(enlarge * h, enlarge * w), mode="bilinear", align_corners=False)
    return F.interpolate(network(larger), size=(h, w), mode="bilinear", align_corners=False)
