"""Which support pixels a query pixel read: PartNet's attention weights in the support frames (iPOSE eq. 1).

A token is an 8x8 block of the 64x64 frame, in query and supports. So weights have an 8x8 grid. The features of a token
come from a larger region. Multi-scale encoders also use the 4x4 and 2x2 maps, which are resized to the 8x8 grid.

Look at block 0 first. Its queries come only from the object's shape, so it finds places of similar shape. The queries
of later blocks contain what was read before; trained ones often read a few background tokens.

This module runs the blocks again and keeps the weights. The normal forward pass does not use it.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.layers.cross_attention import CrossAttentionBlock
from ipose.part_annotations import CROP_SIZE, PART_CHANNELS
from ipose.partnet.partnet import PartNet, PartPrediction

TOKEN_SIDE = 8
"""Side of a token in pixels of the object frame. It is also the number of tokens along the frame."""


@dataclass(frozen=True, eq=False)
class SupportAttention:
    """Which tokens of the k supports one object read.

    Args:
        weights: (l, q, t, k, g, g) for l blocks, q = 9 part channels, t = 64 query tokens in row-major order, and the g
            x g = 8x8 tokens of k supports. They are >= 0 and sum to 1 over the last three axes. In block 0 they are the
            same for all channels.
        supports: (k, s, s), the part maps that were read, ids 0..8.
        part_map: (s, s), PartNet's answer: the most likely part of each object pixel, 0 elsewhere.
    """

    weights: Float[Tensor, "l q t k g g"]
    supports: UInt8[Tensor, "k s s"]
    part_map: UInt8[Tensor, "s s"]

    def at(self, row: int, column: int, channel: int | None = None) -> Float[Tensor, "l k g g"]:
        """The weights of the token of one query pixel, in each block.

        Args:
            row: of the pixel in the 64x64 frame, from the top.
            column: of the pixel, from the left.
            channel: part channel 0..8. None = the channel of the part at this pixel.
        Returns:
            weights over the supports' tokens; they sum to 1 in each block.
        Raises:
            ConfigError: a pixel outside the frame, or no such channel.
        """
        for name, value, end in (("row", row, CROP_SIZE), ("column", column, CROP_SIZE), ("channel", channel, 9)):
            if value is not None and not 0 <= value < end:
                raise ConfigError("not in the object frame", field=name, found=value, expected=f"0..{end - 1}")
        channel = int(self.part_map[row, column]) if channel is None else channel
        return self.weights[:, channel, (row // TOKEN_SIDE) * TOKEN_SIDE + column // TOKEN_SIDE]

    def read_by(self, row: int, column: int, *, block: int = 0, channel: int | None = None) -> Float[Tensor, "k s s"]:
        """The support pixels that a query pixel read in one block; they sum to 1. Raises the errors of `at`."""
        return to_support_frames(self.at(row, column, channel)[block])

    def shares(self, row: int, column: int, *, block: int = 0, channel: int | None = None) -> Float[Tensor, " q"]:
        """How much of a query pixel's reading falls on each part of the supports; sums to 1. Entry 0 = no part.

        The weight of a token is divided among the parts in its 8x8 block, by their pixels. Raises the errors of `at`.
        """
        read = to_support_frames(self.at(row, column, channel)[block], "nearest").flatten()
        return read.new_zeros(PART_CHANNELS).index_add(0, self.supports.flatten().long(), read)


def to_support_frames(
    weights: Float[Tensor, "*batch g g"], mode: Literal["bilinear", "nearest"] = "bilinear"
) -> Float[Tensor, "*batch s s"]:
    """Turn token weights into pixel weights of the 64x64 frame. The sum stays the same.

    Each pixel gets 1/64 of its token's weight. "bilinear" blurs this over neighbouring tokens and repeats the edges,
    which also keeps the sum.
    """
    shape, flat = weights.shape[:-2], weights.reshape(-1, 1, *weights.shape[-2:])
    smooth = {"mode": mode, "align_corners": False} if mode == "bilinear" else {"mode": mode}
    frames: Tensor = F.interpolate(flat, scale_factor=float(TOKEN_SIDE), **smooth) / TOKEN_SIDE**2
    return frames.reshape(*shape, *frames.shape[-2:])


@torch.no_grad()
def support_attention(
    partnet: PartNet, shapes: Float[Tensor, "n 1 s s"], supports: UInt8[Tensor, "n k s s"]
) -> list[SupportAttention]:
    """What each of n objects reads in its supports, for all query pixels, part channels and blocks. No gradients.

    Source: iPOSE eq. 1: softmax(Q K^T / sqrt(d)), Q from the object's shape, K from the supports' shapes.

    Args:
        partnet: in eval mode.
        shapes: silhouettes in the 64x64 object frame, 0 or 1.
        supports: k part maps of each object's category, ids 0..8.
    Returns:
        one `SupportAttention` for each object, on the CPU.
    Raises:
        ShapeMismatchError: another side than 64, or different numbers of shapes and supports.
    """
    if shapes.shape[-1] != CROP_SIZE or len(shapes) != len(supports):
        message = "attention takes shapes (n, 1, 64, 64) with supports (n, k, 64, 64)"
        found = f"shapes {tuple(shapes.shape)}, supports {tuple(supports.shape)}"
        raise ShapeMismatchError(message, found=found, mend="Crop objects with ipose.shapes.object_crops.")
    return [_of_object(partnet, shapes[i : i + 1], supports[i]) for i in range(len(shapes))]


def _of_object(partnet: PartNet, shape: Float[Tensor, "1 1 s s"], supports: UInt8[Tensor, "k s s"]) -> SupportAttention:
    memory = partnet.encode_supports(supports[None].to(shape.device))
    keys, values = memory.keys.flatten(1, 2), memory.values[memory.slot[0]].flatten(1, 2)
    x = partnet.shape_encoder(shape).expand(PART_CHANNELS, -1, -1)
    kept = []
    for block in partnet.blocks:
        assert isinstance(block, CrossAttentionBlock)
        weights = block.attention_weights(x, block.project_keys(keys).expand(PART_CHANNELS, -1, -1))
        x = block.update(x, weights @ block.project_values(values))
        kept.append(weights.unflatten(-1, (len(supports), TOKEN_SIDE, TOKEN_SIDE)))
    features, logits = partnet.decoder(x)
    answer = PartPrediction(logits.transpose(0, 1), features.flatten(0, 1)[None])
    return SupportAttention(torch.stack(kept).cpu(), supports.cpu(), answer.part_maps(shape)[0].cpu())
