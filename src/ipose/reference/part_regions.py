"""Concentration and area of GANSeg in plain loops (eqs. 16, 17)."""

from torch import Tensor


def concentration_loss(masks: Tensor, centres: Tensor, grid: Tensor, over_parts: str = "mean") -> float:
    """sum_p M_k(p) |x_k - p|^2 / (sum_p M_k(p) + 1e-6), averaged over images."""
    total, (b, k, h, w) = 0.0, masks.shape
    for i in range(b):
        for part in range(k):
            moment = mass = 0.0
            for r in range(h):
                for c in range(w):
                    down, right = (grid[r, c] - centres[i, part]).tolist()
                    moment += float(masks[i, part, r, c]) * (down**2 + right**2)
                    mass += float(masks[i, part, r, c])
            total += moment / (mass + 1e-6)
    return total / b / (k if over_parts == "mean" else 1)


def area_loss(masks: Tensor, least: Tensor) -> float:
    """sum_k max(0, A_k - sum_p M_k(p)), averaged over images."""
    total = 0.0
    for image, wanted in zip(masks, least, strict=True):
        for mask, area in zip(image, wanted.tolist(), strict=True):
            total += max(0.0, area - sum(mask.flatten().tolist()))
    return total / len(masks)
