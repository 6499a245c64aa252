"""A part segmenter beside what people set in published photographs: landmarks and foregrounds (GANSeg sec. 4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ipose.data.photo_files import resized_photo
from ipose.data.photo_layouts import PhotoLayout
from ipose.errors import DataError
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.landmarks import foreground_iou, landmark_error, soft_part_centres, taichi_error
from ipose.ganseg.saved_segmenter import TrainedSegmenter

LandmarkRule = tuple[str, Callable[..., float], dict[str, bool], str]
"""Metric, function, its options, and the number in the paper."""

RULES: dict[str, tuple[LandmarkRule, ...]] = {
    "CelebA in the wild": (
        ("Landmark error without bias", landmark_error, {"bias": False}, "0.0618 in the paper with 8 parts"),
        ("Landmark error with bias", landmark_error, {"bias": True}, "a constant is fitted too; not in the paper"),
    ),
    "Taichi": (
        (
            "Landmark error as sum of absolute errors",
            taichi_error,
            {"distance": False},
            "417.17 in the paper, 10 parts",
        ),
        ("Landmark error as sum of distances", taichi_error, {"distance": True}, "as the paper words it"),
    ),
}


@dataclass(frozen=True, eq=False)
class Seen:
    """What a segmenter says of photographs at its own square size.

    Args:
        centres: of each part, (row, column) in pixels.
        parts: part maps, 0 = background.
    """

    centres: Float[Tensor, "n k 2"]
    parts: UInt8[Tensor, "n s s"]


@torch.no_grad()
def see(segmenter: TrainedSegmenter, paths: Sequence[Path], batch_size: int = 16) -> Seen:
    """Segment photographs at the segmenter's size. Raises DataError for a file that is none."""
    device, side = next(segmenter.network.parameters()).device, segmenter.image_size
    centres, parts = list[Tensor](), list[Tensor]()
    for i in range(0, len(paths), batch_size):
        images = torch.stack([resized_photo(path, side) for path in paths[i : i + batch_size]])
        logits = segmenter.network(images.to(device).float() / 127.5 - 1).float()
        centres.append(soft_part_centres(logits, side).cpu())
        parts.append(logits.argmax(1).to(torch.uint8).cpu())
    return Seen(torch.cat(centres), torch.cat(parts))


def published_cards(
    segmenter: TrainedSegmenter, layout: PhotoLayout, root: Path, facts: dict[str, Any], limit: int | None, batch: int
) -> list[EvalCard]:
    """Cards of a published set: foreground IoU and landmark errors of its test split, where it has them.

    Args:
        segmenter: to be judged.
        layout: of the set in `root`.
        facts: what the cards have in common.
        limit: at most so many photographs of a split.
        batch: photographs at once.
    Raises:
        DataError: a split without photographs, or a file that cannot be read.
    """
    splits = {split: list(paths)[:limit] for split, paths in layout.splits(root).items()}
    for split in ("test", *(["regression"] if layout.landmarks else [])):
        if not splits.get(split):
            raise DataError("no photographs in a split that is judged on", file=root, field=split,
                            mend="Let ipose doctor look at the data.")  # fmt: skip
    seen, cards = see(segmenter, splits["test"], batch), []
    if layout.foreground is not None:
        side, foreground = segmenter.image_size, layout.foreground
        masks = [foreground(root, path, side) for path in splits["test"]]
        ious = [foreground_iou(one[None], mask[None].long()) for one, mask in zip(seen.parts, masks, strict=True)]
        notes = (f"{layout.name}, test photographs, each by itself, then the mean",)
        counts = {"photographs": len(ious)}
        whole = sum(foreground_iou(torch.ones_like(mask[None]).long(), mask[None].long()) for mask in masks)
        cards.append(
            EvalCard(
                metric="Foreground IoU",
                value=sum(ious) / len(ious),
                notes=notes,
                counts=counts,
                baselines={"everything foreground": whole / len(masks)},
                **facts,
            )
        )
    if layout.landmarks is not None:
        cards += _landmark_cards(segmenter, layout, root, splits, seen, facts, batch)
    return cards


def _landmark_cards(
    segmenter: TrainedSegmenter,
    layout: PhotoLayout,
    root: Path,
    splits: dict[str, list[Path]],
    seen: Seen,
    facts: dict[str, Any],
    batch: int,
) -> list[EvalCard]:
    assert layout.landmarks is not None
    fit = see(segmenter, splits["regression"], batch).centres
    truth = [layout.landmarks(root, splits[split], segmenter.image_size) for split in ("regression", "test")]
    none = fit[:, :0], seen.centres[:, :0]  # no centre at all: the constant is the mean landmark
    few = len(fit) <= 2 * fit.shape[1]
    warning = ("fewer photographs to fit on than numbers to fit",) if few else ()
    cards = []
    for metric, error, options, published in RULES[layout.name]:
        constant = {**options, "bias": True} if "bias" in options else options
        mean = error(none[0], truth[0], none[1], truth[1], **constant)
        cards.append(
            EvalCard(
                metric=metric,
                value=error(fit, truth[0], seen.centres, truth[1], **options),
                counts={"photographs": len(seen.centres), "to fit on": len(fit), "landmarks": truth[1].shape[1]},
                baselines={"the mean landmarks": mean},
                notes=(f"{layout.name}: {published}", *warning),
                **facts,
            )
        )
    return cards
