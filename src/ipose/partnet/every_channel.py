"""PartNet in a form whose sizes depend on no data: a pass for each part channel of each object (iPOSE sec. 3.1).

The fast form of `ipose.partnet.partnet` leaves out channels that no support uses, so what it computes depends on the
supports. An exported program cannot do so. This form gives the same answer.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from ipose.layers.cross_attention import CrossAttentionBlock
from ipose.part_annotations import PART_CHANNELS
from ipose.partnet.partnet import PartNet, PartPrediction, SupportMemory


class EveryChannelPartNet(nn.Module):
    """PartNet, with every part channel computed.

    Args:
        partnet: its weights are shared. Put it in eval mode: with batch norms, training mode would count otherwise.
    """

    def __init__(self, partnet: PartNet) -> None:
        super().__init__()
        self.partnet = partnet

    def forward(
        self, shapes: Float[Tensor, "n 1 s s"], supports: UInt8[Tensor, "m k s s"], category: Int64[Tensor, " n"]
    ) -> tuple[Float[Tensor, "n q s s"], Float[Tensor, "n qf s s"]]:
        """Part logits and features of n objects.

        Args:
            shapes: silhouettes in the 64x64 object frame, 0 or 1.
            supports: k part maps of each of m categories, ids 0..8.
            category: of each object, 0..m-1.
        """
        memory = encode_every_mask(self.partnet, supports)
        logits, features = predict_every_channel(self.partnet, shapes, memory, category)
        return logits, features


def encode_every_mask(partnet: PartNet, supports: UInt8[Tensor, "m k s s"]) -> SupportMemory:
    """`PartNet.encode_supports` with an entry for every channel of every set."""
    m, k, s, _ = supports.shape
    dtype = partnet.decoder.head.weight.dtype
    keys = partnet.shape_encoder((supports > 0).to(dtype).reshape(-1, 1, s, s)).unflatten(0, (m, k))
    masks = F.one_hot(supports.long(), PART_CHANNELS).permute(0, 4, 1, 2, 3).reshape(-1, 1, s, s).to(dtype)
    tokens = partnet.mask_encoder(masks)
    if partnet.config.empty_masks_have_no_tokens:
        tokens = tokens * masks.amax((2, 3))[..., None]
    slot = torch.arange(m * PART_CHANNELS, device=supports.device).view(m, PART_CHANNELS)
    return SupportMemory(keys, tokens.unflatten(0, (m * PART_CHANNELS, k)), slot, torch.ones_like(slot).bool())


def predict_every_channel(
    partnet: PartNet, shapes: Float[Tensor, "n 1 s s"], memory: SupportMemory, index: Int64[Tensor, " n"]
) -> PartPrediction:
    """`PartNet.predict` with every channel computed. `index`: the set of the memory that each object reads."""
    keys = memory.keys[index].flatten(1, 2)
    values = memory.values[memory.slot[index].flatten()].flatten(1, 2)
    x = partnet.shape_encoder(shapes).repeat_interleave(PART_CHANNELS, 0)
    for block in partnet.blocks:
        assert isinstance(block, CrossAttentionBlock)
        weights = block.attention_weights(x, block.project_keys(keys).repeat_interleave(PART_CHANNELS, 0))
        x = block.update(x, weights @ block.project_values(values))
    features, logits = partnet.decoder(x)
    return PartPrediction(*(maps.unflatten(0, (-1, PART_CHANNELS)).flatten(1, 2) for maps in (logits, features)))
