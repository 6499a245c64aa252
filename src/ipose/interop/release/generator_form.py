"""The generator as the release stores it.

`fc` is the first convolution, `mlp.0` the part-noise stem, `conv_nos.i.0` its doublings (one more is stored than used),
`conv_part.0` the part input, `body.i` the blocks, where `_p` is the part step, `_s` the shortcut and names ending in
`_nos` the noise branch; `partnet.model.*` is PartNet, which here is no part of the generator.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from ipose.interop.release.entries import Entry, build, check_names, export, fill, plain, spectral
from ipose.interop.release.generator_widths import generator_config
from ipose.interop.release.partnet_form import partnet_shapes
from ipose.interop.release.recognise import PARTNET_IN_GENERATOR, expect_network, partnet_of, without_prefix
from ipose.synthesis.generator import Generator
from ipose.synthesis.part_branch import doubling

_FIXED = {"fc": "first", "conv_img": "to_image", "conv_part.0": "part_input.conv", "mlp.0": "part_noise.stem"}
_BATCH_NORM = ("running_mean", "running_var", "num_batches_tracked")


def generator(state: Mapping[str, Tensor], *, z_channels: int = 64) -> Generator:
    """The release's generator in eval mode, every width and count from the shapes.

    What the release stores and its generator never computes with, PartNet (`partnet.model.*`) and the last doubling,
    rides along in the plain attribute `release_extras`, so that `to_release` gives back every tensor.

    Args:
        state: the release's names, with or without the prefix `module.`, with or without a PartNet.
        z_channels: Z; the first convolution sees Z + C channels, so the state alone does not tell them apart.
    Raises:
        RunError: another network, no class left beside z, or names and shapes that do not fit; all are listed.
    """
    state = without_prefix(state)
    expect_network(state, "generator")
    network, entries, expected = build(lambda: Generator(generator_config(state, z_channels)), generator_entries)
    extras = {**_unused_shapes(network), **_partnet_shapes(state)}
    check_names("generator", state, {**expected, **extras})
    network = fill(network, entries, state)
    network.release_extras = {name: state[name].detach().clone() for name in extras}
    return network


def export_generator(network: Generator) -> dict[str, Tensor]:
    """The release form of a generator, with what rides along.

    One that was not loaded from the release has no PartNet to give, and its last doubling, which the release stores but
    never uses, is zeros.
    """
    tensors = export(network, generator_entries(network))
    like = network.first.weight
    unused = {name: like.new_zeros(shape).detach() for name, shape in _unused_shapes(network).items()}
    return {**tensors, **unused, **network.release_extras}


def generator_entries(network: Generator) -> list[Entry]:
    """The table of a generator of PSM blocks."""
    entries = [entry for theirs, ours in _FIXED.items() for entry in plain(theirs, ours)]
    for i in range(len(network.blocks) - 1):
        entries += plain(f"conv_nos.{i}.0", f"part_noise.doublings.{i}")
    for i, block in enumerate(network.blocks):
        shortcut = getattr(getattr(block, "residual", None), "conv_s", None) is not None
        entries += _block(f"body.{i}", f"blocks.{i}", shortcut)
    return entries


def _block(release: str, ours: str, shortcut: bool) -> Iterator[Entry]:
    yield from _batch_norm(f"{release}.norm_p", f"{ours}.part_modulation")
    yield from _gamma_beta(f"{release}.norm_p", f"{ours}.part_modulation.part_gamma_beta")
    yield from _gamma_beta(f"{release}.norm_p", f"{ours}.part_modulation.noise_gamma_beta", "_nos")
    yield from spectral(f"{release}.conv_p", f"{ours}.conv_p")
    for step in ("0", "1", "s") if shortcut else ("0", "1"):
        yield from _batch_norm(f"{release}.norm_{step}", f"{ours}.residual.spade_{step}")
        yield from _gamma_beta(f"{release}.norm_{step}", f"{ours}.residual.spade_{step}.gamma_beta")
        yield from spectral(f"{release}.conv_{step}", f"{ours}.residual.conv_{step}", bias=step != "s")


def _batch_norm(release: str, ours: str) -> Iterator[Entry]:
    yield from (Entry(f"{release}.first_norm.{name}", (f"{ours}.norm.{name}",)) for name in _BATCH_NORM)


def _gamma_beta(release: str, ours: str, suffix: str = "") -> Iterator[Entry]:
    yield from plain(f"{release}.mlp_shared{suffix}.0", f"{ours}.shared")
    yield from plain(f"{release}.mlp_gamma{suffix}", f"{ours}.gamma")
    yield from plain(f"{release}.mlp_beta{suffix}", f"{ours}.beta")


def _unused_shapes(network: Generator) -> dict[str, tuple[int, ...]]:
    """The doubling that the release stores behind those that it uses: 16,416 numbers at its widths."""
    last = len(network.blocks) - 1
    with torch.device("meta"):
        stored = doubling(last, network.config.part_hidden).state_dict()
    return {f"conv_nos.{last}.0.{name}": tuple(tensor.shape) for name, tensor in stored.items()}


def _partnet_shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    if not any(name.startswith(PARTNET_IN_GENERATOR) for name in state):
        return {}
    return {f"{PARTNET_IN_GENERATOR}{name}": shape for name, shape in partnet_shapes(partnet_of(state)).items()}
