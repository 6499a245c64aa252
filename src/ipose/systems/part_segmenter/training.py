"""Training a part segmenter on what a GANSeg run generates, with a sheet on real photographs on the way."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from PIL import Image

from ipose.configs import config_from_plain
from ipose.data.data_config import PhotoConfig
from ipose.data.photo_folder import PhotoFolder, find_photographs, open_photographs
from ipose.errors import IposeError, MissingWeightsError
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.pretrained import load_ganseg
from ipose.ganseg.saved_segmenter import save_part_segmenter
from ipose.images import image_float
from ipose.interop.weight_files import read_weights
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet, enlarge
from ipose.reports.figures import photo
from ipose.reports.points_sheet import many_parts_picture, part_legend, parts_over
from ipose.segmentation.pairs import NoiseSource, PartSegmenterObjective, draw_pairs
from ipose.segmentation.part_segmenter import PartSegmenter, imagenet_weights
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.systems.training import Prepared, Task, steps_of_epochs
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot

SHOWN, WATCHED = 6, 32
RE_ESTIMATION_PASSES = 20
"""Batches from which batch-norm statistics are estimated."""
LEAST_SEEN = 128
"""Side in pixels that a network should see."""


def prepare(task: Task, *, seed: int, resume: bool) -> Prepared:
    """A segmenter on pairs that the generator draws on the device, each for one step alone.

    Args:
        task: config, and the options, which name the generator's run.
        seed: of initial weights.
        resume: a checkpoint will be restored; there is nothing else to take over.
    Raises:
        RunError, ConfigError, MissingWeightsError: before the first step.
    """
    config: PartSegmenterConfig = task.config
    pairs = task.options.pairs
    generator = load_ganseg(pairs)
    size = generator.config.image_size
    torch.manual_seed(seed)
    network = _new_segmenter(config, task.options.backbone, generator.config.parts)
    _advise_enlarging(size, config)
    return Prepared(
        config=config,
        objective=PartSegmenterObjective(network, generator, config),
        source=NoiseSource(generator.config, config.pairs_per_epoch),
        about=f"pairs of {pairs}",
        loop={
            "steps": steps_of_epochs(config.epochs, config.pairs_per_epoch, config.batch_size),
            "batch_size": config.batch_size,
            "ema_decay": 0.0,
        },
        model=partial(_settled, generator=generator, count=config.batch_size),
        save=lambda model, folder: save_part_segmenter(folder, model, size),
        show=partial(segmenter_sheet, generator=generator, photographs=_photographs_of(pairs, size)),
        watch=lambda model, step: {"pairs": pair_accuracy(model, generator)},
    )


def _settled(snapshot: Snapshot, *, generator: GANSegGenerator, count: int) -> PartSegmenter:
    """The network of a step, with the batch-norm statistics of its present weights."""
    network = snapshot.network("segmenter")
    assert isinstance(network, PartSegmenter)
    return re_estimated(network, generator, count)


def _new_segmenter(config: PartSegmenterConfig, backbone_file: Path | None, parts: int) -> PartSegmenter:
    """The untrained network, its backbone's weights those of the file where one is named."""
    if backbone_file is None:
        return PartSegmenter(parts, config.network, enlarge=config.enlarge)
    if not backbone_file.is_file():
        raise MissingWeightsError(
            "no weights of a backbone here",
            file=backbone_file,
            field="backbone",
            mend=f"Get {imagenet_weights(config.network)}, or leave --backbone out for random weights.",
        )
    backbone = read_weights(backbone_file)
    return PartSegmenter(parts, config.network, backbone, enlarge=config.enlarge)


def re_estimated(network: PartSegmenter, generator: GANSegGenerator, count: int) -> PartSegmenter:
    """The network with the batch-norm statistics of its present weights: those that training keeps lag behind."""
    device, passes = next(generator.parameters()).device, iter(range(RE_ESTIMATION_PASSES))
    network.to(device)

    def forward() -> None:
        first = next(passes) * count
        noise = numbered_noise(generator.config, 3000, range(first, first + count)).to(device)
        network(draw_pairs(generator, noise)[0])

    reestimate_batch_norm(network, forward, passes=RE_ESTIMATION_PASSES)
    return network


@torch.no_grad()
def pair_accuracy(network: PartSegmenter, generator: GANSegGenerator, count: int = WATCHED) -> dict[str, float]:
    """Share of the "pixels" of some fixed pairs that the segmenter gives the generator's part; "commonest": the share
    of the commonest part (or background), which an answer of it alone would reach."""
    device = next(generator.parameters()).device
    image, target = draw_pairs(generator, numbered_noise(generator.config, 2000, range(count)).to(device))
    right = float((network.to(device).part_map(image) == target).float().mean())
    return {"pixels": right, "commonest": float(target.flatten().bincount().max()) / target.numel()}


@torch.no_grad()
def segmenter_sheet(
    network: PartSegmenter, title: str, *, generator: GANSegGenerator, photographs: list[torch.Tensor]
) -> Image.Image:
    """Generated pairs with the segmenter's answer, and its answer on photographs."""
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
    rows[-1] = TileRow(rows[-1].tiles, rows[-1].heading, part_legend(network.parts))
    return contact_sheet(rows, title)


def _photographs_of(pairs: Path, size: int) -> list[torch.Tensor]:
    """Some photographs that the GANSeg run was trained on, where they are still there."""
    try:
        run = Run.open(pairs)
        config = replace(config_from_plain(PhotoConfig, run.config["data"]), scenes=SHOWN, val_scenes=SHOWN)
        if config.is_partworld:
            return list(open_photographs(config, "val", size).images)
        root = Path(config.data)
        paths = find_photographs(root, "val") or find_photographs(root)
        return list(PhotoFolder(paths[:: max(1, len(paths) // SHOWN)][:SHOWN], size, progress=False))
    except (IposeError, KeyError, TypeError):
        return []


def _advise_enlarging(size: int, config: PartSegmenterConfig) -> None:
    """Networks of torchvision answer at an eighth of what they see: of small images, in blocks."""
    fitting = max(LEAST_SEEN // size, 1)
    if config.enlarge < fitting:
        print(
            f"Images of {size} pixels are answered in coarse blocks: --enlarge {fitting} makes them finer, and slower."
        )
