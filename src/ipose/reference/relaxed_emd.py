"""Relaxed earth mover's distance, token by token (iPOSE eqs. 5-6)."""

import torch
from torch import Tensor


def _cost(u: Tensor, v: Tensor) -> Tensor:
    return 1 - (u * v).sum() / ((u * u).sum().sqrt() * (v * v).sum().sqrt())


def _one_way(a: Tensor, b: Tensor) -> Tensor:
    nearest = [torch.stack([_cost(u, v) for v in b]).min() for u in a]
    return torch.stack(nearest).sum() / len(nearest)


def relaxed_emd(a: Tensor, b: Tensor) -> Tensor:
    """Per image the larger of the two one-way distances (each token to its nearest); mean over the images."""
    images = [torch.maximum(_one_way(x, y), _one_way(y, x)) for x, y in zip(a, b, strict=True)]
    return torch.stack(images).sum() / len(images)
