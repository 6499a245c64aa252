"""The tables of GroupDNet's three networks as the authors' release names them.

Decoder: `fc`, `head_0`, `G_middle_0`, `G_middle_1`, `up_0` ..., `conv_img`; encoder: `layer1` ..., `fc_mu`, `fc_var`;
discriminator: `discriminator_i.model0` .... VSPADE has the same names, with linear layers for `fc*`.
"""

from collections.abc import Iterator

from torch import nn

from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.discriminator import MultiScaleDiscriminator
from ipose.groupdnet.encoder import Encoder
from ipose.interop.release.entries import Entry, plain, spectral

_BATCH_NORM = ("running_mean", "running_var", "num_batches_tracked")


def block_name(i: int) -> str:
    """The release's name of block i."""
    return ("head_0", "G_middle_0", "G_middle_1")[i] if i < 3 else f"up_{i - 3}"


def decoder_entries(network: Decoder) -> list[Entry]:
    """The table of a decoder."""
    entries = [*plain("fc", "first"), *plain("conv_img", "to_image")]
    for i, block in enumerate(network.blocks):
        entries += cg_block_entries(f"{block_name(i)}.", f"blocks.{i}.", shortcut=block.conv_s is not None)
    return entries


def cg_block_entries(release: str, ours: str, *, shortcut: bool) -> list[Entry]:
    """The table of a block; both prefixes end in a dot, or are empty."""
    entries: list[Entry] = []
    for step in ("0", "1", "s") if shortcut else ("0", "1"):
        entries += cg_norm_entries(f"{release}norm_{step}.", f"{ours}spade_{step}.")
        entries += spectral(f"{release}conv_{step}", f"{ours}conv_{step}", bias=step != "s")
    return entries


def cg_norm_entries(release: str, ours: str) -> Iterator[Entry]:
    """The table of a CG-Norm; both prefixes end in a dot, or are empty."""
    yield from (Entry(f"{release}param_free_norm.{name}", (f"{ours}norm.{name}",)) for name in _BATCH_NORM)
    for theirs, mine in (("mlp_shared.0", "shared"), ("mlp_gamma", "gamma"), ("mlp_beta", "beta")):
        yield from plain(f"{release}{theirs}", f"{ours}gamma_beta.{mine}")


def encoder_entries(network: Encoder) -> list[Entry]:
    """The table of an encoder."""
    entries = [*plain("fc_mu", "mean"), *plain("fc_var", "log_variance")]
    for i in range(len(network.layers)):
        entries += spectral(f"layer{i + 1}.0", f"layers.{i}", bias=False)
    return entries


def scales_entries(network: MultiScaleDiscriminator) -> list[Entry]:
    """The table of a multi-scale discriminator."""
    entries: list[Entry] = []
    for i, scale in enumerate(network.scales):
        middle: nn.ModuleList = scale.middle  # type: ignore[assignment]
        theirs, ours = f"discriminator_{i}.model", f"scales.{i}"
        entries += plain(f"{theirs}0.0", f"{ours}.first")
        for k in range(len(middle)):
            entries += spectral(f"{theirs}{k + 1}.0.0", f"{ours}.middle.{k}", bias=False)
        entries += plain(f"{theirs}{len(middle) + 1}.0", f"{ours}.score")
    return entries
