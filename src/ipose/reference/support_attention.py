"""Attention weights in plain loops: one query token, one support token at a time."""

import math

import torch
from torch import Tensor

from ipose.layers.cross_attention import CrossAttentionBlock
from ipose.partnet.partnet import PartNet
from ipose.reference.cross_attention import cross_attention
from ipose.reference.partnet import mask_tokens


def support_attention(network: PartNet, shape: Tensor, supports: Tensor, channel: int) -> Tensor:
    """How much each query token reads from each support token, of one object and one part channel.

    Args:
        network: float64.
        shape: (1, 64, 64).
        supports: (k, 64, 64), ids 0..8.
        channel: 0..8.
    Returns:
        (blocks, 64, k*64): rows sum to 1.
    """
    keys = torch.cat([network.shape_encoder((part_map > 0).to(shape.dtype)[None, None])[0] for part_map in supports])
    values = torch.cat([mask_tokens(network, part_map == channel, shape.dtype) for part_map in supports])
    x = network.shape_encoder(shape[None])[0]
    weights = []
    for block in network.blocks:
        assert isinstance(block, CrossAttentionBlock)
        rows = []
        for token in x:
            query = block.query(block.query_conv(token))
            scores = [query @ block.key(block.key_conv(key)) / math.sqrt(len(token)) for key in keys]
            total = sum(torch.exp(score) for score in scores)
            rows.append(torch.stack([torch.exp(score) / total for score in scores]))
        weights.append(torch.stack(rows))
        x = cross_attention(block, x, keys, values)
    return torch.stack(weights)
