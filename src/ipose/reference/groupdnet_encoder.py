"""GroupDNet's encoder as the table of its layers reads (GroupDNet sec. 3.3, fig. 8).

A network is its state dict; the layers bear its names.
"""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ipose.reference.cg_norm import class_images
from ipose.reference.operations import Layers, SpectralNorm, State, group_norm, instance_norm, leaky_relu, one_hot


def groupdnet_encoder(
    state: State,
    image: Float[Tensor, "b 3 h w"],
    label: Int[Tensor, "b h w"],
    *,
    num_classes: int,
    seen: Literal["crop", "mask", "whole"] = "crop",
    grouped: bool = True,
    code: Literal["map", "pooled", "vector"] = "map",
    norm: Literal["batch", "group"] = "batch",
    spectral_norm: SpectralNorm = "release",
) -> tuple[Float[Tensor, "b z *grid"], Float[Tensor, "b z *grid"]]:
    """mu and log variance of the code, class after class.

    Args:
        state: of the network; in training its u and v are those that the step's power iteration left.
        image: in [-1, 1].
        label: class ids.
        num_classes: C.
        seen: of each class its box enlarged (the release), its pixels in place (eq. 2), or everything (table 3).
        grouped: an encoder for each class, or one for all.
        code: a map, its mean over the map (table 3, "w/o map"), or a vector (VSPADE).
        norm: instance norm, or ("group") group norm in the groups of the convolution (table 3).
        spectral_norm: see `Layers`.
    """
    net, groups = Layers(state, spectral_norm=spectral_norm), num_classes if grouped else 1
    x = what_is_seen(image, label, num_classes, seen, grouped)
    for i in range(net.count("layers")):
        x = net.conv(f"layers.{i}", x, stride=2, groups=groups, bias=False, sn=True)
        x = leaky_relu(group_norm(x, groups) if norm == "group" else instance_norm(x))
    if code == "vector":
        return net.linear("mean", x.flatten(1)), net.linear("log_variance", x.flatten(1))
    mean, log_variance = (net.conv(head, x, groups=groups) for head in ("mean", "log_variance"))
    if code == "pooled":
        return mean.mean((2, 3), keepdim=True), log_variance.mean((2, 3), keepdim=True)
    return mean, log_variance


def what_is_seen(image: Tensor, label: Tensor, num_classes: int, seen: str, grouped: bool) -> Tensor:
    """Channel 3c + k is colour k of class c; one encoder for all sees the whole image once."""
    if seen == "crop":
        return class_images(image, label, num_classes)
    if seen == "mask":
        return torch.cat([image * mask[:, None] for mask in one_hot(label, num_classes).unbind(1)], dim=1)
    return torch.cat([image] * (num_classes if grouped else 1), dim=1)
