"""Gradient penalties on real images: they limit the change of D's score with the pixels."""

import torch
from jaxtyping import Float
from torch import Tensor


def score_gradient(
    scores: Float[Tensor, " b"], images: Float[Tensor, "b c h w"], *, create_graph: bool = True
) -> Float[Tensor, "b c h w"]:
    """The gradient of each image's score with respect to its pixels. It can be differentiated again.

    Args:
        scores: of D for `images`, which require gradients. The score of an image must not depend on other images.
        images: real images.
        create_graph: False = the gradient cannot be differentiated.
    """
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=create_graph)
    return gradient


def one_centred_penalty(gradient: Float[Tensor, "b c h w"]) -> Float[Tensor, ""]:
    """mean (norm - 1)^2 over the images, norm = L2 over all pixels. Source: GANSeg's release, which multiplies it by
    10."""
    norms = gradient.flatten(1).square().sum(1).clamp_min(1e-30).sqrt()  # the root's own gradient is infinite at 0
    return (norms - 1).square().mean()


def r1_penalty(gradient: Float[Tensor, "b c h w"]) -> Float[Tensor, ""]:
    """mean norm^2 / 2 over the images: R1 (Mescheder et al., ICML 2018, eq. 9). GANSeg's eq. 15 has no 1/2."""
    return gradient.flatten(1).square().sum(1).mean() / 2
