"""Losses of a segmenter on pairs: half cross-entropy, half Dice (GANSeg app. B)."""

import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from ipose.losses.precision import full_precision

EPSILON = 1e-8


def dice_loss(logits: Float[Tensor, "b c h w"], target: Int64[Tensor, "b h w"]) -> Float[Tensor, ""]:
    """1 - (2 sum p t + 1e-8) / (sum p + sum t + 1e-8), with p the softmax and t the one-hot target.

    It is the mean over images and classes, including the background.

    Args:
        logits: of c classes.
        target: ids 0..c-1.
    """
    with full_precision(logits) as (logits,):
        p = logits.softmax(1)
        t = F.one_hot(target, logits.shape[1]).permute(0, 3, 1, 2).to(p)
        shared, both = (p * t).sum((2, 3)), p.sum((2, 3)) + t.sum((2, 3))
        return (1 - (2 * shared + EPSILON) / (both + EPSILON)).mean()


def cross_entropy_and_dice(logits: Float[Tensor, "b c h w"], target: Int64[Tensor, "b h w"]) -> dict[str, Tensor]:
    """The two terms of GANSeg's segmenter, each with weight one half."""
    with full_precision(logits) as (logits,):
        return {"cross_entropy": 0.5 * F.cross_entropy(logits, target), "dice": 0.5 * dice_loss(logits, target)}
