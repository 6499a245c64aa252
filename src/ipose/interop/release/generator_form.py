"""iPOSE's generator and discriminator as the release stores them, with their widths and counts from the shapes.

Generator: `fc` is the first convolution, `mlp.0` the first layer of the part noise, `conv_nos.i.0` its doublings (one
more is stored than used), `conv_part.0` the part input, `body.i` the blocks. In a block, `_p` is the part step, `_s`
the shortcut and `_nos` the noise branch. `partnet.model.*` is PartNet, which is no part of the generator here.

Discriminator: `body_down.i`, `body_up.i`, `layer_up_last`, `conv_g`. The number of a convolution is its place behind
activation and upsampling.
"""

from collections.abc import Iterator, Mapping
from math import lcm
from typing import Any

import torch
from torch import Tensor, nn

from ipose.errors import RunError
from ipose.interop.release.entries import (
    Clue,
    Entry,
    batch_norm_entries,
    build,
    check_names,
    count,
    export,
    fill,
    layer_entries,
    network_from_state,
    out_of,
    spectral_entries,
    width,
)
from ipose.interop.release.partnet_form import partnet_config, partnet_shapes
from ipose.interop.release.recognise import PARTNET_IN_GENERATOR, partnet_of, released_state
from ipose.part_annotations import PART_CHANNELS
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.part_branch import doubling
from ipose.synthesis.presets import SynthesisConfig

_STEPS = ("0", "1", "s")
_FIXED = {"fc": "first", "conv_img": "to_image", "conv_part.0": "part_input.conv", "mlp.0": "part_noise.stem"}


def generator(state: Mapping[str, Tensor], *, z_channels: int = 64) -> Generator:
    """The release's generator in eval mode. All widths and counts come from the shapes.

    The state has tensors that the generator does not use: PartNet (`partnet.model.*`) and the last doubling. They are
    kept in the attribute `release_extras`, so that `to_release` gives back every tensor.

    Args:
        state: with the release's names, with or without the prefix `module.`, with or without a PartNet.
        z_channels: Z. The first convolution has Z + C input channels, and the state does not tell Z from C.
    Raises:
        RunError: another network, no class beside z, or names and shapes that do not fit; all are listed.
    """
    state = released_state("generator", state)
    network, entries, expected = build(lambda: Generator(generator_config(state, z_channels)), generator_entries)
    extras = {**_unused_shapes(network), **_partnet_shapes(state)}
    check_names("generator", state, {**expected, **extras})
    network = fill(network, entries, state)
    network.release_extras = {name: state[name].detach().clone() for name in extras}
    return network


def export_generator(network: Generator) -> dict[str, Tensor]:
    """The release's form of a generator, with its `release_extras`.

    A generator that was not read from the release has no PartNet, and zeros in the last doubling, which is not used.
    """
    tensors = export(network, generator_entries(network))
    like = network.first.weight
    unused = {name: like.new_zeros(shape).detach() for name, shape in _unused_shapes(network).items()}
    return {**tensors, **unused, **network.release_extras}


def generator_entries(network: Generator) -> list[Entry]:
    """The table of a generator of PSM blocks."""
    entries = [entry for theirs, ours in _FIXED.items() for entry in layer_entries(theirs, ours)]
    for i in range(len(network.blocks) - 1):
        entries += layer_entries(f"conv_nos.{i}.0", f"part_noise.doublings.{i}")
    for i, block in enumerate(network.blocks):
        shortcut = getattr(getattr(block, "residual", None), "conv_s", None) is not None
        entries += _block(f"body.{i}", f"blocks.{i}", shortcut)
    return entries


def _block(release: str, ours: str, shortcut: bool) -> Iterator[Entry]:
    yield from batch_norm_entries(f"{release}.norm_p.first_norm.", f"{ours}.part_modulation.norm.")
    yield from _gamma_beta(f"{release}.norm_p", f"{ours}.part_modulation.part_gamma_beta")
    yield from _gamma_beta(f"{release}.norm_p", f"{ours}.part_modulation.noise_gamma_beta", "_nos")
    yield from spectral_entries(f"{release}.conv_p", f"{ours}.conv_p")
    for step in ("0", "1", "s") if shortcut else ("0", "1"):
        yield from batch_norm_entries(f"{release}.norm_{step}.first_norm.", f"{ours}.residual.spade_{step}.norm.")
        yield from _gamma_beta(f"{release}.norm_{step}", f"{ours}.residual.spade_{step}.gamma_beta")
        yield from spectral_entries(f"{release}.conv_{step}", f"{ours}.residual.conv_{step}", bias=step != "s")


def _gamma_beta(release: str, ours: str, suffix: str = "") -> Iterator[Entry]:
    yield from layer_entries(f"{release}.mlp_shared{suffix}.0", f"{ours}.shared")
    yield from layer_entries(f"{release}.mlp_gamma{suffix}", f"{ours}.gamma")
    yield from layer_entries(f"{release}.mlp_beta{suffix}", f"{ours}.beta")


def _unused_shapes(network: Generator) -> dict[str, tuple[int, ...]]:
    """The last doubling, which the release stores and never uses: 16,416 numbers at its widths."""
    last = len(network.blocks) - 1
    with torch.device("meta"):
        stored = doubling(last, network.config.part_hidden).state_dict()
    return {f"conv_nos.{last}.0.{name}": tuple(tensor.shape) for name, tensor in stored.items()}


def _partnet_shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    if not any(name.startswith(PARTNET_IN_GENERATOR) for name in state):
        return {}
    return {f"{PARTNET_IN_GENERATOR}{name}": shape for name, shape in partnet_shapes(partnet_of(state)).items()}


def map_channels(state: Mapping[str, Tensor]) -> int:
    """Z + C: input channels of the first convolution and of every SPADE, for [z, one-hot label]."""
    blocks = range(count(state, "body.{}."))
    spades = ((f"body.{i}.norm_{step}.mlp_shared.0.weight", 1) for i in blocks for step in _STEPS)
    return width(state, [("fc.weight", 1), *spades], 64 + 183)


def generator_config(state: Mapping[str, Tensor], z_channels: int) -> SynthesisConfig:
    """The config of a generator's state without prefixes.

    Settings that the state does not show (training) keep their defaults. The image size is one that the blocks can
    make.

    Raises:
        RunError: no class beside z.
    """
    blocks = max(count(state, "body.{}."), 1)
    widths = [width(state, _width_clues(i, blocks), 64) for i in range(blocks + 1)]
    unit = widths[-1] if all(value % widths[-1] == 0 for value in widths) else 1
    side = lcm(256, int(2 ** (blocks - 1)))
    return SynthesisConfig(
        num_classes=_classes(map_channels(state), z_channels),
        height=side,
        width=side,
        z_channels=z_channels,
        channels=unit,
        channel_multipliers=tuple(value // unit for value in widths),
        spade_hidden=width(state, _spade_clues(blocks), 128),
        part_hidden=width(state, _part_clues(blocks), 32),
        part_noise_channels=width(state, [("mlp.0.weight", 1)], 32) - 1,
        **_part_input(state),
    )


def _classes(channels: int, z_channels: int) -> int:
    if channels <= z_channels:
        found = f"{channels} channels of z and classes together, {z_channels} of them z"
        mend = "Pass the z_channels that the generator was trained with (the release's scripts: 64)."
        raise RunError("no channel is left for classes beside z", field="z_channels", found=found, mend=mend)
    return channels - z_channels


def _width_clues(i: int, blocks: int) -> Iterator[Clue]:
    """Clues to the input width of block i. For i = blocks: the output width of the last block."""
    if i < blocks:
        yield from ((f"body.{i}.conv_p.weight_orig", 0), (f"body.{i}.conv_p.weight_orig", 1))
        yield from ((f"body.{i}.norm_{step}.first_norm.running_mean", 0) for step in ("p", "0", "s"))
        yield f"body.{i}.conv_0.weight_orig", 1
    if i == 0:
        yield from out_of("fc")
    else:
        yield from out_of(f"body.{i - 1}.conv_1", "weight_orig")
    if i == blocks:
        yield "conv_img.weight", 1


def _spade_clues(blocks: int) -> Iterator[Clue]:
    for norm in (f"body.{i}.norm_{step}" for i in range(blocks) for step in _STEPS):
        yield from out_of(f"{norm}.mlp_shared.0")
        yield from ((f"{norm}.mlp_gamma.weight", 1), (f"{norm}.mlp_beta.weight", 1))


def _part_clues(blocks: int) -> Iterator[Clue]:
    yield from (*out_of("conv_part.0"), *out_of("mlp.0"))
    for norm in (f"body.{i}.norm_p" for i in range(blocks)):
        for suffix in ("", "_nos"):
            yield from out_of(f"{norm}.mlp_shared{suffix}.0")
            yield f"{norm}.mlp_shared{suffix}.0.weight", 1


def _part_input(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Input of the part branch: the Q*F features of its PartNet (as in the release), or the Q logits."""
    carries_partnet = any(name.startswith(PARTNET_IN_GENERATOR) for name in state)
    features = partnet_config(partnet_of(state)).features if carries_partnet else None
    channels = width(state, [("conv_part.0.weight", 1)], PART_CHANNELS * (features or 32))
    features = features or max(channels // PART_CHANNELS, 1)
    reads_logits = channels == PART_CHANNELS and features != 1
    return {"part_feature_channels": features, "part_input": "logits" if reads_logits else "features"}


def discriminator(state: Mapping[str, Tensor]) -> Discriminator:
    """The release's discriminator in eval mode. Widths, depth and number of classes come from the shapes.

    Raises:
        RunError: another network, or names and shapes that do not fit; all are listed.
    """
    state = released_state("discriminator", state)
    return network_from_state("discriminator", state, lambda: _empty(state), discriminator_entries)


def discriminator_entries(network: Discriminator) -> list[Entry]:
    """The table of a discriminator."""
    heads = [*layer_entries("layer_up_last", "segmentation_head"), *layer_entries("conv_g", "global_head")]
    return [*_blocks(network), *heads]


def _blocks(network: Discriminator) -> Iterator[Entry]:
    for theirs, ours, blocks in (("body_down", "encoder", network.encoder), ("body_up", "decoder", network.decoder)):
        for i, block in enumerate(blocks):
            yield from spectral_entries(f"{theirs}.{i}.conv1.{_first_place(theirs, i)}", f"{ours}.{i}.conv1")
            yield from spectral_entries(f"{theirs}.{i}.conv2.1", f"{ours}.{i}.conv2")
            if not isinstance(block.shortcut, nn.Identity):
                yield from spectral_entries(f"{theirs}.{i}.conv_s", f"{ours}.{i}.shortcut")


def _first_place(part: str, i: int) -> int:
    """Number of layers before a block's first convolution: 0 at the image, 1 activation, or 2 with upsampling."""
    return 2 if part == "body_up" else min(i, 1)


def _empty(state: Mapping[str, Tensor]) -> Discriminator:
    blocks = max(count(state, "body_down.{}."), 2)
    names = ("conv1.0.weight_orig", 1), ("conv_s.weight_orig", 1), ("conv_s.weight_v", 0)
    image = width(state, [(f"body_down.0.{name}", axis) for name, axis in names], 3)
    channels = (image, *(width(state, _clues(i), 512) for i in range(blocks)))
    last = f"body_up.{blocks - 1}"
    clues = [*out_of(f"{last}.conv1.2", "weight_orig"), *out_of(f"{last}.conv2.1", "weight_orig")]
    last_width = width(state, [*clues, ("layer_up_last.weight", 1)], 64)
    classes = width(state, out_of("layer_up_last"), 184) - 1
    return Discriminator(classes, channels, last_decoder_channels=last_width)


def _clues(i: int) -> Iterator[Clue]:
    for layer in (f"conv1.{min(i, 1)}", "conv2.1", "conv_s"):
        yield from out_of(f"body_down.{i}.{layer}", "weight_orig")
    yield f"body_down.{i + 1}.conv1.1.weight_orig", 1
