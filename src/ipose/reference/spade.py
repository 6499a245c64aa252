"""SPADE in plain loops: slow, obviously right. For tests and contracts only."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

EPS = 1e-5


def nearest(maps: Float[Tensor, "b m mh mw"], h: int, w: int) -> Float[Tensor, "b m h w"]:
    """Pixel (row, col) of the result is pixel (floor(row * mh / h), floor(col * mw / w)) of the map."""
    b, m, mh, mw = maps.shape
    result = maps.new_empty(b, m, h, w)
    for row in range(h):
        for col in range(w):
            result[:, :, row, col] = maps[:, :, row * mh // h, col * mw // w]
    return result


def conv3x3(x: Float[Tensor, "b i h w"], weight: Float[Tensor, "o i 3 3"], bias: Float[Tensor, " o"]) -> Tensor:
    """Each output is the bias plus the products of the 3x3 window around it; outside of the map is 0."""
    b, i, h, w = x.shape
    padded = x.new_zeros(b, i, h + 2, w + 2)
    padded[:, :, 1:-1, 1:-1] = x
    result = x.new_empty(b, weight.shape[0], h, w)
    for item in range(b):
        for out in range(weight.shape[0]):
            for row in range(h):
                for col in range(w):
                    window = padded[item, :, row : row + 3, col : col + 3]
                    result[item, out, row, col] = bias[out] + (weight[out] * window).sum()
    return result


def normalise(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """Each channel to mean 0 and variance 1 over the batch and its pixels (batch norm in training, no weights)."""
    result = torch.empty_like(x)
    for channel in range(x.shape[1]):
        values = x[:, channel]
        mean = values.sum() / values.numel()
        variance = (values - mean).square().sum() / values.numel()
        result[:, channel] = (values - mean) / (variance + EPS).sqrt()
    return result


def gamma_beta(maps: Float[Tensor, "b m h w"], weights: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """gamma, beta = Conv3x3 each of ReLU(Conv3x3(map)).

    Args:
        maps: the map that modulates.
        weights: "shared.weight", "shared.bias", and the same of "gamma" and "beta".
    """
    hidden = conv3x3(maps, weights["shared.weight"], weights["shared.bias"])
    hidden = torch.where(hidden > 0, hidden, torch.zeros_like(hidden))
    gamma = conv3x3(hidden, weights["gamma.weight"], weights["gamma.bias"])
    beta = conv3x3(hidden, weights["beta.weight"], weights["beta.bias"])
    return gamma, beta


def spade(
    x: Float[Tensor, "b c h w"], semantic_map: Float[Tensor, "b m mh mw"], weights: Mapping[str, Tensor]
) -> Float[Tensor, "b c h w"]:
    """BN(x) * (1 + gamma(map)) + beta(map), BN by batch statistics. Source: SPADE (CVPR 2019) eq. 1.

    Args:
        x: features.
        semantic_map: at any size.
        weights: those of `gamma_beta`.
    """
    gamma, beta = gamma_beta(nearest(semantic_map, x.shape[2], x.shape[3]), weights)
    return normalise(x) * (1 + gamma) + beta
