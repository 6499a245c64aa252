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
from ipose.layers.cross_attention import CrossAttentionBlock
from ipose.layers.init import init_weights
from ipose.partnet.encoders import MaskEncoder, ShapeEncoder, norm_layer
from ipose.partnet.presets import Normalization, PartNetConfig
from ipose.types import CROP_SIZE, PART_CHANNELS


class PartPrediction(NamedTuple):
    """What PartNet answers for n objects.

    Args:
        logits: (n, 9, s, s), one logit map a part channel.
        features: (n, 9*F, s, s), the decoder's last features, F consecutive channels per part channel.
    """

    logits: Float[Tensor, "n q s s"]
    features: Float[Tensor, "n qf s s"]

    def part_maps(self, shapes: Tensor | None = None) -> UInt8[Tensor, "n s s"]:
        """Part ids from the logits.

        Args:
            shapes: (n, 1, s, s) silhouettes; None = the most likely of all channels at every pixel, 0 = no part (the
                paper's AC scores that). With them, what the silhouette says is taken at its word: each object pixel
                gets its most likely part 1..8, every other pixel 0.
        """
        if shapes is None:
            return self.logits.argmax(1).to(torch.uint8)
        return (self.logits[:, 1:].argmax(1) + 1).to(torch.uint8) * (shapes[:, 0] > 0.5).to(torch.uint8)


@dataclass(frozen=True, eq=False)
class SupportMemory:
    """All that the attention reads of m support sets; masks that occur several times are held once.

    Args:
        keys: (m, k, t, d) tokens of the support shapes.
        values: (v, k, t, d) tokens of the support masks of one part channel.
        slot: (m, q), which of the v belongs to each channel of each set.
        active: (m, q), whether any support of the set has a pixel of that channel; all others share one slot.
    """

    keys: Float[Tensor, "m k t d"]
    values: Float[Tensor, "v k t d"]
    slot: Int64[Tensor, "m q"]
    active: Bool[Tensor, "m q"]

    def replace_one(
        self, index: Int64[Tensor, " n"], own: "SupportMemory", which: Int64[Tensor, " n"]
    ) -> "SupportMemory":
        """The memory of each of n objects, with its support number `which` replaced by its `own` only one (eq. 11)."""
        replaced = F.one_hot(which, self.keys.shape[1]).bool()[:, :, None, None]
        active = self.active[index] | own.active
        rows, channel, slot = distinct_pairs(active)
        kept = self.values[self.slot[index][rows, channel]]
        values = torch.where(replaced[rows], own.values[own.slot[rows, channel]], kept)
        return SupportMemory(torch.where(replaced, own.keys, self.keys[index]), values, slot, active)


class Decoder(nn.Module):
    """Tokens back to the object frame: three doublings, then one logit a pixel (iPOSE suppl. B.1)."""

    def __init__(
        self, width: int, channels: tuple[int, int, int, int], normalization: Normalization = "instance"
    ) -> None:
        super().__init__()
        widths = (width, *channels[2::-1])
        self.doublings = nn.Sequential(
            *(
                nn.Sequential(nn.ConvTranspose2d(a, b, 4, 2, 1), norm_layer(normalization, b), nn.ReLU())
                for a, b in pairwise(widths)
            )
        )
        self.head = nn.Conv2d(widths[-1], 1, 5, padding=2)

    def forward(self, tokens: Float[Tensor, "p t d"]) -> tuple[Float[Tensor, "p f s s"], Float[Tensor, "p 1 s s"]]:
        """Features and logit map of each (object, channel) pair."""
        side = round(tokens.shape[1] ** 0.5)
        features = self.doublings(tokens.transpose(1, 2).unflatten(2, (side, side)))
        return features, self.head(features)


class PartNet(nn.Module):
    """Part maps from shapes, by cross-attention to annotated supports. Source: iPOSE sec. 3.1, fig. 2, suppl. B.

    Exact properties (each a test): permuting the supports' masks permutes the answer in the same way; the order of the
    supports does not matter; any number of supports works with the same weights. In training, batch norm (an option)
    counts what is computed once, once.
    """

    def __init__(self, config: PartNetConfig) -> None:
        super().__init__()
        self.config = config
        encoder = (config.encoder_channels, config.multi_scale, config.normalization)
        self.shape_encoder = ShapeEncoder(*encoder)
        self.mask_encoder = MaskEncoder(*encoder)
        self.blocks = nn.ModuleList(CrossAttentionBlock(config.token_width) for _ in range(config.attention_blocks))
        self.decoder = Decoder(config.token_width, config.encoder_channels, config.normalization)
        if config.init == "release":
            init_weights(self)
            for block in self.blocks:
                cast(CrossAttentionBlock, block).reset_projections()

    def encode_supports(self, supports: UInt8[Tensor, "m k s s"]) -> SupportMemory:
        """Everything that depends on the supports alone; the memory of a category can be kept and reused.

        Args:
            supports: part maps, ids 0..8. The support's shape is where the map is > 0; channel c's mask where it is c.
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
        """Tokens of masks. By the formulas of instance norm an empty mask's are 0: each convolution makes a constant
        map, each norm 0.

        In float32 every norm enlarges the rounding that is left 316 times (1 / sqrt(eps)); behind four layers it is
        noise of size 1, and another one in bfloat16. The release computes it; `zero_empty_masks` does not.
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
        """Part logits and features of n encoded shapes; `index` names the set of the memory that each one reads."""
        rows, channel, slot = distinct_pairs(memory.active[index])
        keys, values = memory.keys.flatten(1, 2), memory.values.flatten(1, 2)
        keys_at, values_at = index[rows], memory.slot[index][rows, channel]
        x = query[rows]
        for block in self.blocks:
            assert isinstance(block, CrossAttentionBlock)
            weights = block.attention_weights(x, block.project_keys(keys)[keys_at])
            x = block.update(x, weights @ block.project_values(values)[values_at])
        features, logits = self.decoder(x)
        return PartPrediction(logits[slot].squeeze(2), features[slot].flatten(1, 2))

    def forward(self, shapes: Float[Tensor, "n 1 s s"], supports: UInt8[Tensor, "n k s s"]) -> PartPrediction:
        """Part logits and features of n objects.

        Args:
            shapes: silhouettes in the 64x64 object frame, 0 or 1.
            supports: k part maps of each object's category, ids 0..8.
        Raises:
            ShapeMismatchError: another side than 64, a part id above 8, or counts that differ.
        """
        if shapes.shape[-1] != CROP_SIZE or len(shapes) != len(supports):
            raise ShapeMismatchError(
                "PartNet takes shapes (n, 1, 64, 64) with supports (n, k, 64, 64)",
                found=f"shapes {tuple(shapes.shape)}, supports {tuple(supports.shape)}",
                mend="Crop objects with ipose.shapes.object_crops.",
            )
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
    """(object, channel) pairs to compute, and for each of the n x q channels the pair that answers it.

    An object's inactive channels all have the same input, so the first of them answers for the rest.
    """
    first_inactive = ~active & (~active).cumsum(1).eq(1)
    computed = active | first_inactive
    rows, channel = computed.nonzero(as_tuple=True)
    number = computed.flatten().cumsum(0).view_as(active) - 1
    stand_in = (number * first_inactive).sum(1, keepdim=True)
    return rows, channel, torch.where(computed, number, stand_in.expand_as(number))
