"""GANSeg's generator as the tables of its layers read (GANSeg sec. 3, fig. 2; app. B): noise in, image and masks out.

A network is its state dict; the layers bear its names. Every 2-vector is (row, column).
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ipose.reference.operations import Layers, State, leaky_relu, spade
from ipose.reference.part_heatmaps import axis


def ganseg_generator(
    state: State,
    noise_points: Float[Tensor, "b z"],
    noise_background: Float[Tensor, "b z"],
    noise_parts: Float[Tensor, "b z"],
    background_position: Float[Tensor, "b 2"],
    *,
    parts: int,
    sizes: Sequence[int] = (32, 32, 64, 128),
    margin: int = 10,
    heatmap: Literal["cone", "gauss-var", "gauss-paper"] = "cone",
    grid: Literal["release", "pixel-centre"] = "release",
    point_divisor: float = 20.0,
    fixed_scale: float | None = None,
    fixed_background_row: bool = True,
    head: Literal["two", "one"] = "two",
    training: bool = False,
) -> tuple[Tensor, ...]:
    """Image (b, 3, s, s), mask (b, k+1, s, s; background last), foreground, background (b, f, s, s), heatmaps
    (b, k, s, s), points (b, n, 2) and centres (b, k, 2).

    Args:
        state: of the network.
        noise_points: where the parts are.
        noise_background: how the background looks.
        noise_parts: how the parts look.
        background_position: in [-1, 1].
        parts: K.
        sizes: of each block, in pixels without the margin.
        margin: pixels around the image that are computed and cut off (eq. 12).
        heatmap: the form of a part around its centre (eqs. 1, 4; the release's two).
        grid: which points the pixels are.
        point_divisor: of the points, before tanh.
        fixed_scale: of every part, in place of its points' spread (table 5).
        fixed_background_row: the background moves sideways only.
        head: two 3x3 convolutions, or one of 1x1 (Flowers).
        training: see `Layers`.
    """
    net = Layers(state, training)
    pixels = {size: pixel_grid(size, margin, grid, noise_points) for size in sizes}
    H = [pixels[size] for size in sizes]  # of each block

    # Level 1: points x_k^j = tanh(MLP / 20); w_k = w_dyn * w_k^const
    points = torch.tanh(mlp(net, "level1.to_points", noise_points) / point_divisor).unflatten(1, (-1, 2))
    w_dyn = mlp(net, "level1.to_appearance", noise_parts)
    embeddings = w_dyn[:, None, :] * state["level1.part_table.weight"]
    w_bg = mlp(net, "level1.to_background", noise_background)
    of_parts = points.unflatten(1, (parts, -1))  # (b, k, p, 2)
    centres = of_parts.mean(2)
    scales = part_scales(of_parts - centres[:, :, None], heatmap)
    if fixed_scale is not None:
        scales = torch.full_like(scales, fixed_scale)

    # Level 2: masks from the heatmaps of every block's own size
    maps = [paint(heatmaps(centres, scales, p, heatmap), embeddings) for p in H]
    x = start(net.below("mask_start"), points, H[0])
    mask = blocks(net.below("mask_blocks"), spade_block, x, maps, sizes, margin).softmax(1)

    # Level 3: the foreground under the final masks, the background under its embedding
    maps = [paint(resized(mask[:, :parts], size, margin), embeddings) for size in sizes]
    x = start(net.below("foreground_start"), centres, H[0])
    foreground = blocks(net.below("foreground_blocks"), spade_block, x, maps, sizes, margin)
    row, column = background_position.unbind(1)
    position = torch.stack([torch.zeros_like(row) if fixed_background_row else row, column], dim=1)
    x = start(net.below("background_start"), position[:, None], H[0])
    background = blocks(net.below("background_blocks"), adain_block, x, [w_bg] * len(sizes), sizes, margin)

    m_bg = mask[:, parts:]
    image = torch.tanh(colours(net.below("head"), (1 - m_bg) * foreground + m_bg * background, head))
    final = cut(heatmaps(centres, scales, H[-1], heatmap), margin)
    return image, mask, foreground, background, final, points, centres


def mlp(net: Layers, name: str, x: Tensor) -> Tensor:
    """Linear layers with LeakyReLU 0.2 between them."""
    last = net.count(name) - 1
    for i in range(last):
        x = leaky_relu(net.linear(f"{name}.{i}.0", x))
    return net.linear(f"{name}.{last}", x)


def pixel_grid(size: int, margin: int, kind: str, like: Tensor) -> Tensor:
    """(row, column) of every pixel, margin included: (s + 2m, s + 2m, 2); numbers that float32 holds."""
    line = torch.tensor(axis(size, margin, kind), dtype=torch.float32).to(like)
    pixels: Tensor = torch.cartesian_prod(line, line)
    return pixels.reshape(len(line), len(line), 2)


def part_scales(dev: Tensor, mode: str) -> Tensor:
    """tau of each part from its points' deviations (b, k, p, 2) from their centre."""
    P = dev.shape[2]
    if mode == "cone":
        return dev.abs().mean((2, 3)) + 1e-6
    norms = dev.square().sum(3).sqrt()
    if mode == "gauss-var":
        return (norms - norms.mean(2, keepdim=True)).square().sum(2) / (P - 1) + 1e-6
    return (norms.square().sum(2).sqrt() / (P - 1)).square()  # sigma^2, eq. 1


def heatmaps(centres: Tensor, scales: Tensor, pixels: Tensor, mode: str) -> Tensor:
    """max(0, 1 - d/tau), or exp(-d^2/tau) (eq. 4), d = the distance of a pixel to the part's centre."""
    d = (pixels - centres[:, :, None, None]).square().sum(4).sqrt()
    tau = scales[:, :, None, None]
    return (1 - d / tau).clamp(min=0) if mode == "cone" else torch.exp(-d.square() / tau)


def paint(maps: Tensor, embeddings: Tensor) -> Tensor:
    """sum_k map_k * w_k: (b, k, h, w) and (b, k, e) -> (b, e, h, w)."""
    return (maps[:, :, None] * embeddings[:, :, :, None, None]).sum(1)


def resized(mask: Tensor, size: int, margin: int) -> Tensor:
    """The final masks at a block's size (bilinear), their edges repeated into the margin."""
    mask = F.interpolate(mask, size=(size, size), mode="bilinear", align_corners=False)
    return F.pad(mask, (margin,) * 4, mode="replicate")


def start(net: Layers, points: Tensor, pixels: Tensor) -> Tensor:
    """[sin y, cos y] of y = pi * conv1x1(point - pixel), for all points (eq. 5)."""
    relative = points[:, None, None] - pixels[:, :, None]  # (b, h, w, n, 2)
    y = math.pi * net.conv("mix", relative.flatten(3).permute(0, 3, 1, 2))
    return torch.cat([y.sin(), y.cos()], dim=1)


def blocks(
    net: Layers,
    block: Callable[[Layers, Tensor, Tensor], Tensor],
    x: Tensor,
    under: Sequence[Tensor],
    sizes: Sequence[int],
    margin: int,
) -> Tensor:
    """One block a size; bilinear x2 where the next size is another, and its margin again `margin` pixels."""
    for i, size in enumerate(sizes):
        x = block(net.below(f"{i}"), x, under[i])
        if i + 1 < len(sizes) and sizes[i + 1] != size:
            x = cut(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False), margin)
    return cut(x, margin)


def cut(x: Tensor, margin: int) -> Tensor:
    """Without the margin."""
    return x[:, :, margin : x.shape[2] - margin, margin : x.shape[3] - margin]


def spade_block(net: Layers, x: Tensor, maps: Tensor) -> Tensor:
    """shortcut(x) + conv2(act(SPADE2(conv1(act(SPADE1(x)))))); where the width changes, the shortcut is a 3x3
    convolution after SPADE."""
    y = net.conv("conv1", leaky_relu(spade(net.below("spade1"), x, maps, slope=0.2)))
    y = net.conv("conv2", leaky_relu(spade(net.below("spade2"), y, maps, slope=0.2)))
    if x.shape[1] != y.shape[1]:
        x = net.conv("conv_shortcut", spade(net.below("spade_shortcut"), x, maps, slope=0.2))
    return x + y


def adain_block(net: Layers, x: Tensor, w_bg: Tensor) -> Tensor:
    """conv(act(BN(x) * (1 + gamma) + beta)), gamma and beta from the background's embedding."""
    hidden = leaky_relu(net.linear("adain.shared", w_bg))
    gamma, beta = (net.linear(f"adain.{name}", hidden)[:, :, None, None] for name in ("gamma", "beta"))
    return net.conv("conv", leaky_relu(net.batch_norm("adain.norm", x) * (1 + gamma) + beta))


def colours(net: Layers, x: Tensor, head: str) -> Tensor:
    """Two 3x3 convolutions, or one of 1x1, each after LeakyReLU 0.2."""
    x = net.conv("1", leaky_relu(x))
    return net.conv("3", leaky_relu(x)) if head == "two" else x
