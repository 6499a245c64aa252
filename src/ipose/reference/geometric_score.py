"""The geometric score, literally: one pixel at a time (iPOSE suppl. eq. 9, by RESAIL's sec. 3.1)."""

from jaxtyping import Float
from torch import Tensor


def geometric_score(a: Float[Tensor, "s s"], b: Float[Tensor, "s s"]) -> float:
    """Sum of (a - b)^2 over the larger of sum(a) and sum(b)."""
    difference = area_a = area_b = 0.0
    for row_a, row_b in zip(a.tolist(), b.tolist(), strict=True):
        for pixel_a, pixel_b in zip(row_a, row_b, strict=True):
            difference += (pixel_a - pixel_b) ** 2
            area_a += pixel_a
            area_b += pixel_b
    return difference / max(area_a, area_b)
