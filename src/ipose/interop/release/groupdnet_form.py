"""GroupDNet's networks as the release stores them: decoder ("G"), encoder and discriminator. VSPADE's are read, too.

Decoder: `fc`, `head_0`, `G_middle_0`, `G_middle_1`, `up_0` ..., `conv_img`. Encoder: `layer1` ..., `fc_mu`, `fc_var`.
Discriminator: `discriminator_i.model0` .... VSPADE has the same names, with linear layers for `fc*`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from torch import Tensor, nn

from ipose.errors import ConfigError, RunError
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.discriminator import MultiScaleDiscriminator
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.interop.release.entries import Entry, batch_norm_entries, layer_entries, network_from_state, spectral_entries
from ipose.interop.release.groupdnet_widths import (
    block_name,
    blocks_used,
    decoder_settings,
    discriminator_settings,
    encoder_settings,
)
from ipose.interop.release.recognise import released_state

Network = TypeVar("Network", bound=nn.Module)
State = Mapping[str, Tensor]


def groupdnet_generator(state: State, *, size: tuple[int, int] | None = None) -> Decoder:
    """The release's generator (the paper calls it decoder) in eval mode. Widths and counts come from the shapes.

    The release stores a block that it never uses (ADE20K's `up_4`). It is kept in the attribute `release_extras`, so
    that `to_release` gives back every tensor.

    Args:
        size: (height, width) of VSPADE's images. None = square. Other models make images of many sizes.
    Raises:
        RunError: another network, or names and shapes that do not fit; all are listed.
    """
    state = released_state("GroupDNet generator", state)
    unused = f"{block_name(blocks_used(state))}."
    extras = {name: tensor.detach().clone() for name, tensor in state.items() if name.startswith(unused)}
    used = {name: tensor for name, tensor in state.items() if name not in extras}
    network = _network(used, "GroupDNet generator", Decoder, decoder_entries, _sized(decoder_settings(used), size))
    network.release_extras = extras
    return network


def groupdnet_encoder(state: State, *, num_classes: int = 8, size: tuple[int, int] | None = None) -> Encoder:
    """The release's encoder in eval mode. Widths and counts come from the shapes. It reads cropped class images.

    Args:
        num_classes: C of VSPADE, whose encoder does not show it. Other encoders do.
        size: (height, width) of VSPADE's images. None = square. Other models read images of many sizes.
    Raises:
        RunError: another network, or names and shapes that do not fit; all are listed.
    """
    state = released_state("GroupDNet encoder", state)
    settings = _sized(encoder_settings(state, num_classes), size)
    return _network(state, "GroupDNet encoder", Encoder, encoder_entries, settings)


def groupdnet_discriminator(state: State, *, edges: bool = False) -> MultiScaleDiscriminator:
    """The release's discriminator in eval mode. Widths and counts come from the shapes. `edges`: whether one of the
    input channels is the edge map (Cityscapes); the computation is the same.

    Raises:
        RunError: another network, or names and shapes that do not fit; all are listed.
    """
    state = released_state("GroupDNet discriminator", state)
    settings = discriminator_settings(state, edges=edges)
    placeholder = {"decoder_channels": (settings["num_classes"],) * 8, "decoder_groups": (1,) * 7}
    settings = {**placeholder, **settings}
    return _network(state, "GroupDNet discriminator", MultiScaleDiscriminator, scales_entries, settings)


def _sized(settings: Mapping[str, Any], size: tuple[int, int] | None) -> Mapping[str, Any]:
    """The settings with an image size. Only layers of a vector code depend on the size."""
    if size is None or settings.get("code") != "vector":
        return settings
    return {**settings, "height": size[0], "width": size[1]}


def _network(
    state: State,
    what: str,
    make: Callable[[GroupDNetConfig], Network],
    table: Callable[[Network], list[Entry]],
    settings: Mapping[str, Any],
) -> Network:
    try:
        return network_from_state(what, state, lambda: make(GroupDNetConfig(**settings)), table)
    except ConfigError as error:
        message = f"the shapes of these tensors make no {what} ({error.message})"
        raise RunError(message, mend="Take the whole file that the authors' training saved.") from error


def decoder_entries(network: Decoder) -> list[Entry]:
    """The table of a decoder."""
    entries = [*layer_entries("fc", "first"), *layer_entries("conv_img", "to_image")]
    for i, block in enumerate(network.blocks):
        entries += cg_block_entries(f"{block_name(i)}.", f"blocks.{i}.", shortcut=block.conv_s is not None)
    return entries


def cg_block_entries(release: str, ours: str, *, shortcut: bool) -> list[Entry]:
    """The table of a block. Both prefixes end in a dot, or are empty."""
    entries: list[Entry] = []
    for step in ("0", "1", "s") if shortcut else ("0", "1"):
        entries += cg_norm_entries(f"{release}norm_{step}.", f"{ours}spade_{step}.")
        entries += spectral_entries(f"{release}conv_{step}", f"{ours}conv_{step}", bias=step != "s")
    return entries


def cg_norm_entries(release: str, ours: str) -> Iterator[Entry]:
    """The table of a CG-Norm. Both prefixes end in a dot, or are empty."""
    yield from batch_norm_entries(f"{release}param_free_norm.", f"{ours}norm.")
    for theirs, mine in (("mlp_shared.0", "shared"), ("mlp_gamma", "gamma"), ("mlp_beta", "beta")):
        yield from layer_entries(f"{release}{theirs}", f"{ours}gamma_beta.{mine}")


def encoder_entries(network: Encoder) -> list[Entry]:
    """The table of an encoder."""
    entries = [*layer_entries("fc_mu", "mean"), *layer_entries("fc_var", "log_variance")]
    for i in range(len(network.layers)):
        entries += spectral_entries(f"layer{i + 1}.0", f"layers.{i}", bias=False)
    return entries


def scales_entries(network: MultiScaleDiscriminator) -> list[Entry]:
    """The table of a multi-scale discriminator."""
    entries: list[Entry] = []
    for i, scale in enumerate(network.scales):
        middle: nn.ModuleList = scale.middle  # type: ignore[assignment]
        theirs, ours = f"discriminator_{i}.model", f"scales.{i}"
        entries += layer_entries(f"{theirs}0.0", f"{ours}.first")
        for k in range(len(middle)):
            entries += spectral_entries(f"{theirs}{k + 1}.0.0", f"{ours}.middle.{k}", bias=False)
        entries += layer_entries(f"{theirs}{len(middle) + 1}.0", f"{ours}.score")
    return entries
