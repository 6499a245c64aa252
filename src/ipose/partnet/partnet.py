"""PartNet: an object's part map from its shape and k annotated supports of its category (iPOSE sec. 3.1).

One part channel at a time: the channels are a batch, so the network cannot know what a part is called. Three exact
consequences make it fast: the query is encoded once, not once a channel; all that depends on the supports alone
(`SupportMemory`) is computed once a category; and channels that no support uses share one computation, since their
inputs are equal. `ipose.reference.partnet` is the literal version.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor, nn

from ipose.errors import ShapeMismatchError
from ipose.layers.cpu_forms import in_fast_memory, one_channel
from ipose.layers.cross_attention import CrossAttentionBlock
from ipose.layers.init import init_weights
from ipose.part_annotations import CROP_SIZE, PART_CHANNELS
from ipose.partnet.encoders import MaskEncoder, ShapeEncoder, norm_layer
from ipose.partnet.presets import Normalization, PartNetConfig


class PartPrediction(NamedTuple):
    """PartNet's answer for n objects.

    Args:
        logits: (n, 9, s, s), one logit map for each part channel.
        features: (n, 9*F, s, s), the decoder's last features, F consecutive channels for each part channel.
    """

    logits: Float[Tensor, "n q s s"]
    features: Float[Tensor, "n qf s s"]

    def part_maps(self, shapes: Tensor | None = None) -> UInt8[Tensor, "n s s"]:
        """Part ids from the logits.

        Args:
            shapes: (n, 1, s, s) silhouettes. Each object pixel gets its most likely part 1..8, and every other pixel 0.
                None = every pixel gets its most likely channel, 0 = no part; the paper's AC measures this.
        """
        if shapes is None:
            return self.logits.argmax(1).to(torch.uint8)
        return (self.logits[:, 1:].argmax(1) + 1).to(torch.uint8) * (shapes[:, 0] > 0.5).to(torch.uint8)


@dataclass(frozen=True, eq=False)
class SupportMemory:
    """Everything that the attention reads of m support sets. Equal masks are stored once.

    Args:
        keys: (m, k, t, d) tokens of the support shapes.
        values: (v, k, t, d) tokens of the support masks of one part channel.
        slot: (m, q), the entry of `values` for each channel of each set.
        active: (m, q), whether a support of the set has a pixel of that channel. All other channels share one slot.
    """

    keys: Float[Tensor, "m k t d"]
    values: Float[Tensor, "v k t d"]
    slot: Int64[Tensor, "m q"]
    active: Bool[Tensor, "m q"]

    def replace_one(
        self, index: Int64[Tensor, " n"], own: "SupportMemory", which: Int64[Tensor, " n"]
    ) -> "SupportMemory":
        """The memory of n objects. For each object, support number `which` is replaced by its only support in `own`
        (eq. 11)."""
        replaced = F.one_hot(which, self.keys.shape[1]).bool()[:, :, None, None]
        active = self.active[index] | own.active
        rows, channel, slot = distinct_pairs(active)
        kept = self.values[self.slot[index][rows, channel]]
        values = torch.where(replaced[rows], own.values[own.slot[rows, channel]], kept)
        return SupportMemory(torch.where(replaced, own.keys, self.keys[index]), values, slot, active)


class PartDecoder(nn.Module):
    """The decoder: tokens to features and one logit map in the object frame, by three doublings (iPOSE suppl. B.1)."""

    def __init__(
        self, width: int, channels: tuple[int, int, int, int], normalization: Normalization = "instance"
    ) -> None:
        super().__init__()
        widths = (width, *channels[2::-1])
        self.doublings = nn.Sequential(
            *(
                nn.Sequential(nn.ConvTranspose2d(a, b, 4, 2, 1), norm_layer(normalization, b), nn.ReLU(inplace=True))
                for a, b in pairwise(widths)
            )
        )
        self.head = nn.Conv2d(widths[-1], 1, 5, padding=2)

    def forward(self, tokens: Float[Tensor, "p t d"]) -> tuple[Float[Tensor, "p f s s"], Float[Tensor, "p 1 s s"]]:
        """Features and logit map of each (object, channel) pair."""
        side = round(tokens.shape[1] ** 0.5)
        features = tokens.transpose(1, 2).unflatten(2, (side, side))
        for double in self.doublings:
            features = double(in_fast_memory(features))
        return features, one_channel(self.head, features)


class PartNet(nn.Module):
    """Part maps from shapes, by cross-attention to annotated supports. Source: iPOSE sec. 3.1, fig. 2, suppl. B.

    Exact properties, each with a test: permuted support masks give an answer that is permuted in the same way. The
    order of the supports has no effect. The same weights work with any number of supports. In training, optional batch
    norms count a shared computation once.
    """

    def __init__(self, config: PartNetConfig) -> None:
        super().__init__()
        self.config = config
        encoder = (config.encoder_channels, config.multi_scale, config.normalization)
        self.shape_encoder = ShapeEncoder(*encoder)
        self.mask_encoder = MaskEncoder(*encoder)
        self.blocks = nn.ModuleList(CrossAttentionBlock(config.token_width) for _ in range(config.attention_blocks))
        self.decoder = PartDecoder(config.token_width, config.encoder_channels, config.normalization)
        if config.weight_init == "release":
            init_weights(self)
            for block in self.blocks:
                cast(CrossAttentionBlock, block).reset_projections()

    def encode_supports(self, supports: UInt8[Tensor, "m k s s"]) -> SupportMemory:
        """Compute everything that depends only on the supports. The memory of a category can be reused.

        Args:
            supports: part maps, ids 0..8. The shape of a support is where its map is > 0. The mask of channel c is
                where it is c.
        """
        _check_supports(supports)
        m, k, s, _ = supports.shape
        dtype = self.decoder.head.weight.dtype
        keys = self.shape_encoder((supports > 0).to(dtype).reshape(m * k, 1, s, s)).unflatten(0, (m, k))
        channels = F.one_hot(supports.long(), PART_CHANNELS).permute(0, 4, 1, 2, 3)
        active = channels.flatten(2).any(-1)
        masks = torch.cat([channels.new_zeros(1, k, s, s), channels[active]]).flatten(0, 1)
        tokens = self._encode_masks(masks[:, None].to(dtype), masks.flatten(1).any(1)).unflatten(0, (-1, k))
        slot = torch.where(active, active.flatten().cumsum(0).view_as(active), 0)
        return SupportMemory(keys, tokens, slot, active)

    def _encode_masks(self, masks: Float[Tensor, "m 1 s s"], has_pixels: Bool[Tensor, " m"]) -> Float[Tensor, "m t d"]:
        """Tokens of masks. An empty mask has tokens of 0 by the formulas: each convolution gives a constant map, each
        norm 0.

        In float32 a rounding error remains, and every norm multiplies it by 316 (1 / sqrt(eps)). After four layers it
        is noise of size 1, and bfloat16 gives other noise. The release computes this noise; `zero_empty_masks` sets 0.
        """
        if not self.config.empty_masks_have_no_tokens:
            computed: Tensor = self.mask_encoder(masks)
            return computed
        drawn = has_pixels.nonzero().squeeze(1)
        tokens: Tensor = self.mask_encoder(masks[drawn])
        return tokens.new_zeros(len(masks), *tokens.shape[1:]).index_copy(0, drawn, tokens)

    def predict(
        self, query: Float[Tensor, "n t d"], memory: SupportMemory, index: Int64[Tensor, " n"]
    ) -> PartPrediction:
        """Part logits and features of n encoded shapes. `index`: the set of the memory that each one reads."""
        rows, channel, slot = distinct_pairs(memory.active[index])
        keys, values = memory.keys.flatten(1, 2), memory.values.flatten(1, 2)
        keys_at, values_at = index[rows], memory.slot[index][rows, channel]
        x = query.index_select(0, rows)
        for i, block in enumerate(self.blocks):
            assert isinstance(block, CrossAttentionBlock)
            projected = block.project_keys(keys)
            if i:
                weights = block.attention_weights(x, projected.index_select(0, keys_at))
            else:  # no channel has read its masks yet, so the channels of an object share the weights
                weights = block.attention_weights(query, projected.index_select(0, index)).index_select(0, rows)
            x = block.update(x, weights @ block.project_values(values).index_select(0, values_at))
        answers = (maps.index_select(0, slot.flatten()).unflatten(0, slot.shape) for maps in self.decoder(x))
        features, logits = (maps.flatten(1, 2) for maps in answers)
        return PartPrediction(logits, features)

    def forward(self, shapes: Float[Tensor, "n 1 s s"], supports: UInt8[Tensor, "n k s s"]) -> PartPrediction:
        """Part logits and features of n objects.

        Args:
            shapes: silhouettes in the 64x64 object frame, 0 or 1.
            supports: k part maps of each object's category, ids 0..8.
        Raises:
            ShapeMismatchError: another side than 64, a part id above 8, or counts that differ.
        """
        if shapes.shape[-1] != CROP_SIZE or len(shapes) != len(supports):
            message = "PartNet takes shapes (n, 1, 64, 64) with supports (n, k, 64, 64)"
            found = f"shapes {tuple(shapes.shape)}, supports {tuple(supports.shape)}"
            raise ShapeMismatchError(message, found=found, mend="Crop objects with ipose.shapes.object_crops.")
        _check_supports(supports)
        if not len(shapes):
            empty = shapes.new_zeros(0, PART_CHANNELS, *shapes.shape[-2:])
            return PartPrediction(empty, empty.repeat(1, self.config.features, 1, 1))
        unique, index = torch.unique(supports, dim=0, return_inverse=True)
        return self.predict(self.shape_encoder(shapes), self.encode_supports(unique), index)


def _check_supports(supports: Tensor) -> None:
    if supports.shape[-1] != CROP_SIZE or supports.shape[1] < 1:
        raise ShapeMismatchError("supports", found=tuple(supports.shape), expected="(n, k >= 1, 64, 64)")
    if supports.numel() and int(supports.max()) >= PART_CHANNELS:
        raise ShapeMismatchError("part id in the supports", found=int(supports.max()), expected="0..8")


def distinct_pairs(active: Bool[Tensor, "n q"]) -> tuple[Tensor, Tensor, Tensor]:
    """The (object, channel) pairs to compute, and the pair that answers for each of the n x q channels.

    The inactive channels of an object have the same input. The first of them answers for all.
    """
    first_inactive = ~active & (~active).cumsum(1).eq(1)
    computed = active | first_inactive
    rows, channel = computed.nonzero(as_tuple=True)
    number = computed.flatten().cumsum(0).view_as(active) - 1
    shared = (number * first_inactive).sum(1, keepdim=True)
    return rows, channel, torch.where(computed, number, shared.expand_as(number))
