"""GroupDNet's decoder as the table of its layers reads (GroupDNet sec. 3.3, figs. 7 and 9, table 4).

A network is its state dict; the layers bear its names.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ipose.reference.cg_norm import instance_edges
from ipose.reference.operations import (
    Layers,
    SpectralNorm,
    State,
    double,
    gamma_beta,
    group_norm,
    leaky_relu,
    nearest,
    one_hot,
)

Rule = Literal["block", "class", "class_to_block"]


def groupdnet_decoder(
    state: State,
    label: Int[Tensor, "b h w"],
    z: Float[Tensor, "b z *grid"],
    instance: Int[Tensor, "b h w"] | None = None,
    *,
    num_classes: int,
    groups: Sequence[int] = (8, 8, 4, 4, 2, 2, 1),
    rule: Rule = "block",
    hidden: int = 128,
    first_grouped: bool = True,
    code: Literal["map", "pooled", "vector"] = "map",
    fusing: int = 0,
    norm: Literal["batch", "group"] = "batch",
    form: Literal["release", "paper"] = "release",
    slope: float = 0.2,
    spectral_norm: SpectralNorm = "release",
    training: bool = False,
) -> Float[Tensor, "b 3 h w"]:
    """Images in [-1, 1].

    Args:
        state: of the network; in training its u and v are those that the step's power iteration left.
        label: class ids.
        z: the code, one vector a class and pixel of the smallest map, or of 1x1, or one vector for all.
        instance: instance map, where the model sees edges.
        num_classes: C.
        groups: of each block (table 4).
        rule: how the modulation is grouped; see `modulation_of`.
        hidden: width of the modulation's hidden layer under the rule "block".
        first_grouped: whether the layer in front of the blocks keeps the classes apart.
        code: "vector" has a linear layer in front (VSPADE).
        fusing: convolutions behind the blocks (GroupNet).
        norm: batch norm, or group norm in the groups of the convolution in front (table 3).
        form: (1 + gamma) BN(x) + beta without affine BN, or the paper's gamma BN(x) + beta with it (eqs. 3-5).
        slope: of the activations in the blocks; 0 = ReLU (figs. 9, 10).
        spectral_norm: see `Layers`.
        training: see `Layers`.
    """
    net, (h, w) = Layers(state, training, spectral_norm), label.shape[-2:]
    start = h // 2 ** (len(groups) - 1), w // 2 ** (len(groups) - 1)
    labels = label_tensor(label, instance, num_classes).to(z.dtype)
    first_groups = num_classes if first_grouped and code != "vector" else 1
    if code == "vector":
        x = net.linear("first", z).unflatten(1, (-1, *start))
    else:
        x = net.conv("first", z.expand(-1, -1, *start), groups=first_groups)
    before = first_groups
    for i, g in enumerate(groups):
        x = double(x) if i else x
        modulation = modulation_of(rule, num_classes, g, hidden)
        x = cg_block(net.below(f"blocks.{i}"), x, labels, g, before, modulation, norm, form, slope)
        before = g
    for i in range(fusing):
        x = net.conv(f"fusing.{i}", leaky_relu(x))
    return torch.tanh(net.conv("to_image", leaky_relu(x)))


def label_tensor(label: Tensor, instance: Tensor | None, num_classes: int) -> Tensor:
    """One channel a class; with an instance map (class 0, edges, class 1, edges, ...)."""
    classes = one_hot(label, num_classes)
    if instance is None:
        return classes
    edges = instance_edges(instance).to(classes)
    return torch.cat([torch.cat([mask[:, None], edges], dim=1) for mask in classes.unbind(1)], dim=1)


def modulation_of(rule: Rule, num_classes: int, g: int, hidden: int) -> tuple[int, int, int]:
    """In a block of g groups: width of the hidden layer, groups of the shared convolution, groups of gamma and beta."""
    C = num_classes
    if rule == "block":  # DeepFashion
        return hidden, g, g
    if rule == "class":  # Cityscapes
        return C * g, C, C
    return 2 * C if C % g == 0 else C * g, C, g  # ADE20K


def cg_block(
    net: Layers,
    x: Tensor,
    labels: Tensor,
    g: int,
    before: int,
    modulation: tuple[int, int, int],
    norm: str,
    form: str,
    slope: float,
) -> Tensor:
    """shortcut(x) + conv_1(act(CGN_1(conv_0(act(CGN_0(x)))))), all in g groups; x comes out of `before` groups."""

    def cgn(step: str, x: Tensor, norm_groups: int) -> Tensor:
        return cg_norm(net.below(f"spade_{step}"), x, labels, modulation, norm_groups if norm == "group" else 0, form)

    y = net.conv("conv_0", leaky_relu(cgn("0", x, before), slope), groups=g, sn=True)
    y = net.conv("conv_1", leaky_relu(cgn("1", y, g), slope), groups=g, sn=True)
    if x.shape[1] != y.shape[1]:
        x = net.conv("conv_s", cgn("s", x, before), groups=g, bias=False, sn=True)  # no activation
    return x + y


def cg_norm(
    net: Layers, x: Tensor, labels: Tensor, modulation: tuple[int, int, int], norm_groups: int, form: str
) -> Tensor:
    """CG-Norm (eqs. 3-5): the labels are resized from full size each time; norm_groups 0 = batch norm."""
    hidden, shared, own = modulation
    assert len(net.state["gamma_beta.shared.bias"]) == hidden
    maps, paper = nearest(labels, x.shape[-2:]), form == "paper"
    gamma, beta = gamma_beta(net.below("gamma_beta"), maps, groups=own, shared_groups=shared)
    y = group_norm(x, norm_groups) if norm_groups else net.batch_norm("norm", x)
    return gamma * net.affine("norm", y) + beta if paper else (1 + gamma) * y + beta
