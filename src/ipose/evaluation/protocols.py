"""Protocols of evaluation. A protocol says what is compared, at what size, and how images are resized.

Resizing alone changes these metrics by more than the gaps between published models, and papers seldom describe it.
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
    """How images are prepared for a feature network.

    Args:
        name: in cards.
        level: whole images, or objects cropped by their boxes.
        size: (height, width) of each image or crop after resizing; None = size of the generated images.
        interpolation: of the resizing.
        antialias: whether the resizing is antialiased when it shrinks.
        inception_antialias: Inception's own resizing to 299x299. False = as TensorFlow 1, True = antialiased.
        min_side_px: objects with a smaller box, in rows or columns, are left out.
    """

    name: str
    level: Literal["images", "objects"] = "images"
    size: tuple[int, int] | None = None
    interpolation: Literal["bilinear", "bicubic"] = "bicubic"
    antialias: bool = True
    inception_antialias: bool = False
    min_side_px: int = 1

    def resize(self, *, inception: bool = True) -> str:
        """The resizing in words, for cards. `inception`: also say how Inception resizes its input."""
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
"""All protocols compare one generated image with each real image (iPOSE sec. 4.1).

images: photographs are resized to the size of the generated images.
images-antialiased: likewise, but Inception's input is resized as torchmetrics does by default.
images-256: both are resized to 256x256.
objects-128: objects of both are cropped by their boxes and resized to 128x128, for object FID.
"""


def protocol_named(name: str) -> EvaluationProtocol:
    """The protocol of this name. Raises ConfigError if there is none."""
    if name not in PROTOCOLS:
        raise ConfigError("no such protocol", field="protocol", found=repr(name), expected=", ".join(PROTOCOLS))
    return PROTOCOLS[name]


def resized(
    image: UInt8[Tensor, "3 h w"], size: tuple[int, int], protocol: EvaluationProtocol
) -> UInt8[Tensor, "3 h2 w2"]:
    """Resize an image as the protocol says. An image that has the size already is not changed.

    Args:
        image: to resize.
        size: (height, width).
        protocol: interpolation and antialiasing.
    """
    if tuple(image.shape[1:]) == size:
        return image
    smooth = F.interpolate(
        image[None].float(), size, mode=protocol.interpolation, antialias=protocol.antialias, align_corners=False
    )
    return smooth[0].round().clamp(0, 255).to(torch.uint8)


def object_crop(image: UInt8[Tensor, "3 h w"], box: Box) -> UInt8[Tensor, "3 h2 w2"]:
    """The pixels in an object's box, both ends included. What is outside of the image is cut."""
    return image[:, box.min_row : box.max_row + 1, box.min_col : box.max_col + 1]
