"""The loss of a semantic segmenter: cross-entropy over the pixels with a known class."""

from collections.abc import Iterator, Mapping
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from ipose.errors import DataError
from ipose.losses.precision import full_precision
from ipose.objective import Phase
from ipose.segmentation.segmenter_config import SegmenterConfig

_UNKNOWN = -100


@runtime_checkable
class SegmentationBatch(Protocol):
    """What the objective needs of a batch: images with label maps. A `SceneBatch` has them."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the images."""

    @property
    def image(self) -> Float[Tensor, "b 3 h w"] | None:
        """Images in [-1, 1], or None."""

    @property
    def label(self) -> Int64[Tensor, "b h w"]:
        """Class ids."""


def pixel_cross_entropy(
    logits: Float[Tensor, "b c h w"], label: Int64[Tensor, "b h w"], unknown: int | None = None
) -> Float[Tensor, ""]:
    """Mean cross-entropy over the pixels that are not of the unknown class; 0 if there are none.

    Args:
        logits: of each class.
        label: class ids.
        unknown: class id of pixels without annotation. None = every pixel counts.
    """
    target = label if unknown is None else label.masked_fill(label == unknown, _UNKNOWN)
    with full_precision(logits) as (logits,):
        total = F.cross_entropy(logits, target, ignore_index=_UNKNOWN, reduction="sum")
    return total / (target != _UNKNOWN).sum().clamp(min=1)


class SegmenterObjective:
    """The training objective of a segmenter: one phase, one term.

    Args:
        segmenter: from images in [-1, 1] to logits (b, c, h, w).
        config: of the optimizer.
        unknown: class id without annotation. None = there is none.
    """

    def __init__(self, segmenter: nn.Module, config: SegmenterConfig, unknown: int | None = None) -> None:
        self.segmenter, self.config, self.unknown = segmenter, config, unknown
        self.networks: Mapping[str, nn.Module] = {"segmenter": segmenter}
        adam = torch.optim.Adam(segmenter.parameters(), lr=config.learning_rate)
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {"segmenter": adam}

    def phases(self, batch: SegmentationBatch, generator: torch.Generator) -> Iterator[Phase]:
        """The one step of a batch. Raises DataError where it has no images."""
        image = batch.image
        if image is None:
            raise DataError("training needs photographs", found="scenes without images", file=", ".join(batch.names))
        yield Phase("segmenter", ("segmenter",), "segmenter", lambda: self.losses(image, batch.label, generator))

    def losses(
        self, image: Float[Tensor, "b 3 h w"], label: Int64[Tensor, "b h w"], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The cross-entropy. Dropout draws from the step's generator."""
        seed = int(torch.randint(2**31, (), generator=generator))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            logits = self.segmenter(image)
        return {"cross_entropy": pixel_cross_entropy(logits, label, self.unknown)}
