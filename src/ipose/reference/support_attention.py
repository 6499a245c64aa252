"""Where PartNet looks, literally: the attention weights of one object and one part channel (iPOSE eq. 1)."""

import torch
from torch import Tensor

from ipose.reference.cross_attention import attention_weights, cross_attention
from ipose.reference.operations import Layers, State
from ipose.reference.partnet import encode_shape, encode_supports


def support_attention(
    state: State, shape: Tensor, supports: Tensor, channel: int, *, attention_blocks: int = 3
) -> Tensor:
    """How much each query token reads from each support token.

    Args:
        state: of a PartNet with instance norm and all scales.
        shape: (1, 64, 64).
        supports: (k, 64, 64), ids 0..8.
        channel: 0..8.
        attention_blocks: how many the network has.
    Returns:
        (blocks, 64, k*64): rows sum to 1.
    """
    net, weights = Layers(state), []
    x = encode_shape(net, shape[0], True, "instance")
    keys, values = encode_supports(net, supports, channel, True, "instance", True)
    for i in range(attention_blocks):
        block = net.below(f"blocks.{i}")
        weights.append(attention_weights(block, x, keys))
        x = cross_attention(block, x, keys, values)
    return torch.stack(weights)
