"""Instance norm without affine, safe at its two edges: maps of one pixel, and constant maps in low precision."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class InstanceNorm(nn.InstanceNorm2d):
    """(x - mean) / sqrt(var + eps) over each image's pixels, in float32 at least; the answer has the input's dtype.

    A mask without a pixel makes constant maps, and dividing by sqrt(eps) enlarges whatever rounding leaves of them 316
    times: under bfloat16 autocast that noise would be a signal to learn from, and be gone in float32. One pixel gives
    0, by the formula; torch refuses it.
    """

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The normalised maps."""
        if x.shape[-2] * x.shape[-1] == 1:
            return x - x
        with torch.autocast(x.device.type, enabled=False):
            wide = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
            normalised: Tensor = super().forward(wide)
            return normalised.to(x.dtype)
