"""Two losses that make part masks compact and large enough (GANSeg sec. 3.4, eqs. 16, 17)."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

EPSILON = 1e-6
"""Added to a mask's mass: an empty part has no spread."""


def concentration_loss(
    masks: Float[Tensor, "b k h w"],
    centres: Float[Tensor, "b k 2"],
    grid: Float[Tensor, "h w 2"],
    over_parts: Literal["mean", "sum"] = "mean",
) -> Float[Tensor, ""]:
    """How far the mass of each part's mask lies from the part's centre: its mean squared distance.

    Source: GANSeg eq. 16: sum_p M_k(p) |x_k - p|^2 / (sum_p M_k(p) + 1e-6), over images averaged.

    Args:
        masks: of the parts, in [0, 1]; the background is none.
        centres: (row, column).
        grid: (row, column) of the pixels.
        over_parts: "mean" (the release) or "sum" (the paper).
    Returns:
        0 where every mask is a point at its centre.
    """
    squared = (grid - centres[:, :, None, None]).square().sum(-1)
    spread = (masks * squared).sum((2, 3)) / (masks.sum((2, 3)) + EPSILON)
    return (spread.sum(1) if over_parts == "sum" else spread.mean(1)).mean()


def area_loss(masks: Float[Tensor, "b k h w"], least: Float[Tensor, "b k"]) -> Float[Tensor, ""]:
    """By how many pixels the parts' masks are too small. Source: GANSeg eq. 17: sum_k max(0, A_k - sum_p M_k(p)).

    Args:
        masks: of the parts, in [0, 1].
        least: A_k in pixels: the disk of the part's points (the release), or its heatmap's sum (the paper).
    Returns:
        Summed over parts, averaged over images; 0 where every mask is large enough.
    """
    return (least - masks.sum((2, 3))).clamp_min(0).sum(1).mean()
