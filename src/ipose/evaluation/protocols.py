"""Protocols of evaluation. A protocol says what is compared, at what size, and how images are resized.

Resizing alone changes these metrics by more than the gaps between published models, and papers seldom describe it.

`SEGMENTER_PROTOCOLS` are the segmenters by which the papers judge images. `beside_the_papers` says what a card lacks to
be as published.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn import functional as F

from ipose.data.specs import load_spec
from ipose.errors import ConfigError
from ipose.label_spec import LabelSpec
from ipose.types import Box


@dataclass(frozen=True, kw_only=True)
class EvaluationProtocol:
    """How images are prepared for a feature network.

    Args:
        level: whole images, or objects cropped by their boxes.
        size: (height, width) of each image or crop after resizing; None = size of the generated images.
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
    """Resize an image as the protocol says. An image that has the size already is not changed."""
    if tuple(image.shape[1:]) == size:
        return image
    smooth = F.interpolate(
        image[None].float(), size, mode=protocol.interpolation, antialias=protocol.antialias, align_corners=False
    )
    return smooth[0].round().clamp(0, 255).to(torch.uint8)


def object_crop(image: UInt8[Tensor, "3 h w"], box: Box) -> UInt8[Tensor, "3 h2 w2"]:
    """The pixels in an object's box, both ends included. What is outside of the image is cut."""
    return image[:, box.min_row : box.max_row + 1, box.min_col : box.max_col + 1]


@dataclass(frozen=True)
class SegmenterProtocol:
    """How the papers take mIoU and pixel accuracy on a data set. All other classes than the segmenter's are ignored.

    No paper says at what size the segmenter sees the images, nor whether it sees them at several scales.

    Args:
        classes: built-in spec whose classes it knows, without the unknown one.
        source: where the papers name it.
        silent: what they do not say, in words.
    """

    network: str
    classes: str
    size: tuple[int, int]
    images: int
    source: str
    silent: str = "its input size is not published"

    @property
    def class_names(self) -> set[str]:
        """Names of the classes that count."""
        spec = load_spec(self.classes)
        return {item.name for i, item in enumerate(spec.classes) if i != spec.unknown}

    def in_words(self) -> str:
        """The protocol in a few words."""
        height, width = self.size
        return f"{self.network}, {len(self.class_names)} classes, {self.images} images of {height}x{width}"


_BOTH = "iPOSE sec. 4.1, GroupDNet sec. 4.3"
_NOT_SAID = "its input size, how its classes are merged, and the list of images are not published"
_CITYSCAPES = SegmenterProtocol("DRN-D-105", "cityscapes-trainids", (256, 512), 500, _BOTH)

SEGMENTER_PROTOCOLS = {
    "cityscapes": _CITYSCAPES,
    "cityscapes-trainids": _CITYSCAPES,
    "ade20k": SegmenterProtocol("UperNet-101", "ade20k", (256, 256), 2000, _BOTH),
    "coco-stuff": SegmenterProtocol("DeepLab-v2", "coco-stuff", (256, 256), 5000, "iPOSE sec. 4.1"),
    "deepfashion": SegmenterProtocol("CIHP parser", "deepfashion", (256, 256), 2500, "GroupDNet sec. 4.3", _NOT_SAID),
}
"""By the name of the label maps' spec."""


def segmenter_resize(input_size: tuple[int, int] | None) -> str:
    """The resizing of mIoU and pixel accuracy in words, for cards."""
    inner = "" if input_size is None else f"; images to {input_size[0]}x{input_size[1]} for the segmenter, bilinear"
    return f"label maps to the generated size, nearest; logits bilinear{inner}"


def beside_the_papers(
    spec: LabelSpec, segmenter: str, counted: Collection[str], sizes: Collection[tuple[int, int]], images: int
) -> str | None:
    """A sentence for a card: as published, or what is missing. None = no segmenter of this spec is listed here.

    Args:
        segmenter: name of its file. Nothing else tells which network it is.
        counted: names of the classes that are not ignored.
    """
    if (known := SEGMENTER_PROTOCOLS.get(spec.name)) is None:
        return None
    strangers, absent = set(counted) - known.class_names, known.class_names - set(counted)
    missing = [
        *([] if _plain(known.network) in _plain(segmenter) else [f"the file {segmenter} has not this network's name"]),
        *([f"{len(strangers)} more classes count"] if strangers else []),
        *([f"{len(absent)} of its classes do not count"] if absent else []),
        *([] if images == known.images else [f"{images} image{'s' if images != 1 else ''}"]),
        *([] if set(sizes) == {known.size} else [f"images of {', '.join(f'{h}x{w}' for h, w in sorted(sizes))}"]),
    ]
    words = f"{known.in_words()} ({known.source}; {known.silent})"
    return f"not as published, {words}: {'; '.join(missing)}" if missing else f"as published: {words}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
