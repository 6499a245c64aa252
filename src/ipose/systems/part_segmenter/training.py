"""Training a part segmenter on image and mask pairs that a GANSeg run generates, and the page of such a run."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ipose.configs import config_from_plain
from ipose.data.data_config import PhotoConfig
from ipose.data.object_photos import ObjectPhotos
from ipose.data.photo_folder import PhotoFolder, find_photographs, open_photographs
from ipose.data.photo_layouts import photo_layout
from ipose.errors import IposeError, MissingWeightsError
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.pretrained import load_ganseg, stored_crops
from ipose.images import image_float
from ipose.interop.weight_files import read_weights
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet, enlarge
from ipose.reports.figures import photo
from ipose.reports.page import Figure, Section
from ipose.reports.points_sheet import NO_OBJECT, many_parts_picture, part_legend, parts_over
from ipose.segmentation.pairs import NoiseSource, PartSegmenterObjective, draw_pairs
from ipose.segmentation.part_segmenter import PartSegmenter, imagenet_weights
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.segmentation.saved_part_segmenter import save_part_segmenter
from ipose.systems.reporting import RunPage, config_of, settings_section
from ipose.systems.training import Prepared, Task, loop_of_epochs
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.metrics import read_metrics
from ipose.training.run import Run

SHOWN, WATCHED = 6, 32
RE_ESTIMATION_PASSES = 20
"""Number of batches from which batch-norm statistics are computed."""
LEAST_SEEN = 128
"""Least side in pixels of a network's input for fine parts."""


def prepare(task: Task, *, seed: int, resume: bool) -> Prepared:
    """Prepare a segmenter. Its generator draws each pair on the device, for one step only."""
    config: PartSegmenterConfig = task.config
    pairs = task.options.pairs
    generator = load_ganseg(pairs)
    size, crops = generator.config.image_size, stored_crops(pairs)
    torch.manual_seed(seed)
    network = _new_segmenter(config, task.options.backbone, generator.config.parts)
    _advise_enlarging(size, config)
    return Prepared(
        config=config,
        objective=PartSegmenterObjective(network, generator, config),
        source=NoiseSource(generator.config, config.pairs_per_epoch),
        about=f"pairs of {pairs}",
        loop=loop_of_epochs(config, config.pairs_per_epoch),
        model=lambda snapshot: re_estimated(
            snapshot.network_as(PartSegmenter, "segmenter"), generator, config.batch_size
        ),
        save=lambda model, folder: save_part_segmenter(folder, model, size, crops=crops),
        show=partial(segmenter_sheet, generator=generator, photographs=_photographs_of(pairs, size)),
        watch=lambda model, step: {"pairs": pair_accuracy(model, generator)},
        measure=lambda model, metric: pair_accuracy(model, generator)[metric],
    )


def _new_segmenter(config: PartSegmenterConfig, backbone_file: Path | None, parts: int) -> PartSegmenter:
    """The untrained network. If a file is given, its backbone has the weights of the file."""
    if backbone_file is None:
        return PartSegmenter(parts, config.network, enlarge=config.enlarge)
    if not backbone_file.is_file():
        mend = f"Get {imagenet_weights(config.network)}, or leave --backbone out for random weights."
        raise MissingWeightsError("no weights of a backbone here", file=backbone_file, field="backbone", mend=mend)
    backbone = read_weights(backbone_file)
    return PartSegmenter(parts, config.network, backbone, enlarge=config.enlarge)


def re_estimated(network: PartSegmenter, generator: GANSegGenerator, count: int) -> PartSegmenter:
    """The network with batch-norm statistics of its present weights, computed on `count` pairs in each pass."""
    device, passes = next(generator.parameters()).device, iter(range(RE_ESTIMATION_PASSES))
    network.to(device)

    def forward() -> None:
        first = next(passes) * count
        noise = numbered_noise(generator.config, 3000, range(first, first + count)).to(device)
        network(draw_pairs(generator, noise)[0])

    reestimate_batch_norm(network, forward, passes=RE_ESTIMATION_PASSES)
    return network


@torch.no_grad()
def pair_accuracy(network: PartSegmenter, generator: GANSegGenerator) -> dict[str, float]:
    """How often the segmenter agrees with the generator on some fixed pairs.

    Returns:
        "pixels": share of pixels with the generator's part. "commonest": the share that the commonest part (or
        background) would reach if it were everywhere.
    """
    device = next(generator.parameters()).device
    image, target = draw_pairs(generator, numbered_noise(generator.config, 2000, range(WATCHED)).to(device))
    right = float((network.to(device).part_map(image) == target).float().mean())
    return {"pixels": right, "commonest": float(target.flatten().bincount().max()) / target.numel()}


@torch.no_grad()
def segmenter_sheet(
    network: PartSegmenter, title: str, *, generator: GANSegGenerator, photographs: list[torch.Tensor]
) -> Image.Image:
    """A sheet: generated images, the generator's masks, the segmenter's parts, and its parts of photographs."""
    device = next(generator.parameters()).device
    image, target = draw_pairs(generator, numbered_noise(generator.config, 2000, range(SHOWN)).to(device))
    answer = network.to(device).part_map(image).cpu()
    rows = [
        TileRow([Tile(enlarge(photo(picture))) for picture in image.cpu()], "generated"),
        TileRow([Tile(enlarge(many_parts_picture(part))) for part in target.cpu()], "the generator's masks"),
        TileRow([Tile(enlarge(many_parts_picture(part))) for part in answer], "the segmenter's"),
    ]
    if photographs:
        shown = photographs[:SHOWN]
        parts = network.part_map(image_float(torch.stack(shown).to(device))).cpu()
        over = [parts_over(photo(one), part) for one, part in zip(shown, parts, strict=True)]
        rows.append(TileRow([Tile(enlarge(photo(one))) for one in shown], "photographs"))
        rows.append(TileRow([Tile(enlarge(one)) for one in over], "the segmenter's parts"))
    rows[-1] = TileRow(rows[-1].tiles, rows[-1].heading, [*part_legend(network.parts), NO_OBJECT])
    return contact_sheet(rows, title)


def _photographs_of(pairs: Path, size: int) -> list[torch.Tensor]:
    """Some photographs of the GANSeg run's training data, if they are still there."""
    try:
        run = Run.open(pairs)
        config = replace(config_from_plain(PhotoConfig, run.config["data"]), scenes=SHOWN, val_scenes=SHOWN)
        if config.crops:
            return list(ObjectPhotos(config, "val", size, limit=SHOWN)[:SHOWN])
        if config.is_partworld:
            return list(open_photographs(config, "val", size).images)
        root = Path(config.data)
        paths = find_photographs(root, "val") or find_photographs(root)
        shown, upright = paths[:: max(1, len(paths) // SHOWN)][:SHOWN], photo_layout(root) is None
        return list(PhotoFolder(shown, size, progress=False, upright=upright))
    except (IposeError, KeyError, TypeError):
        return []


def _advise_enlarging(size: int, config: PartSegmenterConfig) -> None:
    """Print advice if parts will be coarse: torchvision's networks compute them at 1/8 of their input's size."""
    fitting = max(LEAST_SEEN // size, 1)
    if config.enlarge < fitting:
        print(
            f"Parts of images of {size} pixels are coarse. --enlarge {fitting} makes them finer, but training slower."
        )


SHEET = "Images of the generator, the generator's masks, and the segmenter's parts. Then photographs, if they are here."
CURVES = (
    "Losses: half of cross-entropy and half of Dice. Each pair is used for one step only. Pairs: the share of pixels "
    "to which the segmenter gives the generator's part, on some fixed pairs that it is not trained on."
)


def page(run: Run) -> RunPage:
    """The last sheet, and how often the segmenter agrees with the generator."""
    records = read_metrics(run.metrics)
    sheets = sorted(run.samples.glob("step-*.png"))
    shown = [Figure([Tile(Image.open(sheets[-1]).convert("RGB"))], wide=True, caption=SHEET)] if sheets else []
    return RunPage(
        [Section("Generated pairs, and photographs", _agreement(records), shown)],
        settings_section(config_of(run, "segmenter", PartSegmenterConfig), PartSegmenterConfig()),
        lead=", without any annotation",
        curves=CURVES,
    )


def _agreement(records: Sequence[dict[str, Any]]) -> str:
    watched = [record["pairs"] for record in records if "pairs" in record]
    if not watched:
        return "No pairs were judged yet."
    right, commonest = watched[-1]["pixels"], watched[-1].get("commonest")
    text = f"It gives {100 * right:.1f} % of the pixels of generated pairs the generator's part."
    beside = "" if commonest is None else f" The commonest part everywhere would give {100 * commonest:.1f} %."
    return text + beside
