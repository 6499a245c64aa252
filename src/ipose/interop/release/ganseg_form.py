"""GANSeg's three networks as the release stores them: generator, discriminator, segmenter.

Names in the generator: `gen_keypoints_layer` makes the points. `gen_keypoints_embedding_noise` and
`gen_background_embedding` make the appearance of parts and background. `*_start.pe` make the start tensors (`x_start`:
foreground). `mask_spade_blocks`, `spade_blocks` and `adain_blocks` are the blocks of mask, foreground and background.
`conv` is the head.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from ipose.errors import ConfigError, RunError
from ipose.ganseg.discriminator import GANSegDiscriminator
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.heatmaps import pixel_grid
from ipose.ganseg.presets import GANSegConfig, Heatmap
from ipose.interop.release.entries import (
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
    width,
)
from ipose.interop.release.recognise import released_state
from ipose.segmentation.part_segmenter import PartSegmenter

GRID = "init_extend_coord"
"""Name of a constant that the release stores: the pixel grid of the first size with its margin."""

_LEVEL1 = {
    "gen_keypoints_layer": "to_points",
    "gen_keypoints_embedding_noise": "to_appearance",
    "gen_background_embedding": "to_background",
}
_STARTS = {"mask_start": "mask_start", "x_start": "foreground_start", "bg_start": "background_start"}
FACTORS = {4: (1, 1, 2, 4), 6: (1, 1, 2, 2, 4, 4)}
"""Each block's size over the first one in the published networks, by number of blocks. No weight shows it."""


def ganseg_generator(
    state: Mapping[str, Tensor],
    *,
    sizes: tuple[int, ...] | None = None,
    heatmap: Heatmap = "cone",
    margin: int | None = None,
    point_divisor: float = 20.0,
) -> GANSegGenerator:
    """GANSeg's generator in eval mode. Widths and counts come from the shapes.

    Args:
        state: with the release's names (`generator` in the authors' file).
        sizes: resolution of each block. None = from the stored grid, with the factors of the published networks: 1, 1,
            2, 4 for four blocks, and 1, 1, 2, 2, 4, 4 for six.
        heatmap: form of the parts in training, which no weight shows. Published: cone.
        margin: margin in training. Published: 10. None = from the stored grid.
        point_divisor: divisor of the points in training, which no weight shows. Published: 20.
    Raises:
        RunError: another network, or names and shapes that do not fit; all are listed.
        ConfigError: sizes that neither repeat nor double.
    """
    state = released_state("GANSeg generator", state)
    margin = _stored_margin(state.get(GRID)) if margin is None else margin
    coarse = math.isqrt(width(state, [(GRID, 1)], (32 + 2 * margin) ** 2)) - 2 * margin
    read = _config(state, sizes or _published_sizes(coarse, count(state, "spade_blocks.{}.")), heatmap)
    config = replace(read, margin=margin, point_divisor=point_divisor)
    network, entries, expected = build(lambda: GANSegGenerator(config), ganseg_generator_entries)
    check_names("GANSeg generator", state, {**expected, GRID: (1, (config.sizes[0] + 2 * margin) ** 2, 2)})
    with torch.device("cpu"):
        filled = GANSegGenerator(config)  # for its grids, which the state does not have
    filled.load_state_dict(fill(network, entries, state).state_dict(), assign=True)
    filled.release_grid = state[GRID].detach().clone()
    return filled.eval()


def ganseg_discriminator(state: Mapping[str, Tensor]) -> GANSegDiscriminator:
    """GANSeg's discriminator in eval mode. Widths and image size come from the shapes.

    Raises:
        RunError: another network, or names and shapes that do not fit; all are listed.
    """
    state = released_state("GANSeg discriminator", state)
    blocks = max(count(state, "conv.{}."), 1)
    channels = tuple(width(state, _block_clues(i), 512) for i in range(blocks))
    hidden = width(state, [*out_of("fc.0"), ("fc.2.weight", 1)], 512)
    left = math.isqrt(width(state, [("fc.0.weight", 1)], channels[-1] * 4) // channels[-1])
    size = left * 2**blocks
    what, table = "GANSeg discriminator", ganseg_discriminator_entries
    return network_from_state(what, state, lambda: GANSegDiscriminator(channels, hidden, size), table)


def ganseg_segmenter(state: Mapping[str, Tensor]) -> PartSegmenter:
    """GANSeg's segmenter in eval mode: torchvision's DeepLabV3 on ResNet-50.

    Raises:
        RunError: another network, or names and shapes that do not fit; all are listed.
    """
    state = released_state("GANSeg segmenter", state)
    parts = width(state, out_of("model.classifier.4"), 9) - 1
    return network_from_state("GANSeg segmenter", state, lambda: PartSegmenter(parts), ganseg_segmenter_entries)


def export_ganseg(module: nn.Module) -> dict[str, Tensor]:
    """The release's form of one of the three networks.

    Raises:
        ConfigError: settings that the release does not have.
    """
    if isinstance(module, GANSegGenerator):
        config = module.config
        if config.grid != "release":
            raise ConfigError("the release has no such grid", field="grid", found=config.grid, expected="release")
        if not (config.use_points and config.separate_background and config.fixed_scale is None):
            expected = "a whole generator: use_points, separate_background, no fixed_scale"
            raise ConfigError("the release's file cannot hold an ablated generator", expected=expected)
        stored = module.release_grid
        grid = pixel_grid(config.sizes[0], config.margin).view(1, -1, 2) if stored is None else stored
        return {**export(module, ganseg_generator_entries(module)), GRID: grid}
    if isinstance(module, GANSegDiscriminator):
        return export(module, ganseg_discriminator_entries(module))
    return export(module, ganseg_segmenter_entries(module))


def ganseg_generator_entries(network: GANSegGenerator) -> list[Entry]:
    """The table of a generator."""
    entries = [Entry("keypoints_embedding.weight", ("level1.part_table.weight",))]
    for theirs, ours in _LEVEL1.items():
        last = len(network.level1.get_submodule(ours)) - 1  # type: ignore[arg-type]
        for i in range(last):
            entries += layer_entries(f"{theirs}.{i}.model.0", f"level1.{ours}.{i}.0")
        entries += layer_entries(f"{theirs}.{last}", f"level1.{ours}.{last}")
    for theirs, ours in _STARTS.items():
        entries += layer_entries(f"{theirs}.pe", f"{ours}.mix")
    for theirs, ours in (("mask_spade_blocks", "mask_blocks"), ("spade_blocks", "foreground_blocks")):
        for i, block in enumerate(network.get_submodule(ours).children()):
            entries += _spade_block(f"{theirs}.{i}", f"{ours}.{i}", shortcut=block.conv_shortcut is not None)
    for i in range(len(network.background_blocks)):
        entries += _norm(f"adain_blocks.{i}.spade1", f"background_blocks.{i}.adain", "")
        entries += layer_entries(f"adain_blocks.{i}.conv1", f"background_blocks.{i}.conv")
    entries += layer_entries("conv.0", "head.1")
    return entries + (list(layer_entries("conv.2", "head.3")) if network.config.head == "two" else [])


def ganseg_discriminator_entries(network: GANSegDiscriminator) -> list[Entry]:
    """The table of a discriminator."""
    layers = {"net.0": "conv1", "net.2": "conv2", "downsample.0": "down", "conv_res": "shortcut"}
    entries = [*layer_entries("fc.0", "hidden"), *layer_entries("fc.2", "score")]
    for i in range(len(network.blocks)):
        for theirs, ours in layers.items():
            entries += layer_entries(f"conv.{i}.{theirs}", f"blocks.{i}.{ours}")
    return entries


def ganseg_segmenter_entries(network: nn.Module) -> list[Entry]:
    """The table of a segmenter. The names are torchvision's."""
    return [Entry(name, (name,)) for name in network.state_dict()]


def _spade_block(release: str, ours: str, *, shortcut: bool) -> Iterator[Entry]:
    for step in ("spade1", "spade2", *(["spade_shortcut"] if shortcut else [])):
        yield from _norm(f"{release}.{step}", f"{ours}.{step}", "gamma_beta.")
    for layer in ("conv1", "conv2", *(["conv_shortcut"] if shortcut else [])):
        yield from layer_entries(f"{release}.{layer}", f"{ours}.{layer}")


def _norm(release: str, ours: str, inside: str) -> Iterator[Entry]:
    yield from batch_norm_entries(f"{release}.norm.", f"{ours}.norm.")
    for theirs, mine in (("conv", "shared"), ("conv_gamma", "gamma"), ("conv_beta", "beta")):
        yield from layer_entries(f"{release}.{theirs}", f"{ours}.{inside}{mine}")


def _config(state: Mapping[str, Tensor], sizes: tuple[int, ...], heatmap: Heatmap) -> GANSegConfig:
    blocks, table = len(sizes), "keypoints_embedding.weight"
    parts = width(state, [(table, 0)], 8)
    depth = {name: count(state, f"{name}.{{}}.") for name in _LEVEL1}
    last = f"gen_keypoints_layer.{max(depth['gen_keypoints_layer'] - 1, 0)}"
    points = width(state, out_of(last), 8 * parts) // 2
    starts = [clue for name in _STARTS for clue in out_of(f"{name}.pe")]
    inner = tuple(width(state, _input_clues(i), 64) for i in range(1, blocks))
    spades = [f"{path}.{i}.spade1.conv" for path in ("mask_spade_blocks", "spade_blocks") for i in range(blocks)]
    return GANSegConfig(
        parts=parts,
        points_per_part=max(points // parts, 1),
        noise_channels=width(state, ((f"{name}.0.model.0.weight", axis) for name in _LEVEL1 for axis in (0, 1)), 256),
        embedding=width(state, [(table, 1), *((f"{name}.weight", 1) for name in spades)], 64),
        sizes=sizes,
        channels=(2 * width(state, starts, 256), *inner),
        final_channels=width(state, [*out_of(f"spade_blocks.{blocks - 1}.conv2"), ("conv.0.weight", 1)], 64),
        mask_channels=width(state, out_of("mask_spade_blocks.0.conv2"), 64),
        hidden=width(state, [clue for name in spades for clue in out_of(name)], 128),
        head="two" if any(name.startswith("conv.2.") for name in state) else "one",
        heatmap=heatmap,
        point_layers=max(depth["gen_keypoints_layer"], 1),
        embedding_layers=max(depth["gen_background_embedding"], 1),
        discriminator_channels=(64,) * max(min(sizes[-1].bit_length() - 2, 6), 1),
    )


def _input_clues(i: int) -> Iterator[tuple[str, int]]:
    """Clues to the input width of foreground and background block i."""
    yield from ((f"spade_blocks.{i}.conv1.weight", 1), (f"adain_blocks.{i}.conv1.weight", 1))
    yield from (*out_of(f"spade_blocks.{i - 1}.conv2"), *out_of(f"adain_blocks.{i - 1}.conv1"))


def _block_clues(i: int) -> Iterator[tuple[str, int]]:
    for layer in ("conv_res", "net.0", "net.2", "downsample.0"):
        yield from out_of(f"conv.{i}.{layer}")


def _stored_margin(grid: Tensor | None) -> int:
    """Margin m of the stored grid, whose s + 2m points lie 2/(s-1) apart. 10, as published, if there is no grid."""
    if grid is None or grid.numel() < 8 or not (span := float(grid.max() - grid.min())) > 0:
        return 10
    side = math.isqrt(grid.numel() // 2)
    size = round(1 + 2 * (side - 1) / span)
    return (side - size) // 2 if 1 < size <= side else 10


def _published_sizes(coarse: int, blocks: int) -> tuple[int, ...]:
    factors = FACTORS.get(blocks)
    if factors is None:
        message, mend = "no published GANSeg generator has so many blocks", "Pass sizes=(...), one for each block."
        raise RunError(message, field="sizes", found=blocks, expected="4 or 6", mend=mend)
    return tuple(coarse * factor for factor in factors)
