"""Widths, groups and number of classes of GroupDNet's networks, from the shapes of their states."""

from collections.abc import Mapping
from math import isqrt, lcm
from typing import Any

from torch import Tensor

from ipose.interop.release.entries import count, out_of, width

State = Mapping[str, Tensor]
CODE_CHANNELS = 8
"""Channels of the code of one class (GroupDNet sec. 3.3)."""


def block_name(i: int) -> str:
    """The release's name of block i."""
    return ("head_0", "G_middle_0", "G_middle_1")[i] if i < 3 else f"up_{i - 3}"


def decoder_settings(state: State) -> dict[str, Any]:
    """The config fields that a decoder's state shows. Encoder widths are placeholders."""
    blocks = blocks_used(state)
    channels = tuple(_block_width(state, i, blocks) for i in range(blocks + 1))
    groups = tuple(
        max(channels[i] // width(state, [(f"{block_name(i)}.conv_0.weight_orig", 1)], channels[i]), 1)
        for i in range(blocks)
    )
    label = _modulation(state, groups)
    return {
        **label,
        **_first(state, label["num_classes"], channels[0]),
        **_side(state, blocks, channels[0]),
        "decoder_channels": channels,
        "decoder_groups": groups,
        "encoder_channels": (1,) * (blocks - 1),
    }


def blocks_used(state: State) -> int:
    """Number of blocks in use. The last stored block is unused if the RGB layer has the width of the one before it."""
    stored = max(sum(any(key.startswith(f"{block_name(i)}.") for key in state) for i in range(64)), 2)
    rgb = width(state, [("conv_img.weight", 1)], 0)
    ends = [width(state, out_of(f"{block_name(stored - i)}.conv_1", "weight_orig"), 0) for i in (1, 2)]
    return stored - 1 if rgb == ends[1] != ends[0] else stored


def _block_width(state: State, i: int, blocks: int) -> int:
    """Input width of block i. For i = blocks: the output width of the last block."""
    clues = []
    if i < blocks:
        clues += [(f"{block_name(i)}.norm_{step}.param_free_norm.running_mean", 0) for step in "0s"]
        clues += out_of(f"{block_name(i)}.norm_0.mlp_gamma")
    if i > 0:
        clues += out_of(f"{block_name(i - 1)}.conv_1", "weight_orig")
    if i == blocks:
        clues.append(("conv_img.weight", 1))
    return width(state, clues, 1)


def _modulation(state: State, groups: tuple[int, ...]) -> dict[str, Any]:
    """Modulation rule, number of classes and hidden width. The three published rules have different shapes.

    "class": gamma has C groups in every block. "block": label channels of a group times groups is C in every block.
    "class_to_block": one label channel in each group.
    """
    names = [f"{block_name(i)}.norm_0" for i in range(len(groups))]
    label = [width(state, [(f"{name}.mlp_shared.0.weight", 1)], 1) for name in names]
    hidden = [width(state, out_of(f"{name}.mlp_shared.0"), 1) for name in names]
    inner = [
        max(width(state, [(f"{name}.mlp_{which}.weight", 1) for which in ("gamma", "beta")], 1), 1) for name in names
    ]
    gamma_groups = [whole // part for whole, part in zip(hidden, inner, strict=True)]
    if len({a * b for a, b in zip(label, groups, strict=True)}) == 1 and gamma_groups == list(groups):
        return {"num_classes": label[0] * groups[0], "modulation": "block", "modulation_hidden": hidden[0]}
    if gamma_groups != list(groups):
        return {"num_classes": max(gamma_groups[-1], 1), "modulation": "class", "edges": label[0] == 2}
    return {"num_classes": _classes_by_width(hidden, groups), "modulation": "class_to_block"}


def _classes_by_width(hidden: list[int], groups: tuple[int, ...]) -> int:
    """C of "class_to_block", which has 2C hidden channels if the groups divide C, and else C times the groups."""
    for classes in (hidden[-1] // 2, hidden[-1] // groups[-1]):
        if all(h == (2 * classes if classes % g == 0 else classes * g) for h, g in zip(hidden, groups, strict=True)):
            return max(classes, 1)
    return max(hidden[-1] // 2, 1)


def _first(state: State, classes: int, channels: int) -> dict[str, Any]:
    weight = state.get("fc.weight")
    input_width = width(state, [("fc.weight", 1)], CODE_CHANNELS)
    if weight is not None and weight.ndim == 2:
        return {"code": "vector", "code_channels": input_width, "first_grouped": False}
    together = input_width == CODE_CHANNELS * classes and classes > 1
    grouped = not together and channels % classes == 0
    return {"code_channels": input_width if grouped else max(input_width // classes, 1), "first_grouped": grouped}


def _side(state: State, blocks: int, channels: int) -> dict[str, int]:
    """An image size that the blocks can make. With a vector code, the size that the first layer is for."""
    multiple = 2 ** (blocks - 1)
    weight = state.get("fc.weight")
    start = isqrt(weight.shape[0] // channels) if weight is not None and weight.ndim == 2 else 0
    side = multiple * start if start else lcm(256, 2 * multiple)  # 2: see `ipose.groupdnet.presets.ONE_PIXEL`
    return {"height": side, "width": side}


def encoder_settings(state: State, num_classes: int) -> dict[str, Any]:
    """The config fields that an encoder's state shows. `num_classes`: for an encoder without groups."""
    layers = max(count(state, "layer{}.", first=1), 1)
    totals = [
        width(state, [(f"layer{i + 1}.0.weight_orig", 0), (f"layer{i + 1}.0.weight_u", 0)], 1) for i in range(layers)
    ]
    input_width = width(state, [("layer2.0.weight_orig", 1)], totals[0])
    groups = max(totals[0] // input_width, 1)
    head = state.get("fc_mu.weight")
    vector = head is not None and head.ndim == 2
    z = width(state, [*out_of("fc_mu"), *out_of("fc_var")], CODE_CHANNELS)
    classes = groups if groups > 1 else num_classes if vector else max(z // CODE_CHANNELS, 1)
    whole = groups == 1 and width(state, [("layer1.0.weight_orig", 1)], 3) == 3
    side = 2**layers
    pixels = isqrt(head.shape[1] // totals[-1]) if vector and head is not None else 2
    return {
        "num_classes": classes,
        "encoder_grouped": groups > 1,
        "class_images": "whole" if whole else "crop",
        "encoder_channels": tuple(total // groups for total in totals),
        "code": "vector" if vector else "map",
        "code_channels": z if vector else max(z // classes, 1),
        "height": side * pixels,
        "width": side * pixels,
        "decoder_channels": (classes,) * (layers + 2),
        "decoder_groups": (1,) * (layers + 1),
    }


def discriminator_settings(state: State, *, edges: bool) -> dict[str, Any]:
    """The config fields that a discriminator's state shows."""
    scales = max(count(state, "discriminator_{}."), 1)
    layers = max(count(state, "discriminator_0.model{}.") - 1, 1)
    firsts = [f"discriminator_{i}.model0.0" for i in range(scales)]
    channels = width(state, [(f"{name}.weight", 1) for name in firsts], 11)
    return {
        "num_classes": max(channels - 3 - int(edges), 1),
        "edges": edges,
        "discriminator_width": width(state, [clue for name in firsts for clue in out_of(name)], 64),
        "discriminator_layers": layers,
        "discriminator_scales": scales,
    }
