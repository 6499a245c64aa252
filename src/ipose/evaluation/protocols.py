"""Protocols of evaluation by name: each fixes what is compared, at what size, and how it is brought there.

Numbers of this field differ by more than their gaps with the resizing alone, which is seldom printed.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn import functional as F

from ipose.errors import ConfigError
from ipose.types import Box


@dataclass(frozen=True, kw_only=True)
class EvaluationProtocol:
    """How images become what a feature network sees.

    Args:
        name: that cards carry.
        level: whole images, or objects cropped by their boxes.
        size: (height, width) that each image, or crop, is resized to; None = the size of the generated images.
        interpolation: of that resizing.
        antialias: of that resizing, where it shrinks.
        inception_antialias: Inception's own resizing to 299x299: False as TensorFlow 1, True antialiased.
        min_side_px: objects whose box is smaller, in rows or columns, are left out.
    """

    name: str
    level: Literal["images", "objects"] = "images"
    size: tuple[int, int] | None = None
    interpolation: Literal["bilinear", "bicubic"] = "bicubic"
    antialias: bool = True
    inception_antialias: bool = False
    min_side_px: int = 1

    def resize(self, *, inception: bool = True) -> str:
        """In words, for cards; what Inception does with its input is said where it is the network."""
        size = "the generated size" if self.size is None else f"{self.size[0]}x{self.size[1]}"
        how = f"{self.interpolation}, {'antialiased' if self.antialias else 'not antialiased'}"
        inner = "antialiased" if self.inception_antialias else "as TensorFlow 1"
        crop = "object boxes to " if self.level == "objects" else "to "
        return f"{crop}{size}, {how}" + (f"; Inception's 299x299 {inner}" if inception else "")


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        EvaluationProtocol(name="images"),
        EvaluationProtocol(name="images-antialiased", inception_antialias=True),
        EvaluationProtocol(name="images-256", size=(256, 256)),
        EvaluationProtocol(name="objects-128", level="objects", size=(128, 128), min_side_px=3),
    )
}
"""One image for each real one, all of them (iPOSE sec. 4.1).

images: at the size of the generated images, to which the photographs are resized.
images-antialiased: likewise; Inception's input as torchmetrics makes it by default.
images-256: both resized to 256x256.
objects-128: objects of both, cropped by the boxes of their instances, resized to 128x128: object FID.
"""


def protocol_named(name: str) -> EvaluationProtocol:
    """The protocol of a name. Raises ConfigError for another name."""
    if name not in PROTOCOLS:
        raise ConfigError("no such protocol", field="protocol", found=repr(name), expected=", ".join(PROTOCOLS))
    return PROTOCOLS[name]


def resized(
    image: UInt8[Tensor, "3 h w"], size: tuple[int, int], protocol: EvaluationProtocol
) -> UInt8[Tensor, "3 h2 w2"]:
    """Resize as the protocol says, rounded to uint8; an image of that size stays bit for bit.

    Args:
        image: to resize.
        size: (height, width).
        protocol: says how.
    """
    if tuple(image.shape[1:]) == size:
        return image
    smooth = F.interpolate(
        image[None].float(), size, mode=protocol.interpolation, antialias=protocol.antialias, align_corners=False
    )
    return smooth[0].round().clamp(0, 255).to(torch.uint8)


def object_crop(image: UInt8[Tensor, "3 h w"], box: Box) -> UInt8[Tensor, "3 h2 w2"]:
    """The pixels in an object's box (ends inclusive; what of an even box lies outside the image is cut)."""
    return image[:, box.min_row : box.max_row + 1, box.min_col : box.max_col + 1]
