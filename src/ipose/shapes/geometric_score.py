"""The geometric score: the difference of two object shapes (iPOSE suppl. eq. 9, after RESAIL's description)."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ipose.errors import EmptyShapeError


def geometric_score(a: Shaped[Tensor, "*batch s s"], b: Shaped[Tensor, "*batch s s"]) -> Float[Tensor, "*batch"]:
    """The difference of two object shapes: squared difference over the larger area.

    Source: RESAIL sec. 3.1, which iPOSE's suppl. eq. 9 goes back to:  d(a, b) = sum((a - b)^2) / max(sum(a), sum(b)).
    The formula is from RESAIL's description; iPOSE's text and the authors' release, as we have them, do not hold it.

    Args:
        a: coverage in [0, 1] of each pixel of the square object frame (0/1, of any dtype, for a silhouette).
        b: the shape to compare with, in the same frame.
    Returns:
        in [0, 2]: 0 for equal shapes, 2 for disjoint silhouettes of equal area. Symmetric; in general not a metric.
    Raises:
        EmptyShapeError: neither shape of a pair has a pixel.
    Example:
        >>> geometric_score(torch.eye(2), torch.ones(2, 2))
        tensor(0.5000)
    """
    a, b = _coverage(a), _coverage(b)
    area = torch.maximum(a.sum((-2, -1)), b.sum((-2, -1)))
    if bool((area == 0).any()):
        raise _empty()
    return (a - b).square().sum((-2, -1)) / area


def geometric_score_matrix(a: Shaped[Tensor, "n s s"], b: Shaped[Tensor, "m s s"]) -> Float[Tensor, "n m"]:
    """`geometric_score` of all pairs, by one matrix product: sum((a - b)^2) = |a|^2 + |b|^2 - 2 a.b.

    Silhouettes have whole counts, which are exact in float32. Fractional coverage loses a few units in the last place
    of |a|^2. A score below 0 becomes 0.

    Args:
        a: n shapes, coverage in [0, 1]; silhouettes of any dtype.
        b: m shapes in the same frame.
    Raises:
        EmptyShapeError: a shape of `a` and a shape of `b` both have no pixel.
    Example:
        >>> geometric_score_matrix(torch.eye(2)[None], torch.stack([torch.eye(2), torch.ones(2, 2)]))
        tensor([[0.0000, 0.5000]])
    """
    a, b = _coverage(a).flatten(1), _coverage(b).flatten(1)
    area = torch.maximum(a.sum(1)[:, None], b.sum(1)[None, :])
    if bool((area == 0).any()):
        raise _empty()
    difference = a.square().sum(1)[:, None] + b.square().sum(1)[None, :] - 2 * (a @ b.T)
    return difference.clamp(min=0) / area


def _coverage(shapes: Tensor) -> Tensor:
    """The shapes as floats, because unsigned numbers would wrap below 0."""
    return shapes if shapes.is_floating_point() else shapes.float()


def _empty() -> EmptyShapeError:
    return EmptyShapeError(
        "two shapes to compare are both empty",
        expected="an object pixel in one of them",
        mend="Drop empty crops first.",
    )
