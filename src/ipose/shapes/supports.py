"""The choice of supports: k training objects whose shapes represent a category (iPOSE suppl. A.2)."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from ipose.errors import ConfigError, EmptyShapeError, TooFewObjectsError
from ipose.shapes.geometric_score import geometric_score_matrix

CHUNK = 2048
"""Number of shapes that are converted to float at once: 32 MB of 64x64 shapes."""


def choose_supports(
    shapes: Bool[Tensor, "n s s"] | Float[Tensor, "n s s"],
    k: int,
    *,
    generator: torch.Generator,
    restarts: int = 4,
    max_iterations: int = 50,
    category: str | None = None,
) -> Int64[Tensor, " k"]:
    """Choose the k supports of a category: k-means with the geometric score.

    Source: iPOSE suppl. A.2. A centre is the mean shape of its cluster, in [0, 1]. The support of a cluster is the
    member nearest to its centre. The paper does not say how to start. Here the first centres are drawn as in k-means++,
    far from one another. Of several starts, the one with the smallest total score is used.

    Args:
        shapes: training objects of the category in the object frame, coverage in [0, 1] or silhouettes.
        k: number of supports, 3 in the paper.
        generator: source of random numbers. The same state and shapes give the same supports.
        restarts: number of starts.
        max_iterations: of a start. It ends earlier if no object changes its cluster.
        category: its name, for messages.
    Returns:
        positions in `shapes`, all different.
    Raises:
        TooFewObjectsError: fewer than k shapes.
        EmptyShapeError: a shape without a pixel.
        ConfigError: k < 1.
    """
    _check(shapes, k, category)
    first = _draw_seeds(shapes, k, restarts, generator)
    cluster, scores = k_means(shapes, first, max_iterations)
    own = scores.gather(2, cluster[..., None]).sum((1, 2))
    best = int(own.argmin())
    return _nearest_members(cluster[best], scores[best])


def k_means(
    shapes: Bool[Tensor, "n s s"] | Float[Tensor, "n s s"], first: Int64[Tensor, "r k"], max_iterations: int = 50
) -> tuple[Int64[Tensor, "r n"], Float[Tensor, "r n k"]]:
    """Lloyd's iteration with the geometric score, for r starts at once, so that the shapes are read once for all.

    Args:
        shapes: n objects, none of them empty.
        first: the objects that are the first centres of each start.
        max_iterations: most rounds of (assign, average).
    Returns:
        the cluster of each object, and its score to every centre. A cluster without members keeps its centre.
    """
    restarts, k = first.shape
    centres = _as_float(shapes[first.flatten()])
    cluster = None
    for _ in range(max_iterations):
        scores = _scores(shapes, centres).unflatten(1, (restarts, k)).movedim(0, 1)
        assigned = scores.argmin(dim=2)
        if cluster is not None and torch.equal(assigned, cluster):
            break
        cluster = assigned
        centres = _mean_shapes(shapes, F.one_hot(cluster, k).movedim(0, 1).flatten(1), centres)
    else:
        scores = _scores(shapes, centres).unflatten(1, (restarts, k)).movedim(0, 1)
        assigned = scores.argmin(dim=2)
    return assigned, scores


def _check(shapes: Tensor, k: int, category: str | None) -> None:
    of = f" of {category!r}" if category else ""
    if k < 1:
        raise ConfigError("number of supports", field="k", found=k, expected="at least 1")
    if len(shapes) < k:
        raise TooFewObjectsError(
            f"too few objects{of} to choose {k} supports from",
            found=len(shapes),
            expected=f"at least {k}",
            mend="Give more objects (of PartWorld: more --scenes, or fewer --categories), ask for fewer supports, or "
            "draw them by hand.",
        )
    empty = (~(shapes != 0).flatten(1).any(dim=1)).nonzero().flatten()
    if len(empty):
        raise EmptyShapeError(f"object {int(empty[0])}{of} has no pixel", mend="Drop empty crops first.")


def _as_float(shapes: Tensor) -> Tensor:
    return shapes if shapes.is_floating_point() else shapes.float()


def _scores(shapes: Tensor, centres: Tensor) -> Float[Tensor, "n m"]:
    return torch.cat([geometric_score_matrix(_as_float(chunk), centres) for chunk in shapes.split(CHUNK)])


def _mean_shapes(shapes: Tensor, member: Int64[Tensor, "n m"], old: Float[Tensor, "m s s"]) -> Float[Tensor, "m s s"]:
    total = torch.zeros_like(old).flatten(1)
    for chunk, part in zip(shapes.split(CHUNK), member.split(CHUNK), strict=True):
        total += part.T.to(old.dtype) @ _as_float(chunk).flatten(1)
    count = member.sum(0)[:, None, None]
    return torch.where(count > 0, total.view_as(old) / count.clamp(min=1), old)


def _draw_seeds(shapes: Tensor, k: int, restarts: int, generator: torch.Generator) -> Int64[Tensor, "r k"]:
    """k different objects for each start. The probability of each is proportional to its score to the nearest one
    before."""
    n, device = len(shapes), generator.device
    seeds = torch.randint(n, (restarts, 1), generator=generator, device=device)
    nearest = torch.full((restarts, n), torch.inf, device=device, dtype=torch.float64)
    for _ in range(k - 1):
        newest = _as_float(shapes[seeds[:, -1].to(shapes.device)])
        nearest = torch.minimum(nearest, _scores(shapes, newest).T.to(nearest))
        nearest.scatter_(1, seeds, 0.0)
        # where every object left equals a seed, any of them will do
        equal = nearest.sum(1, keepdim=True) == 0
        weight = torch.where(equal, torch.ones_like(nearest).scatter(1, seeds, 0.0), nearest)
        seeds = torch.cat([seeds, torch.multinomial(weight, 1, generator=generator)], dim=1)
    return seeds.to(shapes.device)


def _nearest_members(cluster: Int64[Tensor, " n"], scores: Float[Tensor, "n k"]) -> Int64[Tensor, " k"]:
    """The member nearest to each centre. A cluster without members gets the nearest object that is still free."""
    taken = torch.zeros_like(cluster, dtype=torch.bool)
    chosen: list[Tensor] = []
    for i in range(scores.shape[1]):
        rank = scores[:, i] + 4 * (cluster != i)  # a score is at most 2: strangers come after all members
        chosen.append(rank.masked_fill(taken, torch.inf).argmin())
        taken[chosen[-1]] = True
    return torch.stack(chosen)
