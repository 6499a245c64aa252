"""Part modulation in plain loops: slow, obviously right. For tests and contracts only."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.reference.spade import gamma_beta, nearest, normalise


def part_modulation(
    x: Float[Tensor, "b c h w"],
    part: Float[Tensor, "b p ph pw"],
    mask: Float[Tensor, "b 1 mh mw"],
    noise: Float[Tensor, "b n nh nw"],
    weights: Mapping[str, Tensor],
) -> Float[Tensor, "b c h w"]:
    """BN(x) * (1 + gamma) + beta, one gamma and one beta a pixel: the part's where the mask is 1, else the noise's.

    Source: iPOSE sec. 3.2, fig. 3.

    Args:
        x: features.
        part: part features at any size, as are the next two.
        mask: 1 where a part is known, else 0.
        noise: part noise.
        weights: "part.*" and "noise.*", each with the names of `reference.spade.gamma_beta`.
    """
    b, c, h, w = x.shape
    mask = nearest(mask, h, w)
    gamma_part, beta_part = gamma_beta(nearest(part, h, w), _below("part.", weights))
    gamma_noise, beta_noise = gamma_beta(nearest(noise, h, w), _below("noise.", weights))
    normal, result = normalise(x), torch.empty_like(x)
    for item in range(b):
        for row in range(h):
            for col in range(w):
                known = mask[item, 0, row, col] == 1
                gamma, beta = (gamma_part, beta_part) if known else (gamma_noise, beta_noise)
                for channel in range(c):
                    value = normal[item, channel, row, col]
                    result[item, channel, row, col] = value * (1 + gamma[item, 0, row, col]) + beta[item, 0, row, col]
    return result


def _below(prefix: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}
