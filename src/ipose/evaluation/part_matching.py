"""Found parts, which have no names, and labelled parts: matched one to one (Hungarian method), or many to one."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, Integer
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ipose.errors import ShapeMismatchError


def overlap_counts(
    found: Integer[Tensor, "n h w"], true: Integer[Tensor, "n h w"], parts: int, labels: int
) -> Int64[Tensor, "k1 l1"]:
    """Count pixels by found part (rows 0..parts) and label (columns 0..labels). 0 is background.

    Raises:
        ShapeMismatchError: an id outside of these ranges.
    """
    for name, ids, most in (("found", found, parts), ("true", true, labels)):
        if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) <= most:
            raise ShapeMismatchError(
                f"{name} part ids out of range", found=f"{int(ids.min())}..{int(ids.max())}", expected=f"0..{most}"
            )
    pairs = found.flatten().long() * (labels + 1) + true.flatten().long()
    return torch.bincount(pairs, minlength=(parts + 1) * (labels + 1)).view(parts + 1, labels + 1)


@dataclass(frozen=True, eq=False)
class PartMatching:
    """Found parts and their labels.

    Args:
        label_of: label of each found part 1..K; 0 = none. Parts may share a label.
        counts: of `overlap_counts`.
    """

    label_of: tuple[int, ...]
    counts: Int64[Tensor, "k1 l1"]

    @property
    def iou(self) -> Float[Tensor, "k l"]:
        """Intersection over union of each part and label, pooled over all images; 0 where both are nowhere."""
        return _iou(self.counts)

    @property
    def matched_iou(self) -> float:
        """Mean IoU of each label and its parts together. 0 for a label without a part."""
        labels = self.counts.shape[1] - 1
        joined = self.counts.new_zeros(labels + 1, labels + 1)
        joined.index_add_(0, torch.tensor([0, *self.label_of], device=joined.device), self.counts)
        return float(_iou(joined).diagonal().sum() / labels)

    @property
    def one_part(self) -> float:
        """What `matched_iou` would be if a single part were the whole true foreground and no more."""
        areas = self.counts[:, 1:].sum(0).double()
        return float(areas.max() / areas.sum().clamp_min(1)) / max(1, len(areas)) if len(areas) else 0.0

    def table(self, part_names: Sequence[str], label_names: Sequence[str]) -> list[tuple[str, str, float]]:
        """(part, label, IoU) of each match."""
        return [
            (part_names[k], label_names[label - 1], float(self.iou[k, label - 1]))
            for k, label in enumerate(self.label_of)
            if label
        ]

    def relabelled(self, found: Integer[Tensor, "*n h w"]) -> Integer[Tensor, "*n h w"]:
        """Maps of found parts as maps of labels. Parts without a label become background."""
        table = torch.tensor([0, *self.label_of], dtype=found.dtype, device=found.device)
        relabelled: Tensor = table[found.long()]
        return relabelled


def match_parts(counts: Int64[Tensor, "k1 l1"]) -> PartMatching:
    """The one-to-one matching of parts and labels with the largest sum of IoU, without background.

    Args:
        counts: of `overlap_counts`.
    """
    rows, columns = linear_sum_assignment(_iou(counts).cpu().numpy(), maximize=True)
    label_of = [0] * (counts.shape[0] - 1)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        label_of[row] = column + 1
    return PartMatching(tuple(label_of), counts)


def majority_parts(counts: Int64[Tensor, "k1 l1"]) -> PartMatching:
    """Each part stands for the label that has most of its pixels, so that several may be one label (many to one).

    Background does not count. A part that meets no label stands for none.

    Args:
        counts: of `overlap_counts`.
    """
    most, label = counts[1:, 1:].max(1)
    return PartMatching(tuple((label + 1).where(most > 0, 0).tolist()), counts)


def _iou(counts: Int64[Tensor, "k1 l1"]) -> Float[Tensor, "k l"]:
    shared = counts[1:, 1:].double()
    either = counts[1:].sum(1, keepdim=True) + counts[:, 1:].sum(0, keepdim=True) - shared
    return (shared / either.clamp_min(1)).float()
