"""GANSeg's generator and segmenter for `ipose convert`: from the authors' files to model folders, and back."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from ipose.errors import ConfigError
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.presets import PRESETS, GANSegConfig, at_size
from ipose.ganseg.presets import preset as ganseg_preset
from ipose.ganseg.pretrained import load_ganseg, save_ganseg
from ipose.interop.release import ganseg_generator, ganseg_segmenter, to_release
from ipose.interop.release.ganseg_form import FACTORS
from ipose.interop.weight_files import write_weights
from ipose.segmentation.part_segmenter import DEFAULT
from ipose.segmentation.saved_part_segmenter import load_part_segmenter, save_part_segmenter
from ipose.systems.converting import Converted, Hints, at_home

_IN_WEIGHTS = (
    *("parts", "points_per_part", "noise_channels", "embedding", "sizes", "channels", "final_channels"),
    *("mask_channels", "hidden", "head", "point_layers", "embedding_layers", "margin"),
    *("grid", "share_repeated"),  # the release's, as it has no other
)
_NOT_IN_WEIGHTS = ("heatmap", "point_divisor", "fixed_background_row")
"""Settings of the generator that no weight shows."""


def generator_from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """Convert a generator to a model folder, for `ipose generate` and `ipose train part-segmenter --pairs`."""
    hints.refuse_all_but("preset", "heatmap", file=file, network="GANSeg's generator, which has no classes")
    network = at_home(file, lambda: ganseg_generator(state))
    name = hints.preset or _published(network.config)
    if (sizes := at_home(file, lambda: ganseg_preset(name)).sizes) != network.config.sizes and _alike(sizes, network):
        network = at_home(file, lambda: ganseg_generator(state, sizes=sizes))
    network.config = at_home(file, lambda: _with_preset(network.config, name, hints))
    config = network.config
    notes = [
        f"GANSeg generator of {file}: {config.parts} parts of {config.points_per_part} points, "
        f"{len(config.sizes)} blocks, images of {config.image_size}x{config.image_size}, preset {name}",
        f"The weights do not show the form of the parts (here {config.heatmap}), nor the divisor of the points (here "
        f"{config.point_divisor:g}). If images look wrong, name another --heatmap or --preset.",
    ]
    saved = network.float()
    return Converted(lambda folder: save_ganseg(folder, saved), notes)


def segmenter_from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """Convert a segmenter to a model folder, for `ipose segment`."""
    hints.refuse_all_but("preset", file=file, network="GANSeg's segmenter")
    size = at_home(file, lambda: ganseg_preset(hints.preset or "celeba-wild")).image_size
    network = at_home(file, lambda: ganseg_segmenter(state)).float()
    notes = [
        f"GANSeg segmenter of {file}: {network.parts} parts",
        f"The weights do not show the size of its photographs: {size}x{size} "
        + ("as published; --preset gives another." if hints.preset is None else f"of preset {hints.preset}."),
    ]
    return Converted(lambda folder: save_part_segmenter(folder, network, size), notes)


def generator_to_release(folder: Path, out: Path) -> list[str]:
    """Write the generator of a model folder as a file, with the key `generator`."""
    network = load_ganseg(folder)
    write_weights(out, at_home(folder, lambda: to_release(network)), inside="generator")
    return [f"GANSeg generator of {folder}", *_lost_settings(network)]


def segmenter_to_release(folder: Path, out: Path) -> list[str]:
    """Write the segmenter of a model folder as a file, with the key `detector`."""
    trained = load_part_segmenter(folder)
    if trained.network.network != DEFAULT:
        mend = f"Only segmenters trained with --network {DEFAULT} can be converted back."
        found, message = trained.network.network, "the release has no such segmenter"
        raise ConfigError(message, file=folder, field="network", found=found, expected=DEFAULT, mend=mend)
    write_weights(out, to_release(trained.network), inside="detector")
    size = trained.image_size
    lost = f"The file does not have the size of photographs ({size}x{size}), nor the names of the parts."
    enlarged = f"It does not say that they are enlarged {trained.network.enlarge} times, which the release never does."
    return [f"GANSeg segmenter of {folder}", lost, *([enlarged] if trained.network.enlarge > 1 else [])]


def _published(config: GANSegConfig) -> str:
    """The preset of the published run with these blocks, head and parts, or of the nearest one."""
    if len(config.sizes) == 6:
        return "flowers" if config.head == "one" else "cub"
    return "taichi" if config.parts == 10 else "celeba-wild"


def _alike(sizes: tuple[int, ...], network: GANSegGenerator) -> bool:
    """Whether the file, which has the first size and the number of blocks only, may be of these sizes."""
    read = network.config.sizes
    return (len(sizes), sizes[0]) == (len(read), read[0])


def _with_preset(read: GANSegConfig, name: str, hints: Hints) -> GANSegConfig:
    """The preset's settings, with the fields that the weights decide."""
    settings = ganseg_preset(name)
    if len(settings.sizes) != len(read.sizes):
        fitting = [other for other in PRESETS if len(ganseg_preset(other).sizes) == len(read.sizes)]
        found, expected = f"{len(read.sizes)} blocks", f"{len(settings.sizes)}, as in {name}"
        mend = f"Presets with {len(read.sizes)}: {', '.join(fitting)}."
        raise ConfigError(
            "the weights do not fit the preset", field="preset", found=found, expected=expected, mend=mend
        )
    from_weights = {field: getattr(read, field) for field in _IN_WEIGHTS}
    unseen: dict[str, Any] = {"heatmap": hints.heatmap or settings.heatmap, "point_divisor": settings.point_divisor}
    return replace(at_size(settings, read.image_size), **from_weights, **unseen)


def _lost_settings(network: GANSegGenerator) -> list[str]:
    own: Mapping[str, object] = {name: getattr(network.config, name) for name in _NOT_IN_WEIGHTS}
    other = [f"{name} {value}" for name, value in own.items() if value != getattr(GANSegConfig, name)]
    sizes = network.config.sizes
    if tuple(size // sizes[0] for size in sizes) != FACTORS.get(len(sizes)):
        own = {**own, "sizes": sizes}
        other.append(f"sizes {' '.join(map(str, sizes))}")
    if not other:
        return []
    alike = [name for name in PRESETS if all(getattr(ganseg_preset(name), field) == own[field] for field in own)]
    back = f" ipose convert reads it back with --preset {alike[0]}." if alike else ""
    return [f"The file does not have {', '.join(other)}. The release's runs have other values.{back}"]
