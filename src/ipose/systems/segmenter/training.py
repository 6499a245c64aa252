"""Training a semantic segmenter: from a data set's photographs and label maps to a file that judges images by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ipose.data.batch_sources import SceneSource
from ipose.data.data_config import DataConfig
from ipose.data.open_data import checked_scenes, open_scenes, open_spec
from ipose.data.scene_folder import SceneFolder
from ipose.errors import ConfigError
from ipose.evaluation.card_folder import code_facts, model_facts, write_run_cards
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_cards import semantic_cards
from ipose.evaluation.image_pairs import DataMaps
from ipose.evaluation.image_sets import ScenePhoto
from ipose.evaluation.segmenters import load_segmenter
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import label_picture, photo
from ipose.segmentation.objective import SegmenterObjective
from ipose.segmentation.saved import save_segmenter
from ipose.segmentation.segmenter import SemanticSegmenter
from ipose.segmentation.segmenter_config import SegmenterConfig
from ipose.systems.training import TrainingPlace
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.batches import BatchSource
from ipose.training.config import TrainConfig
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot, TrainResult
from ipose.types import LabelSpec, Scene, SceneBatch
from ipose.whole_files import replace_folder

SHEET_SCENES = 6
RE_ESTIMATION_PASSES = 20
"""Batches from which batch-norm statistics are estimated: those that training keeps lag behind its weights."""


@dataclass(frozen=True, kw_only=True)
class SegmenterJob:
    """What to train, on what. Everything that run.json remembers.

    Args:
        config: network and optimizer.
        data: scenes to learn from.
        train: the loop's settings.
    """

    config: SegmenterConfig
    data: DataConfig
    train: TrainConfig

    def described(self) -> dict[str, Any]:
        """The configs, and the places as plain values, for run.json."""
        return {"segmenter": self.config, "data": self.data}


@dataclass(frozen=True, eq=False)
class SegmenterResult:
    """A finished (or stopped) training."""

    run: Run
    trained: TrainResult


def run_segmenter_job(
    job: SegmenterJob,
    folder: Path,
    *,
    scenes: Sequence[Scene] | None = None,
    source: BatchSource | None = None,
    resume: bool = False,
    device: str | None = None,
    progress: bool | None = None,
) -> SegmenterResult:
    """Train; leaves a run whose `model/` serves `ipose evaluate --segmenter`.

    Args:
        job: what to do.
        folder: of the run.
        scenes: the opened training scenes, where the caller has them already.
        source: of batches (`ipose.segmentation.objective.SegmentationBatch`) in place of the scenes.
        resume: go on from the last checkpoint.
        device: None = what is there.
        progress: show bars; None = on a terminal.
    Raises:
        RunError, ConfigError, DataError: before the first step.
    """
    place = TrainingPlace(folder, resume, device, progress)
    config, spec = job.config, open_spec(job.data).labels
    size = (config.height, config.width)
    scenes = checked_scenes(job.data, size) if scenes is None else scenes
    torch.manual_seed(job.train.seed)
    objective = SegmenterObjective(SemanticSegmenter(config, spec.num_classes), config, spec.unknown)
    shown = _Snapshots(spec, scenes, open_scenes(job.data, "val", size), config.batch_size)
    run, result = place.train(
        "segmenter",
        job,
        objective,
        source or SceneSource(scenes, flip=config.flip),
        data=f"{len(scenes)} scenes of {job.data.data}",
        on_sample=shown.sample,
        on_save=shown.save,
    )
    return SegmenterResult(run, result)


def judge_segmenter(
    folder: Path, data: DataConfig, *, limit: int | None = None, device: str = "cpu", out: Path | None = None
) -> tuple[list[EvalCard], list[Path]]:
    """mIoU and pixel accuracy of a segmenter's run on validation photographs: what it says of real images.

    Args:
        folder: of the run.
        data: whose validation scenes.
        limit: at most so many; None = all.
        device: to compute on.
        out: folder for the cards; None = the run's.
    Returns:
        the cards and their files.
    """
    run, spec = Run.open(folder), open_spec(data).labels
    trained = run.config["segmenter"]
    val = open_scenes(data, "val", (trained["height"], trained["width"]))
    names = val.names if isinstance(val, SceneFolder) else [val[i].name for i in range(len(val))]
    photos = [ScenePhoto(val, i, name) for i, name in enumerate(names[:limit])]
    maps = DataMaps(val, {name: i for i, name in enumerate(names)}, spec)
    facts = {**code_facts(), "model": model_facts(run), "images": data.data, "real": data.data}
    cards = semantic_cards(load_segmenter(folder, spec, device=device), maps, photos, facts, protocol="photographs")
    return cards, write_run_cards(cards, out or run.folder / "cards")


def segmenter_train_config(config: SegmenterConfig, scenes: int, **settings: Any) -> TrainConfig:
    """The loop's settings that a segmenter's config implies; `steps` from epochs where it is not given."""
    if settings.get("steps") is None:
        settings["steps"] = config.epochs * max(scenes // config.batch_size, 1)
    if settings["steps"] < 1:
        raise ConfigError("no steps", field="steps", found=settings["steps"], expected="1 or more")
    return TrainConfig(batch_size=config.batch_size, ema_decay=0.0, schedule="cosine", **settings)


class _Snapshots:
    """Sheets and the model folder on the way, from copies with batch-norm statistics of their own."""

    def __init__(self, spec: LabelSpec, scenes: Sequence[Scene], val: Sequence[Scene], batch_size: int) -> None:
        self.spec, self.scenes, self.val, self.batch_size = spec, scenes, val, batch_size
        self._prepared: tuple[int, SemanticSegmenter] | None = None

    def sample(self, snapshot: Snapshot) -> None:
        """A sheet: photograph, true classes, found classes."""
        network, rows = self._network(snapshot), []
        for scene in (self.val[i] for i in range(min(SHEET_SCENES, len(self.val)))):
            batch = SceneBatch.from_scenes([scene]).image
            assert scene.image is not None  # training data have photographs
            assert batch is not None
            with torch.no_grad():
                found = network(batch.to(next(network.parameters()).device)).argmax(1)[0].cpu()
            pictures = [photo(scene.image), *(label_picture(ids, self.spec) for ids in (scene.label, found))]
            captions = ("photograph", "true", "found")
            rows.append(TileRow([Tile(*tile) for tile in zip(pictures, captions, strict=True)], heading=scene.name))
        snapshot.run.samples.mkdir(exist_ok=True)
        sheet = contact_sheet(rows, f"step {snapshot.step}")
        sheet.save(snapshot.run.samples / f"step-{snapshot.step:07d}.png")

    def save(self, snapshot: Snapshot) -> None:
        """The model folder, written beside and renamed into place."""
        names = [item.name for item in self.spec.classes]
        network = self._network(snapshot)
        replace_folder(snapshot.run.model, lambda folder: save_segmenter(folder, network, names))

    def _network(self, snapshot: Snapshot) -> SemanticSegmenter:
        if self._prepared is None or self._prepared[0] != snapshot.step:
            network = snapshot.network("segmenter")
            assert isinstance(network, SemanticSegmenter)
            count, first, device = self.batch_size, 0, next(network.parameters()).device

            def forward() -> None:
                nonlocal first
                chosen = [self.scenes[(first + i) % len(self.scenes)] for i in range(count)]
                first += count
                image = SceneBatch.from_scenes(chosen).image
                assert image is not None
                network(image.to(device))

            reestimate_batch_norm(network, forward, passes=RE_ESTIMATION_PASSES)
            self._prepared = snapshot.step, network
        return self._prepared[1]
