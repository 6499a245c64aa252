"""PartNet as the table of its layers reads (iPOSE sec. 3.1, fig. 2, suppl. B).

One object, one part channel, one support at a time. A network is its state dict; the layers bear its names.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from ipose.reference.cross_attention import cross_attention
from ipose.reference.operations import Layers, State, instance_norm, leaky_relu, relu

PART_CHANNELS = 9


def partnet(
    state: State,
    shapes: Float[Tensor, "n 1 s s"],
    supports: UInt8[Tensor, "n k s s"],
    *,
    attention_blocks: int = 3,
    multi_scale: bool = True,
    normalization: Literal["instance", "batch"] = "instance",
    zero_empty_masks: bool = True,
) -> tuple[Float[Tensor, "n q s s"], Float[Tensor, "n qf s s"]]:
    """Logits, and features, F of them a part channel.

    Args:
        state: of a network in eval mode.
        shapes: silhouettes in the 64x64 object frame, 0 or 1.
        supports: part maps, ids 0..8.
        attention_blocks: how many.
        multi_scale: the two coarser maps behind the tokens (suppl. table 7 leaves them out).
        normalization: instance norm (the release), or batch norm with ReLU (suppl. B.1).
        zero_empty_masks: tokens of a mask without pixels are 0, which instance norm makes of them but for rounding.
    """
    net, form = Layers(state), (multi_scale, normalization)
    all_logits, all_features = [], []
    for shape, maps in zip(shapes, supports, strict=True):
        logits, features = [], []
        queries = encode_shape(net, shape[0], *form)
        keys = torch.cat([encode_shape(net, (part_map > 0).to(shape.dtype), *form) for part_map in maps])
        for channel in range(PART_CHANNELS):
            masks = (maps == channel).to(shape.dtype)
            values = torch.cat([encode_mask(net, mask, *form, zero_empty_masks) for mask in masks])
            x = queries
            for i in range(attention_blocks):
                x = cross_attention(net.below(f"blocks.{i}"), x, keys, values)
            feature, logit = decode(net.below("decoder"), x, normalization)
            features.append(feature)
            logits.append(logit)
        all_logits.append(torch.cat(logits))
        all_features.append(torch.cat(features))
    return torch.stack(all_logits), torch.stack(all_features)


def encode_shape(net: Layers, shape: Tensor, multi_scale: bool, normalization: str) -> Tensor:
    """Tokens of a silhouette (64, 64): coordinates x, then y, then the shape three times."""
    line = torch.linspace(-1, 1, shape.shape[0], dtype=shape.dtype, device=shape.device)
    x, y = line.expand_as(shape), line[:, None].expand_as(shape)
    stacked = torch.stack([x, y, shape, shape, shape])[None]
    return encode(net.below("shape_encoder"), stacked, multi_scale, normalization)


def encode_mask(net: Layers, mask: Tensor, multi_scale: bool, normalization: str, zero_empty_masks: bool) -> Tensor:
    """Tokens of a part's mask (64, 64)."""
    tokens = encode(net.below("mask_encoder"), mask[None, None], multi_scale, normalization)
    empty = zero_empty_masks and normalization == "instance" and not mask.any()
    return torch.zeros_like(tokens) if empty else tokens


def encode(net: Layers, x: Tensor, multi_scale: bool, normalization: str) -> Tensor:
    """Tokens (t, d), row by row: a stem and three halvings; two more, resized to the third and put behind it."""
    x = unit(net.below("stem.0"), x, 1, normalization)  # 7x7, 64
    for i in (1, 2, 3):
        x = unit(net.below(f"stem.{i}"), x, 2, normalization)  # 4x4: 32, 16, 8
    scales = [x]
    for i in range(2 if multi_scale else 0):
        x = unit(net.below(f"coarser.{i}"), x, 2, normalization)  # 4x4: 4, 2
        scales.append(F.interpolate(x, size=scales[0].shape[-2:], mode="bilinear", align_corners=False))
    return torch.cat(scales, dim=1)[0].flatten(1).T


def unit(net: Layers, x: Tensor, stride: int, normalization: str) -> Tensor:
    """Convolution, then instance norm and LeakyReLU 0.2, or batch norm and ReLU."""
    x = net.conv("0", x, stride=stride)
    if normalization == "batch":
        return relu(net.affine("1", net.batch_norm("1", x)))
    return leaky_relu(instance_norm(x))


def decode(net: Layers, tokens: Tensor, normalization: str) -> tuple[Tensor, Tensor]:
    """Features (F, 64, 64) and the logit map (1, 64, 64) of tokens (t, d): three doublings, then a 5x5 convolution."""
    side = round(tokens.shape[0] ** 0.5)
    x = tokens.T.unflatten(1, (side, side))[None]
    for i in range(3):
        layer = net.below(f"doublings.{i}")
        x = layer.conv_transpose("0", x)
        x = layer.affine("1", layer.batch_norm("1", x)) if normalization == "batch" else instance_norm(x)
        x = relu(x)
    return x[0], net.conv("head", x)[0]
