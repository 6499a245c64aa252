"""Images of one scene from two noises should differ: a term of ours, for trainings too short to find that out."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ipose.losses.precision import full_precision


def diversity_loss(
    first: Float[Tensor, "b channels h w"],
    second: Float[Tensor, "b channels h w"],
    label: Int[Tensor, "b h w"],
    num_classes: int,
    target: float,
) -> Float[Tensor, ""]:
    """Mean over the classes of each image of max(0, target - difference of the class's mean colours).

    Source: none in iPOSE. The bounded difference is that of DSGAN (Yang et al., ICLR 2019, eq. 2, with equal distances
    of noise). It is taken for each class, so that a large background cannot stand in for a small object, and of mean
    colours, so that a texture that flips its sign cannot stand in for another paint.

    Args:
        first: images, [-1, 1].
        second: of the same scenes, from other noise.
        label: class ids 0..num_classes-1.
        num_classes: C.
        target: difference from which on nothing is gained; 2 = black against white.
    Returns:
        in [0, target].
    """
    with full_precision(first, second) as (first, second):
        difference = (first - second).flatten(2)
        classes = label.flatten(1).long()
        empty = difference.new_zeros(*difference.shape[:2], num_classes)
        each = classes[:, None].expand_as(difference)
        pixels = empty.scatter_add(2, each, torch.ones_like(difference))
        means = (empty.scatter_add(2, each, difference) / pixels.clamp(min=1)).abs().mean(dim=1)
        return (target - means[pixels[:, 0] > 0]).clamp(min=0).mean()
