"""The best one-to-one matching of found parts, which have no names, and labelled parts (Hungarian method)."""

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
        label_of: label of each found part 1..K; 0 = none, as there are more parts than labels.
        iou: (K, L), intersection over union of each pair, pooled over all images.
        one_part: what `matched_iou` would be if a single part were the whole true foreground and no more.
    """

    label_of: tuple[int, ...]
    iou: Float[Tensor, "k l"]
    one_part: float = 0.0

    @property
    def matched_iou(self) -> float:
        """Mean IoU of each label and its part. 0 for a label without a part."""
        total = sum(float(self.iou[k, label - 1]) for k, label in enumerate(self.label_of) if label)
        return total / self.iou.shape[1]

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
    shared = counts[1:, 1:].double()
    either = counts[1:].sum(1, keepdim=True) + counts[:, 1:].sum(0, keepdim=True) - shared
    iou = torch.where(either > 0, shared / either.clamp_min(1), torch.zeros_like(shared))
    rows, columns = linear_sum_assignment(iou.cpu().numpy(), maximize=True)
    label_of = [0] * iou.shape[0]
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        label_of[row] = column + 1
    areas = counts[:, 1:].sum(0).double()
    one_part = float(areas.max() / areas.sum().clamp_min(1)) / max(1, len(areas)) if len(areas) else 0.0
    return PartMatching(tuple(label_of), iou.float(), one_part)
