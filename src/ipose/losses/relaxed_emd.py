"""Relaxed earth mover's distance (REMD) between two sets of token vectors: the style loss of iPOSE sec. 3.3. Lower is
more alike."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ipose.errors import ShapeMismatchError
from ipose.losses.precision import full_precision


def relaxed_emd(a: Float[Tensor, "b n d"], b: Float[Tensor, "b m d"]) -> Float[Tensor, ""]:
    """Distance between the tokens of two images, for any order, number or length of tokens.

    Source: iPOSE eqs. 5-6: cost = 1 - cosine between token i of a and token j of b; for each image max(mean over i of
    min over j, mean over j of min over i); then the mean over the batch.

    Args:
        a: n tokens of each image.
        b: m tokens of each image.
    Returns:
        in [0, 2], at least float32. 0 if each token has a token of the same direction on the other side. Symmetric.
    Raises:
        ShapeMismatchError: no image, or an image without tokens.
    Example:
        >>> relaxed_emd(torch.eye(2)[None], torch.eye(2)[None, :1])
        tensor(0.5000)
    """
    if 0 in (a.shape[0], a.shape[1], b.shape[1]):
        message = "the earth mover's distance needs tokens on both sides"
        found = f"{tuple(a.shape)} and {tuple(b.shape)}"
        mend = "Leave out the style term for a batch without crops."
        raise ShapeMismatchError(message, found=found, expected="at least one image and one token a side", mend=mend)
    with full_precision(a, b) as (a, b):
        cost = 1 - F.normalize(a, dim=-1) @ F.normalize(b, dim=-1).transpose(-1, -2)  # [b, n, m]
        to_b = cost.amin(dim=2).mean(dim=1)
        to_a = cost.amin(dim=1).mean(dim=1)
        return torch.maximum(to_a, to_b).mean()
