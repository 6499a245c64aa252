"""iPOSE's generator as the table of its layers reads (iPOSE sec. 3.2, fig. 3; widths and norms as released).

A network is its state dict; the layers bear its names.
"""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ipose.reference.operations import (
    Layers,
    SpectralNorm,
    State,
    double,
    gamma_beta,
    instance_norm,
    leaky_relu,
    nearest,
    one_hot,
    spade,
)

Injection = Literal["psm", "spade", "concat", "none"]


def generator(
    state: State,
    label: Int[Tensor, "b h w"],
    part_features: Float[Tensor, "b qf h w"],
    part_mask: Float[Tensor, "b 1 h w"],
    z: Float[Tensor, "b z"] | Float[Tensor, "b z h w"],
    part_noise: Float[Tensor, "b n h0 w0"],
    *,
    num_classes: int,
    part_injection: Injection = "psm",
    spectral_norm: SpectralNorm = "release",
    training: bool = False,
) -> Float[Tensor, "b 3 h w"]:
    """Images in [-1, 1].

    Args:
        state: of the network; in training its u and v are those that the step's power iteration left.
        label: M, class ids.
        part_features: composed part features.
        part_mask: m, 1 where a part is known, else 0.
        z: texture noise, one vector an image or one a pixel.
        part_noise: structure noise at the size of the first block.
        num_classes: C.
        part_injection: how parts enter the blocks (table 3).
        spectral_norm: see `Layers`.
        training: see `Layers`.
    """
    net, size = Layers(state, training, spectral_norm), label.shape[-2:]
    z = z[:, :, None, None].expand(-1, -1, *size) if z.ndim == 2 else z
    z_M = torch.cat([z, one_hot(label, num_classes).to(z.dtype)], dim=1)  # [z, M]
    part, noise, ids = part_features, part_noise, label[:, None].to(z.dtype)
    if part_injection != "none":
        part = leaky_relu(instance_norm(net.conv("part_input.conv", part_features)))

    x = net.conv("first", nearest(z_M, part_noise.shape[-2:]))
    for i in range(net.count("blocks")):
        x = double(x) if i else x
        block, size = net.below(f"blocks.{i}"), x.shape[-2:]
        maps = nearest(z_M, size)
        match part_injection:
            case "psm":  # fig. 3
                noise = next_noise(net.below("part_noise"), i, noise, ids)
                x = part_step(block, x, nearest(part, size), nearest(part_mask, size), noise)
            case "spade":
                maps = torch.cat([nearest(part, size), maps], dim=1)
            case "concat":
                x = torch.cat([x, nearest(part, size)], dim=1)
        x = spade_block(block.below("residual"), x, maps)
    return torch.tanh(net.conv("to_image", leaky_relu(x)))


def next_noise(net: Layers, i: int, noise: Tensor, ids: Tensor) -> Tensor:
    """The part noise of block i from the one before: the first, a convolution of noise and class ids; then doublings,
    the class ids appended before the first three of them."""
    if i < 4:
        noise = torch.cat([noise, nearest(ids, noise.shape[-2:])], dim=1)
    noise = net.conv_transpose(f"doublings.{i - 1}", noise) if i else net.conv("stem", noise)
    return leaky_relu(instance_norm(noise))


def part_step(net: Layers, x: Tensor, part: Tensor, m: Tensor, noise: Tensor) -> Tensor:
    """conv(act(BN(x) * (1 + gamma) + beta)), gamma and beta of one channel each: from parts where m is 1, else from
    noise."""
    of_part = gamma_beta(net.below("part_modulation.part_gamma_beta"), part)
    of_noise = gamma_beta(net.below("part_modulation.noise_gamma_beta"), noise)
    gamma, beta = (m * p + (1 - m) * n for p, n in zip(of_part, of_noise, strict=True))
    return net.conv("conv_p", leaky_relu(net.batch_norm("part_modulation.norm", x) * (1 + gamma) + beta), sn=True)


def spade_block(net: Layers, x: Tensor, maps: Tensor) -> Tensor:
    """shortcut(x) + conv_1(act(SPADE_1(conv_0(act(SPADE_0(x)))))); where the width changes, the shortcut is a 1x1
    convolution after SPADE (OASIS)."""
    y = net.conv("conv_0", leaky_relu(spade(net.below("spade_0"), x, maps)), sn=True)
    y = net.conv("conv_1", leaky_relu(spade(net.below("spade_1"), y, maps)), sn=True)
    if x.shape[1] != y.shape[1]:
        x = net.conv("conv_s", spade(net.below("spade_s"), x, maps), bias=False, sn=True)
    return x + y
