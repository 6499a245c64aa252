"""Cross-attention in plain loops: the equation, one query token at a time."""

import math

import torch
from torch import Tensor

from ipose.layers.cross_attention import CrossAttentionBlock


def cross_attention(block: CrossAttentionBlock, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """What `block(x, keys, values)` means, for one object: x (t, d), keys and values (u, d) -> (t, d)."""
    rows = []
    for token in x:
        query = block.query(block.query_conv(token))
        scores = [query @ block.key(block.key_conv(key)) / math.sqrt(len(token)) for key in keys]
        total = sum(torch.exp(score) for score in scores)
        read = torch.zeros_like(token)
        for score, value in zip(scores, values, strict=True):
            read = read + torch.exp(score) / total * block.value(block.value_conv(value))
        token = token + block.norm_attention(block.out(read))
        hidden = block.mlp_in(block.norm_mlp(token))
        rows.append(token + block.mlp_out(hidden * torch.sigmoid(1.702 * hidden)))
    return torch.stack(rows)
