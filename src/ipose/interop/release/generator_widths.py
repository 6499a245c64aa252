"""Widths and counts of the release's generator, read off the shapes of its state."""

from collections.abc import Iterator, Mapping
from math import lcm
from typing import Any

from torch import Tensor

from ipose.errors import RunError
from ipose.interop.release.entries import Clue, count, out_of, width
from ipose.interop.release.partnet_form import partnet_config
from ipose.interop.release.recognise import PARTNET_IN_GENERATOR, partnet_of
from ipose.synthesis.presets import SynthesisConfig
from ipose.types import PART_CHANNELS

_STEPS = ("0", "1", "s")


def map_channels(state: Mapping[str, Tensor]) -> int:
    """Z + C: channels of [z, one-hot label], as the first convolution and every SPADE see them."""
    blocks = range(count(state, "body.{}."))
    spades = ((f"body.{i}.norm_{step}.mlp_shared.0.weight", 1) for i in blocks for step in _STEPS)
    return width(state, [("fc.weight", 1), *spades], 64 + 183)


def generator_config(state: Mapping[str, Tensor], z_channels: int) -> SynthesisConfig:
    """The config of a generator's state, without the prefix `module.`.

    What a state does not tell (image size, training) is left at its default; the side is one that the blocks can make.

    Raises:
        RunError: no class is left beside z.
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
        raise RunError(
            "no class is left beside z",
            field="z_channels",
            found=f"{channels} channels of z and classes together, {z_channels} of them z",
            mend="Pass the z_channels that the generator was trained with (the release's scripts: 64).",
        )
    return channels - z_channels


def _width_clues(i: int, blocks: int) -> Iterator[Clue]:
    """Where the width of block i's input shows; the last one is the last block's output."""
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
    """What the part branch reads: the Q*F features of its PartNet (the release), or the Q logits (one of our own)."""
    carries_partnet = any(name.startswith(PARTNET_IN_GENERATOR) for name in state)
    features = partnet_config(partnet_of(state)).features if carries_partnet else None
    channels = width(state, [("conv_part.0.weight", 1)], PART_CHANNELS * (features or 32))
    features = features or max(channels // PART_CHANNELS, 1)
    reads_logits = channels == PART_CHANNELS and features != 1
    return {"part_feature_channels": features, "part_input": "logits" if reads_logits else "features"}
