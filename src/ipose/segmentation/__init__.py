"""A small semantic segmenter of our own, to judge generated images by (mIoU, pixel accuracy).

config     every setting         network  one of torchvision's, its answer at the image's size
objective  what it learns from   saved    TorchScript file, class map and weights
"""

from typing import TYPE_CHECKING

from ipose.lazy import lazy_attributes

if TYPE_CHECKING:
    from ipose.segmentation.config import SegmenterConfig
    from ipose.segmentation.network import SemanticSegmenter
    from ipose.segmentation.objective import SegmentationBatch, SegmenterObjective, pixel_cross_entropy
    from ipose.segmentation.saved import save_segmenter

__all__ = [
    "SegmentationBatch",
    "SegmenterConfig",
    "SegmenterObjective",
    "SemanticSegmenter",
    "pixel_cross_entropy",
    "save_segmenter",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "config": ("SegmenterConfig",),
        "network": ("SemanticSegmenter",),
        "objective": ("SegmentationBatch", "SegmenterObjective", "pixel_cross_entropy"),
        "saved": ("save_segmenter",),
    },
)
