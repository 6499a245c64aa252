"""Where PartNet looks, literally: the attention weights of one object and one part channel (iPOSE eq. 1)."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ipose.reference.cross_attention import attention_weights, cross_attention
from ipose.reference.operations import Layers, State
from ipose.reference.partnet import encode_mask, encode_shape


def support_attention(
    state: State,
    shape: Float[Tensor, "1 s s"],
    supports: UInt8[Tensor, "k s s"],
    channel: int,
    *,
    attention_blocks: int = 3,
) -> Float[Tensor, "blocks t u"]:
    """How much each of the 64 query tokens reads from each of the k*64 support tokens; rows sum to 1.

    Args:
        state: of a PartNet with instance norm and all scales.
        shape: a silhouette in the 64x64 object frame.
        supports: ids 0..8.
        channel: 0..8.
        attention_blocks: how many the network has.
    """
    net, weights = Layers(state), []
    x = encode_shape(net, shape[0], True, "instance")
    keys = torch.cat([encode_shape(net, (part_map > 0).to(x.dtype), True, "instance") for part_map in supports])
    masks = (supports == channel).to(x.dtype)
    values = torch.cat([encode_mask(net, mask, True, "instance", True) for mask in masks])
    for i in range(attention_blocks):
        block = net.below(f"blocks.{i}")
        weights.append(attention_weights(block, x, keys))
        x = cross_attention(block, x, keys, values)
    return torch.stack(weights)
