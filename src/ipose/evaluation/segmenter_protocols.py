"""The segmenters by which the papers judge images, and what a card lacks to be as published."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from ipose.data.specs import load_spec
from ipose.label_spec import LabelSpec


@dataclass(frozen=True, kw_only=True)
class SegmenterProtocol:
    """How the papers take mIoU and pixel accuracy on a data set. All other classes than the segmenter's are ignored.

    No paper says at what size the segmenter sees the images, nor whether it sees them at several scales.

    Args:
        network: name of the segmenter.
        classes: built-in spec whose classes it knows, without the unknown one.
        size: (height, width) of the images.
        images: number of validation images, one of each scene.
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


_CITYSCAPES = SegmenterProtocol(
    network="DRN-D-105",
    classes="cityscapes-trainids",
    size=(256, 512),
    images=500,
    source="iPOSE sec. 4.1, GroupDNet sec. 4.3",
)

SEGMENTER_PROTOCOLS = {
    "cityscapes": _CITYSCAPES,
    "cityscapes-trainids": _CITYSCAPES,
    "ade20k": SegmenterProtocol(
        network="UperNet-101",
        classes="ade20k",
        size=(256, 256),
        images=2000,
        source="iPOSE sec. 4.1, GroupDNet sec. 4.3",
    ),
    "coco-stuff": SegmenterProtocol(
        network="DeepLab-v2", classes="coco-stuff", size=(256, 256), images=5000, source="iPOSE sec. 4.1"
    ),
    "deepfashion": SegmenterProtocol(
        network="CIHP parser",
        classes="deepfashion",
        size=(256, 256),
        images=2500,
        source="GroupDNet sec. 4.3",
        silent="its input size, how its classes are merged, and the list of images are not published",
    ),
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
        spec: of the label maps.
        segmenter: name of its file. Nothing else tells which network it is.
        counted: names of the classes that are not ignored.
        sizes: (height, width) of the images.
        images: their number.
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
