"""GroupDNet's networks from the authors' state dicts, one file each for decoder ("G"), encoder and discriminator.

VSPADE's, which the release has too, are read by the same functions.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from torch import Tensor, nn

from ipose.errors import ConfigError, RunError
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.discriminator import MultiScaleDiscriminator
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.interop.release.entries import Entry, build, check_names, fill
from ipose.interop.release.groupdnet_entries import block_name, decoder_entries, encoder_entries, scales_entries
from ipose.interop.release.groupdnet_widths import (
    blocks_used,
    decoder_settings,
    discriminator_settings,
    encoder_settings,
)
from ipose.interop.release.recognise import expect_network, without_prefix

Network = TypeVar("Network", bound=nn.Module)
State = Mapping[str, Tensor]


def groupdnet_generator(state: State, *, size: tuple[int, int] | None = None) -> Decoder:
    """The release's generator, which the paper calls decoder, in eval mode; all numbers come from the shapes.

    A block that the release stores and never computes with (ADE20K's `up_4`) rides along in the plain attribute
    `release_extras`, so that `to_release` gives back every tensor.

    Args:
        state: the release's names, with or without the prefix `module.`.
        size: (height, width) of VSPADE's images; None = square. Others make images of many sizes.
    Raises:
        RunError: another network, or names and shapes that do not fit; all of them are listed.
    """
    state = without_prefix(state)
    expect_network(state, "GroupDNet generator")
    unused = f"{block_name(blocks_used(state))}."
    extras = {name: tensor.detach().clone() for name, tensor in state.items() if name.startswith(unused)}
    used = {name: tensor for name, tensor in state.items() if name not in extras}
    network = _read(used, "GroupDNet generator", Decoder, decoder_entries, _sized(decoder_settings(used), size))
    network.release_extras = extras
    return network


def groupdnet_encoder(state: State, *, num_classes: int = 8, size: tuple[int, int] | None = None) -> Encoder:
    """The release's encoder in eval mode; all numbers come from the shapes. It reads cropped class images.

    Args:
        state: the release's names, with or without the prefix `module.`.
        num_classes: C of VSPADE's encoder, which sees no classes; of others the shapes tell.
        size: (height, width) of VSPADE's images; None = square. Others read images of many sizes.
    Raises:
        RunError: another network, or names and shapes that do not fit; all of them are listed.
    """
    state = without_prefix(state)
    expect_network(state, "GroupDNet encoder")
    settings = _sized(encoder_settings(state, num_classes), size)
    return _read(state, "GroupDNet encoder", Encoder, encoder_entries, settings)


def groupdnet_discriminator(state: State, *, edges: bool = False) -> MultiScaleDiscriminator:
    """The release's discriminator in eval mode; all numbers come from the shapes.

    Args:
        state: the release's names, with or without the prefix `module.`.
        edges: whether one of its input channels is the edge map (Cityscapes); it computes the same either way.
    Raises:
        RunError: another network, or names and shapes that do not fit; all of them are listed.
    """
    state = without_prefix(state)
    expect_network(state, "GroupDNet discriminator")
    settings = discriminator_settings(state, edges=edges)
    placeholder = {"decoder_channels": (settings["num_classes"],) * 8, "decoder_groups": (1,) * 7}
    return _read(state, "GroupDNet discriminator", MultiScaleDiscriminator, scales_entries, {**placeholder, **settings})


def _sized(settings: Mapping[str, Any], size: tuple[int, int] | None) -> Mapping[str, Any]:
    """The settings, for images of that size where the code is a vector, whose layers are made for one size alone."""
    if size is None or settings.get("code") != "vector":
        return settings
    return {**settings, "height": size[0], "width": size[1]}


def _read(
    state: State,
    what: str,
    make: Callable[[GroupDNetConfig], Network],
    table: Callable[[Network], list[Entry]],
    settings: Mapping[str, Any],
) -> Network:
    try:
        network, entries, expected = build(lambda: make(GroupDNetConfig(**settings)), table)
    except ConfigError as error:
        raise RunError(
            f"the shapes of these tensors make no {what} ({error.message})",
            mend="Take the file as the authors' training saved it, whole.",
        ) from error
    check_names(what, state, expected)
    return fill(network, entries, state)
