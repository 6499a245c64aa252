"""PartNet as the release stores it.

Encoders `enc0`-`enc3` and `ms_enc0`-`ms_enc1`, blocks `catt0`, ..., decoder `dec1`-`dec3`, head `conv_img`. The three
input projections of the attention are stacked in one tensor. Its 1x1 convolutions have two more axes than our linear
maps.
"""

from collections.abc import Iterator, Mapping

from torch import Tensor

from ipose.interop.release.entries import Clue, Entry, build, count, layer_entries, network_from_state, out_of, width
from ipose.interop.release.recognise import expect_network, partnet_of
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig

ENCODERS = ("shape_encoder", "mask_encoder")
_LAYERS = {"multihead_attn.out_proj": "out", "ln1": "norm_attention", "ln2": "norm_mlp"}
_LAYERS |= {"mlp.0": "mlp_in", "mlp.2": "mlp_out"}


def partnet(state: Mapping[str, Tensor]) -> PartNet:
    """The release's PartNet in eval mode. All widths and counts come from the shapes.

    Its `zero_empty_masks` is False: like the authors' network, it computes tokens of masks without pixels.

    Args:
        state: with the release's names, of a PartNet or of a generator with one. Prefixes `module.` and
            `partnet.model.` are removed.
    Raises:
        RunError: another network, or names and shapes that do not fit; all are listed.
    """
    state = partnet_of(state)
    expect_network(state, "PartNet")
    return network_from_state("PartNet", state, lambda: PartNet(partnet_config(state)), partnet_entries)


def partnet_shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a PartNet with the state's widths."""
    return build(lambda: PartNet(partnet_config(state)), partnet_entries)[2]


def partnet_entries(network: PartNet) -> list[Entry]:
    """The table of a PartNet."""
    return list(_entries(len(network.blocks), network.config.multi_scale))


def _entries(blocks: int, multi_scale: bool) -> Iterator[Entry]:
    for encoder in ENCODERS:
        for i in range(4):
            yield from layer_entries(f"{encoder}.enc{i}.0", f"{encoder}.stem.{i}.0")
        for i in range(2 if multi_scale else 0):
            yield from layer_entries(f"{encoder}.ms_enc{i}.0", f"{encoder}.coarser.{i}.0")
    for i in range(blocks):
        for role in ("query", "key", "value"):
            yield Entry(f"catt{i}.{role}_conv.0.weight", (f"blocks.{i}.{role}_conv.weight",), pixels=2)
            yield Entry(f"catt{i}.{role}_conv.0.bias", (f"blocks.{i}.{role}_conv.bias",))
        for kind in ("weight", "bias"):
            stacked = tuple(f"blocks.{i}.{role}.{kind}" for role in ("query", "key", "value"))
            yield Entry(f"catt{i}.multihead_attn.in_proj_{kind}", stacked)
        for theirs, ours in _LAYERS.items():
            yield from layer_entries(f"catt{i}.{theirs}", f"blocks.{i}.{ours}")
    for i in range(3):
        yield from layer_entries(f"decoder.dec{i + 1}.0", f"decoder.doublings.{i}.0")
    yield from layer_entries("conv_img", "decoder.head")


def partnet_config(state: Mapping[str, Tensor]) -> PartNetConfig:
    """The config of a state without prefixes."""
    c1, c2, c3, c4 = (width(state, _clues(i), released) for i, released in enumerate((32, 64, 64, 96)))
    return PartNetConfig(
        encoder_channels=(c1, c2, c3, c4),
        attention_blocks=max(count(state, "catt{}."), 1),
        multi_scale=any(".ms_enc" in name for name in state) or _token_width(state) == 3 * c4,
        zero_empty_masks=False,
    )


def _token_width(state: Mapping[str, Tensor]) -> int:
    return width(state, [*out_of("catt0.ln1"), *out_of("catt0.ln2")], 288)


def _clues(i: int) -> Iterator[Clue]:
    """Clues to the width of encoder layer i: in this layer, the next one, and the decoder, which mirrors it."""
    for encoder in ENCODERS:
        yield from out_of(f"{encoder}.enc{i}.0")
        yield (f"{encoder}.enc{i + 1}.0.weight", 1) if i < 3 else (f"{encoder}.ms_enc0.0.weight", 1)
    if i < 3:
        yield from ((f"decoder.dec{3 - i}.0.weight", 1), (f"decoder.dec{3 - i}.0.bias", 0))
