"""The discriminator as the release stores it: `body_down.i`, `body_up.i`, `layer_up_last`, `conv_g`.

The number of a convolution is its place behind activation and upsampling. Spectral norm has `weight_orig`, `weight_u`
and `weight_v`.
"""

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from ipose.interop.release.entries import (
    Clue,
    Entry,
    count,
    layer_entries,
    network_from_state,
    out_of,
    spectral_entries,
    width,
)
from ipose.interop.release.recognise import released_state
from ipose.synthesis.discriminator import Discriminator


def discriminator(state: Mapping[str, Tensor]) -> Discriminator:
    """The release's discriminator in eval mode. Widths, depth and number of classes come from the shapes.

    Args:
        state: with the release's names, with or without the prefix `module.`.
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
