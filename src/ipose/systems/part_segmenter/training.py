"""`ipose train segmenter --pairs RUN`: a segmenter from a GANSeg run's generator, with a sheet on real photographs."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ipose.configs import config_from_plain
from ipose.data.data_config import PhotoConfig
from ipose.data.photo_folder import PhotoFolder, find_photographs, open_photographs
from ipose.errors import IposeError, MissingWeightsError
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.pretrained import load_ganseg
from ipose.ganseg.saved_segmenter import TrainedSegmenter, load_part_segmenter, save_part_segmenter
from ipose.interop.weight_files import read_weights
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet, enlarge
from ipose.reports.figures import photo
from ipose.reports.points_sheet import many_parts_picture, part_legend, parts_over
from ipose.segmentation.pairs import NoiseSource, PartSegmenterObjective, draw_pairs
from ipose.segmentation.part_segmenter import PartSegmenter, imagenet_weights
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.systems.training import TrainingPlace
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.config import TrainConfig
from ipose.training.metrics import append_metrics
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot, TrainResult
from ipose.whole_files import replace_folder

SHOWN, WATCHED = 6, 32
RE_ESTIMATION_PASSES = 20
"""Batches from which batch-norm statistics are estimated."""
LEAST_SEEN = 128
"""Side in pixels that a network should see."""


@dataclass(frozen=True, kw_only=True)
class PartSegmenterJob:
    """What to train, on whose pairs. Everything that run.json remembers.

    Args:
        config: network and optimizer.
        pairs: GANSeg run or model folder.
        train: the loop's settings.
        backbone: local file of ImageNet weights for the backbone; None = random weights.
    """

    config: PartSegmenterConfig
    pairs: Path
    train: TrainConfig
    backbone: Path | None = None

    def described(self) -> dict[str, Any]:
        """The configs, and the places as plain values, for run.json."""
        where = {"pairs": str(self.pairs), "backbone": self.backbone and str(self.backbone)}
        return {"segmenter": self.config, **where}


@dataclass(frozen=True, eq=False)
class PartSegmenterResult:
    """A finished (or stopped) training and the segmenter that it left."""

    run: Run
    trained: TrainResult
    segmenter: TrainedSegmenter


def part_segmenter_train_config(config: PartSegmenterConfig, **settings: Any) -> TrainConfig:
    """The loop's settings that a segmenter config implies; `steps` from epochs where it is not given."""
    if settings.get("steps") is None:
        settings["steps"] = config.epochs * max(config.pairs_per_epoch // config.batch_size, 1)
    return TrainConfig(batch_size=config.batch_size, ema_decay=0.0, **settings)


def run_part_segmenter_job(
    job: PartSegmenterJob,
    folder: Path,
    *,
    resume: bool = False,
    device: str | None = None,
    progress: bool | None = None,
) -> PartSegmenterResult:
    """Train on pairs that the generator draws on the device, each for one step alone.

    Raises:
        RunError, ConfigError, MissingWeightsError: before the first step.
    """
    place = TrainingPlace(folder, resume, device, progress)
    generator = load_ganseg(job.pairs)
    torch.manual_seed(job.train.seed)
    network = _new_segmenter(job, generator.config.parts)
    _advise_enlarging(generator.config.image_size, job.config)
    photographs = _photographs_of(job.pairs, generator.config.image_size)

    prepared: dict[int, PartSegmenter] = {}  # of the last step: saving and sampling often come together

    def settled(snapshot: Snapshot) -> PartSegmenter:
        if snapshot.step not in prepared:
            prepared.clear()
            copy = snapshot.network("segmenter")
            assert isinstance(copy, PartSegmenter)
            prepared[snapshot.step] = re_estimated(copy, generator, job.config.batch_size)
        return prepared[snapshot.step]

    def sample(snapshot: Snapshot) -> None:
        network = settled(snapshot)
        append_metrics(snapshot.run.metrics, {"step": snapshot.step, "pairs": pair_accuracy(network, generator)})
        snapshot.run.samples.mkdir(exist_ok=True)
        sheet = segmenter_sheet(network, generator, photographs, title=f"step {snapshot.step}")
        sheet.save(snapshot.run.samples / f"step-{snapshot.step:07d}.png")

    def save(snapshot: Snapshot) -> None:
        network, size = settled(snapshot), generator.config.image_size
        replace_folder(snapshot.run.model, lambda new: save_part_segmenter(new, network, size))

    run, result = place.train(
        "part-segmenter",
        job,
        PartSegmenterObjective(network, generator, job.config),
        NoiseSource(generator.config, job.config.pairs_per_epoch),
        data=f"pairs of {job.pairs}",
        on_sample=sample,
        on_save=save,
    )
    return PartSegmenterResult(run, result, load_part_segmenter(run.model))


def _new_segmenter(job: PartSegmenterJob, parts: int) -> PartSegmenter:
    """The untrained network, its backbone's weights those of the file where one is named."""
    if job.backbone is None:
        return PartSegmenter(parts, job.config.network, enlarge=job.config.enlarge)
    if not job.backbone.is_file():
        raise MissingWeightsError(
            "no weights of a backbone here", file=job.backbone, field="backbone",
            mend=f"Get {imagenet_weights(job.config.network)}, or leave --backbone out for random weights.",
        )  # fmt: skip
    backbone = read_weights(job.backbone)
    return PartSegmenter(parts, job.config.network, backbone, enlarge=job.config.enlarge)


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
    network: PartSegmenter, generator: GANSegGenerator, photographs: list[torch.Tensor], title: str = ""
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
        parts = network.part_map((torch.stack(shown).to(device).float() / 127.5) - 1).cpu()
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
