"""GANSeg's generator and segmenter for `ipose convert`: from the authors' files to model folders, and back."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from ipose.errors import ConfigError
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.presets import PRESETS, GANSegConfig, at_size
from ipose.ganseg.presets import preset as ganseg_preset
from ipose.ganseg.pretrained import load_ganseg, save_ganseg
from ipose.interop.release import ganseg_generator, ganseg_segmenter, to_release
from ipose.interop.weight_files import write_weights
from ipose.segmentation.part_segmenter import DEFAULT
from ipose.segmentation.saved_part_segmenter import load_part_segmenter, save_part_segmenter
from ipose.systems.converted_files import Converted, Hints, at_home

_READ_OFF_THE_WEIGHTS = (
    *("parts", "points_per_part", "noise_channels", "embedding", "sizes", "channels", "final_channels"),
    *("mask_channels", "hidden", "head", "point_layers", "embedding_layers", "margin"),
    *("grid", "share_repeated"),  # the release's, as it has no other
)
_UNTOLD = ("heatmap", "point_divisor", "fixed_background_row")
"""What the generator computes with and no weight tells."""


def generator_from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """A generator, for `ipose generate --system ganseg` and `ipose train segmenter --pairs`.

    Raises:
        RunError: names or shapes at fault.
        ConfigError: a preset of other networks, or something said that GANSeg has no use for.
    """
    hints.refuse_all_but("preset", "heatmap", file=file, network="GANSeg's generator, which knows no classes")
    network = at_home(file, lambda: ganseg_generator(state))
    name = hints.preset or _published(network.config)
    network.config = at_home(file, lambda: _with_preset(network.config, name, hints))
    config = network.config
    notes = [
        f"GANSeg generator of {file}: {config.parts} parts of {config.points_per_part} points, "
        f"{len(config.sizes)} blocks, images of {config.image_size}x{config.image_size}, preset {name}",
        f"No weight tells the form of the parts, {config.heatmap}, nor what divides the points, "
        f"{config.point_divisor:g}: if images look wrong, name another --heatmap or --preset.",
    ]
    saved = network.float()
    return Converted(lambda folder: save_ganseg(folder, saved), notes)


def segmenter_from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """A segmenter, for `ipose segment`.

    Raises:
        RunError: names or shapes at fault.
        ConfigError: no preset of GANSeg, or something said that the segmenter has no use for.
    """
    hints.refuse_all_but("preset", file=file, network="GANSeg's segmenter")
    size = at_home(file, lambda: ganseg_preset(hints.preset or "celeba-wild")).image_size
    network = at_home(file, lambda: ganseg_segmenter(state)).float()
    notes = [
        f"GANSeg segmenter of {file}: {network.parts} parts",
        f"No weight tells the size of its photographs: {size}x{size}"
        + (", as published; --preset says another." if hints.preset is None else f", of preset {hints.preset}."),
    ]
    return Converted(lambda folder: save_part_segmenter(folder, network, size), notes)


def generator_to_release(folder: Path, out: Path) -> list[str]:
    """A generator's folder as one file, under `generator`.

    Raises:
        ConfigError: settings that the release does not have.
    """
    network = load_ganseg(folder)
    write_weights(out, at_home(folder, lambda: to_release(network)), inside="generator")
    return [f"GANSeg generator of {folder}", *_notes_on_going_back(network)]


def segmenter_to_release(folder: Path, out: Path) -> list[str]:
    """A segmenter's folder as one file, under `detector`.

    Raises:
        ConfigError: another network than the release's.
    """
    trained = load_part_segmenter(folder)
    if trained.network.network != DEFAULT:
        raise ConfigError(
            "the release has no such segmenter",
            file=folder,
            field="network",
            found=trained.network.network,
            expected=DEFAULT,
            mend=f"Only segmenters trained with --network {DEFAULT} have a form there.",
        )
    write_weights(out, to_release(trained.network), inside="detector")
    size = trained.image_size
    lost = f"The file does not say that photographs are brought to {size}x{size}, nor the names of the parts."
    enlarged = (
        f"Nor does it say that they are then enlarged {trained.network.enlarge} times, which the release never does."
    )
    return [f"GANSeg segmenter of {folder}", lost, *([enlarged] if trained.network.enlarge > 1 else [])]


def _published(config: GANSegConfig) -> str:
    """The published run with such blocks, head and parts, or the nearest."""
    if len(config.sizes) == 6:
        return "flowers" if config.head == "one" else "cub"
    return "taichi" if config.parts == 10 else "celeba-wild"


def _with_preset(read: GANSegConfig, name: str, hints: Hints) -> GANSegConfig:
    """The preset's settings, but for what the weights decide."""
    settings = ganseg_preset(name)
    if len(settings.sizes) != len(read.sizes):
        fitting = [other for other in PRESETS if len(ganseg_preset(other).sizes) == len(read.sizes)]
        raise ConfigError(
            "the weights do not fit the preset",
            field="preset",
            found=f"{len(read.sizes)} blocks",
            expected=f"{len(settings.sizes)}, as in {name}",
            mend=f"Presets with {len(read.sizes)}: {', '.join(fitting)}.",
        )
    weights_say = {field: getattr(read, field) for field in _READ_OFF_THE_WEIGHTS}
    return replace(at_size(settings, read.image_size), **weights_say, heatmap=hints.heatmap or settings.heatmap)


def _notes_on_going_back(network: GANSegGenerator) -> list[str]:
    own: Mapping[str, object] = {name: getattr(network.config, name) for name in _UNTOLD}
    other = [f"{name} {value}" for name, value in own.items() if value != getattr(GANSegConfig, name)]
    if not other:
        return []
    alike = [name for name in PRESETS if all(getattr(ganseg_preset(name), field) == own[field] for field in own)]
    back = f" ipose convert reads it back with --preset {alike[0]}." if alike else ""
    return [f"No weight tells {', '.join(other)}, and the release's runs have others.{back}"]
