"""Two losses that make part masks compact and large enough (GANSeg sec. 3.4, eqs. 16, 17)."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

EPSILON = 1e-6
"""Added to a mask's mass, so that an empty part has no spread."""


def concentration_loss(
    masks: Float[Tensor, "b k h w"],
    centres: Float[Tensor, "b k 2"],
    grid: Float[Tensor, "h w 2"],
    over_parts: Literal["mean", "sum"] = "mean",
) -> Float[Tensor, ""]:
    """Mean squared distance of each part's mask from the part's centre.

    Source: GANSeg eq. 16: sum_p M_k(p) |x_k - p|^2 / (sum_p M_k(p) + 1e-6), averaged over images.

    Args:
        masks: of the parts, in [0, 1], without the background.
        centres: (row, column).
        grid: (row, column) of the pixels.
        over_parts: "mean" (the release) or "sum" (the paper).
    Returns:
        0 if every mask is a point at its centre.
    """
    squared = (grid - centres[:, :, None, None]).square().sum(-1)
    spread = (masks * squared).sum((2, 3)) / (masks.sum((2, 3)) + EPSILON)
    return (spread.sum(1) if over_parts == "sum" else spread.mean(1)).mean()


def area_loss(masks: Float[Tensor, "b k h w"], least: Float[Tensor, "b k"]) -> Float[Tensor, ""]:
    """Number of pixels that the parts' masks are too small. Source: GANSeg eq. 17: sum_k max(0, A_k - sum_p M_k(p)).

    Args:
        masks: of the parts, in [0, 1].
        least: A_k in pixels: the disk of the part's points (the release), or the sum of its heatmap (the paper).
    Returns:
        the sum over parts, averaged over images; 0 if every mask is large enough.
    """
    return (least - masks.sum((2, 3))).clamp_min(0).sum(1).mean()
