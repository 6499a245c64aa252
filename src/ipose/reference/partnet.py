"""PartNet in plain loops: one object, one part channel, one support at a time; nothing shared, nothing cached."""

import torch
from torch import Tensor

from ipose.layers.cross_attention import CrossAttentionBlock
from ipose.partnet.partnet import PartNet
from ipose.reference.cross_attention import cross_attention
from ipose.types import PART_CHANNELS


def partnet(network: PartNet, shapes: Tensor, supports: Tensor) -> tuple[Tensor, Tensor]:
    """What `network(shapes, supports)` means: logits (n, 9, 64, 64) and features (n, 9*F, 64, 64)."""
    all_logits, all_features = [], []
    for shape, part_maps in zip(shapes, supports, strict=True):
        logits, features = [], []
        for channel in range(PART_CHANNELS):
            keys, values = [], []
            for part_map in part_maps:
                keys.append(network.shape_encoder((part_map > 0).to(shape.dtype)[None, None])[0])
                values.append(mask_tokens(network, part_map == channel, shape.dtype))
            x = network.shape_encoder(shape[None])[0]
            for block in network.blocks:
                assert isinstance(block, CrossAttentionBlock)
                x = cross_attention(block, x, torch.cat(keys), torch.cat(values))
            feature, logit = network.decoder(x[None])
            features.append(feature[0])
            logits.append(logit[0, 0])
        all_logits.append(torch.stack(logits))
        all_features.append(torch.cat(features))
    return torch.stack(all_logits), torch.stack(all_features)


def mask_tokens(network: PartNet, mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Tokens of one mask; of an empty one 0, where the network is so configured."""
    tokens: Tensor = network.mask_encoder(mask.to(dtype)[None, None])[0]
    return tokens * 0 if network.config.empty_masks_have_no_tokens and not mask.any() else tokens
