"""Instance norm without affine that also works for maps of one pixel and for constant maps in low precision."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class InstanceNorm(nn.InstanceNorm2d):
    """(x - mean) / sqrt(var + eps) over each image's pixels, at least in float32. The result has the input's dtype.

    A mask without a pixel makes constant maps. Dividing by sqrt(eps) multiplies their rounding errors by 316. Under
    bfloat16 autocast, a network could learn from these errors, and float32 would not have them. One pixel gives 0, by
    the formula; torch raises an error.
    """

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The normalised maps."""
        if x.shape[-2] * x.shape[-1] == 1:
            return x - x
        with torch.autocast(x.device.type, enabled=False):
            normalised: Tensor = super().forward(wide(x))
            return normalised.to(x.dtype)


def wide(x: Tensor) -> Tensor:
    """float32 in place of bfloat16 or float16; other tensors as they are."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
