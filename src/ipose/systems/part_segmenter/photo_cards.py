"""Eval cards of a part segmenter on published photographs with landmarks or foregrounds (GANSeg sec. 4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ipose.data.photo_files import MISSING, resized_photo
from ipose.data.photo_layouts import PhotoLayout
from ipose.errors import DataError
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_pairs import Fingerprint
from ipose.evaluation.landmarks import (
    edge_length_error,
    foreground_iou,
    landmark_error,
    soft_part_centres,
    taichi_error,
)
from ipose.images import image_float
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter

LandmarkRule = tuple[str, Callable[..., float], dict[str, bool], str]
"""Name of the metric, its function, the function's options, and a note with the number in the paper."""

CUB_NOTE = (
    "0.0323 in the paper, by the protocol of its reference [34]; here a regression for each landmark on the "
    "photographs that show it"
)
NO_BIAS_NOTE = "as the other, without a constant, as the paper regresses CelebA's landmarks"
TAICHI_NOTE = "417.17 in the paper, 10 parts"

RULES: dict[str, tuple[LandmarkRule, ...]] = {
    "CelebA in the wild": (
        ("Landmark error without bias", landmark_error, {"bias": False}, "0.0618 in the paper with 8 parts"),
        ("Landmark error with bias", landmark_error, {"bias": True}, "a constant is fitted too; not in the paper"),
    ),
    "CelebA aligned": (
        ("Landmark error without bias", landmark_error, {"bias": False}, "0.0398 in the paper with 10 parts"),
        ("Landmark error with bias", landmark_error, {"bias": True}, "a constant is fitted too; not in the paper"),
    ),
    "CUB-200-2011": (
        ("Landmark error over the edge length, with bias", edge_length_error, {"bias": True}, CUB_NOTE),
        ("Landmark error over the edge length, without bias", edge_length_error, {"bias": False}, NO_BIAS_NOTE),
    ),
    "Taichi": (
        ("Landmark error as sum of absolute errors", taichi_error, {"distance": False}, TAICHI_NOTE),
        ("Landmark error as sum of distances", taichi_error, {"distance": True}, "as the paper words it"),
    ),
}


@dataclass(frozen=True, eq=False)
class SegmentedPhotos:
    """Parts of photographs, at the segmenter's square size.

    Args:
        centres: (row, column) of each part's centre, in pixels.
        hash: of the photographs, by name and pixels.
    """

    centres: Float[Tensor, "n k 2"]
    parts: UInt8[Tensor, "n s s"]
    hash: str


@torch.no_grad()
def segment_photos(segmenter: TrainedSegmenter, paths: Sequence[Path], batch_size: int = 16) -> SegmentedPhotos:
    """Segment photographs of a published set at the segmenter's size. Raises DataError for a file that cannot be
    read."""
    device, side = next(segmenter.network.parameters()).device, segmenter.image_size
    centres, parts, looked = list[Tensor](), list[Tensor](), Fingerprint()
    for i in range(0, len(paths), batch_size):
        images = torch.stack([resized_photo(path, side, upright=False) for path in paths[i : i + batch_size]])
        looked.add(" ".join(path.name for path in paths[i : i + batch_size]), images)
        logits = segmenter.network(image_float(images.to(device))).float()
        centres.append(soft_part_centres(logits, side).cpu())
        parts.append(logits.argmax(1).to(torch.uint8).cpu())
    return SegmentedPhotos(torch.cat(centres), torch.cat(parts), looked.hex())


def _fingerprint(truth: Tensor, *photos: SegmentedPhotos) -> str:
    """Hash of photographs and their truth, for `data` of a card."""
    both = Fingerprint()
    both.add(" ".join(one.hash for one in photos), truth)
    return both.hex()


def published_cards(
    segmenter: TrainedSegmenter, layout: PhotoLayout, root: Path, facts: dict[str, Any], limit: int | None, batch: int
) -> tuple[list[EvalCard], tuple[str, ...]]:
    """Eval cards of a published data set: foreground IoU and landmark errors on its test split; and a sentence if the
    file of landmarks is missing.

    Raises:
        DataError: a split without photographs, or a file that cannot be read.
    """
    side = segmenter.image_size
    facts = {**facts, "protocol": "photographs", "resize": f"photographs and masks to {side}x{side} (bilinear)"}
    splits = {split: list(paths)[:limit] for split, paths in layout.splits(root).items()}
    for split in ("test", *([layout.fitted_on] if layout.has_landmarks(root) else [])):
        if not splits.get(split):
            mend = "Let ipose doctor look at the data."
            raise DataError("no photographs in a split that is judged on", file=root, field=split, mend=mend)
    photos, cards = segment_photos(segmenter, splits["test"], batch), []
    if layout.foreground is not None:
        cards.append(_foreground_card(layout, root, splits["test"], photos, facts))
    if layout.has_landmarks(root):
        cards += _landmark_cards(segmenter, layout, root, splits, photos, facts, batch)
    elif layout.landmarks is not None:
        mend = f"put the data set's {layout.landmark_file} there to have it"
        return cards, (f"No landmark error: {root / layout.landmark_file} is missing; {mend}.",)
    return cards, ()


def _own_splits(layout: PhotoLayout, root: Path) -> tuple[str, ...]:
    return (said,) if (said := layout.own_splits(root)) else ()


def _foreground_card(
    layout: PhotoLayout, root: Path, photographs: list[Path], photos: SegmentedPhotos, facts: dict[str, Any]
) -> EvalCard:
    assert layout.foreground is not None
    side = photos.parts.shape[-1]
    masks = torch.stack([layout.foreground(root, path, side) for path in photographs])
    return EvalCard(
        metric="Foreground IoU",
        value=foreground_iou(photos.parts, masks.to(torch.uint8)),
        notes=(f"{layout.name}, test photographs, each by itself, then the mean", *_own_splits(layout, root)),
        counts={"photographs": len(masks)},
        baselines={"everything foreground": foreground_iou(torch.ones_like(photos.parts), masks.to(torch.uint8))},
        data=_fingerprint(masks, photos),
        **facts,
    )


def _landmark_cards(
    segmenter: TrainedSegmenter,
    layout: PhotoLayout,
    root: Path,
    splits: dict[str, list[Path]],
    photos: SegmentedPhotos,
    facts: dict[str, Any],
    batch: int,
) -> list[EvalCard]:
    assert layout.landmarks is not None
    fit, side = segment_photos(segmenter, splits[layout.fitted_on], batch), segmenter.image_size
    truth = [layout.landmarks(root, splits[split], side) for split in (layout.fitted_on, "test")]
    none = fit.centres[:, :0], photos.centres[:, :0]  # without a centre: the mean landmark
    least = int((truth[0] != MISSING).all(-1).sum(0).min())
    few = least <= 2 * fit.centres.shape[1]
    warning = ("fewer photographs to fit on than numbers to fit",) if few else ()
    judged = int((truth[1] != MISSING).all(-1).sum())
    counts = {"photographs": len(photos.centres), "to fit on": len(fit.centres)}
    counts |= {"landmarks": truth[1].shape[1], "landmarks judged": judged}
    cards = []
    for metric, error, fixed, published in RULES[layout.name]:
        options: dict[str, Any] = {**fixed, **({"edge": side} if error is edge_length_error else {})}
        constant = {**options, "bias": True} if "bias" in options else options
        cards.append(
            EvalCard(
                metric=metric,
                value=error(fit.centres, truth[0], photos.centres, truth[1], **options),
                counts=counts,
                baselines={"the mean landmarks": error(none[0], truth[0], none[1], truth[1], **constant)},
                notes=(f"{layout.name}: {published}", *_own_splits(layout, root), *warning),
                data=_fingerprint(torch.cat(truth), fit, photos),
                **facts,
            )
        )
    return cards
