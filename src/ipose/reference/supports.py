"""K-means under the geometric score, literally: one object and one centre at a time (iPOSE suppl. A.2)."""

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.reference.geometric_score import geometric_score


def nearest_centre(shape: Float[Tensor, "s s"], centres: list[Tensor]) -> int:
    """Position of the centre with the least score."""
    scores = [geometric_score(shape, centre) for centre in centres]
    return scores.index(min(scores))


def k_means(shapes: Float[Tensor, "n s s"], first: list[int], rounds: int = 50) -> tuple[list[int], list[Tensor]]:
    """The cluster of each object and the mean shapes, from the centres that the objects `first` give."""
    centres = [shapes[i] for i in first]
    cluster: list[int] = []
    for _ in range(rounds):
        assigned = [nearest_centre(shape, centres) for shape in shapes]
        if assigned == cluster:
            break
        cluster = assigned
        for j in range(len(centres)):
            members = [shapes[i] for i in range(len(shapes)) if cluster[i] == j]
            if members:
                centres[j] = torch.stack(members).mean(0)
    return cluster, centres


def nearest_members(shapes: Float[Tensor, "n s s"], cluster: list[int], centres: list[Tensor]) -> list[int]:
    """The member of each cluster that is nearest to its centre; no cluster may be empty."""
    supports = []
    for j, centre in enumerate(centres):
        members = [i for i in range(len(shapes)) if cluster[i] == j]
        scores = [geometric_score(shapes[i], centre) for i in members]
        supports.append(members[scores.index(min(scores))])
    return supports
