"""Rows of GANSeg's tables: each is a GANSeg and a part segmenter on its pairs, scored as `ipose evaluate` does."""

import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import ipose
from ipose.ablations.run_folders import Scores, State, WantedRun, kept_scores, state_of
from ipose.ablations.table import Row
from ipose.configs import plain
from ipose.data.data_config import PhotoConfig, WorldFlags
from ipose.data.photo_folder import Photographs, open_photographs
from ipose.data.photo_layouts import photo_layout
from ipose.evaluation.judges import EvaluateOptions
from ipose.ganseg.pretrained import load_ganseg
from ipose.model_folder import sha256_of
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet, enlarge
from ipose.reports.figures import photo
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.systems.ablating import IMAGES_PICTURE, TRUE_PICTURE, SystemRows
from ipose.systems.ganseg.judging import OWN_SEGMENTER
from ipose.systems.ganseg.record import SYSTEM
from ipose.systems.ganseg.training import SHOWN, loop_of, sample_sheet
from ipose.systems.judging import evaluate_run
from ipose.systems.part_segmenter.record import SYSTEM as PART_SEGMENTER
from ipose.systems.part_segmenter.record import PartSegmenterOptions
from ipose.systems.training import Task, loop_of_epochs, train_system
from ipose.training.config import TrainConfig
from ipose.training.snapshot import Stopped

KEYS: Mapping[tuple[str, str], tuple[str, float]] = {
    ("CelebA in the wild", "Landmark error without bias"): ("celeba_error", 100),
    ("CelebA aligned", "Landmark error without bias"): ("aligned_error", 100),
    ("CUB-200-2011", "Foreground IoU"): ("cub_iou", 1),
    ("CUB-200-2011", "Landmark error over the edge length, with bias"): ("cub_error", 100),
    ("Flowers-102", "Foreground IoU"): ("flowers_iou", 1),
    ("Taichi", "Foreground IoU"): ("taichi_iou", 1),
    ("Taichi", "Landmark error as sum of absolute errors"): ("taichi_error", 1),
    ("", "Foreground IoU"): ("foreground_iou", 1),
    ("", "IoU of labels with their matched parts"): ("matched_iou", 1),
}
"""Column of the tables, and factor, of a card: by published data set ("" = scenes) and metric."""


class GANSegRows(SystemRows):
    """Trains and scores GANSeg's rows. Photographs are opened once for all rows."""

    system = SYSTEM

    @cached_property
    def photographs(self) -> Photographs:
        """Training photographs."""
        config = self.job.config
        return open_photographs(self.data, "train", config.image_size, least=config.batch_size)

    @property
    def data(self) -> PhotoConfig:
        """The job's data, as GANSeg names them."""
        world = {name: getattr(self.job.data, name) for name in WorldFlags.__dataclass_fields__}
        return PhotoConfig(data=self.job.data.data, **world)

    @property
    def segmenter_config(self) -> PartSegmenterConfig:
        """Settings of the part segmenters."""
        given = {
            "network": self.options.part_network,
            "enlarge": self.options.part_enlarge,
            "batch_size": self.options.part_batch_size,
        }
        return PartSegmenterConfig(**{name: value for name, value in given.items() if value is not None})

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences below the table."""
        config = self.segmenter_config
        said = [
            f"Each row is a GANSeg, and a part segmenter ({config.network}) trained on its pairs for "
            f"{self._segmenter_loop(0)['steps']} steps of {config.batch_size}."
        ]
        if any("parts" in row.changes for row in self.job.chosen):
            said.append("The weight of the concentration loss grows with the number of parts (eq. 26).")
        if not all(self.config(row).use_points and self.config(row).separate_background for row in self.job.chosen):
            said.append("The paper prints no layers of the networks without points or background; these are ours.")
        return tuple(said)

    def run_name(self, row: Row) -> str:
        """The row's own, or `ganseg` and what the row changes in the job's config. So tables share runs."""
        if row.run:
            return row.run
        words = []
        for name, value in row.changes.items():
            if getattr(self.job.config, name) != value:
                words.append(f"{name}-{value}".replace("_", "-").lower())
        return "-".join(["ganseg", *words])

    def task(self, row: Row) -> Task:
        """The task of the row's GANSeg."""
        return Task(system=SYSTEM, config=self.config(row), data=self.data)

    def loop(self, row: Row) -> Mapping[str, Any]:
        """Steps by the config's updates, batches; no averaging."""
        return loop_of(self.config(row))

    def given(self, row: Row) -> Mapping[str, Any]:
        """The opened photographs."""
        return {"photographs": self.photographs}

    def state(self, row: Row, seed: int) -> State:
        """Finished if the part segmenter is finished, too."""
        state = super().state(row, seed)
        if state == "finished" and state_of(self._segmenter(row, seed), self._wanted_segmenter(row, seed)) != state:
            return "unfinished"
        return state

    def train(self, row: Row, seed: int, *, resume: bool, max_minutes: float | None) -> Stopped:
        """Train the GANSeg, then the part segmenter, or resume them."""
        began = time.monotonic()
        if super().state(row, seed) != "finished":
            stopped = super().train(row, seed, resume=resume, max_minutes=max_minutes)
            if stopped != "done":
                return stopped
        folder = self._segmenter(row, seed)
        left = None if max_minutes is None else max_minutes - (time.monotonic() - began) / 60
        if left is not None and left <= 0:
            return "time"
        trained = train_system(
            self._segmenter_task(row, seed),
            folder,
            loop=self._segmenter_loop(seed, left),
            resume=(folder / "run.json").is_file(),
            device=self.job.device,
        )
        return trained.result.stopped

    def scores(self, row: Row, seed: int) -> Scores:
        """What `ipose evaluate` says of the part segmenter on the job's data."""
        folder, segmenter = self.folder(row, seed), self._segmenter(row, seed)
        models = [*(folder / "model").glob("*.safetensors"), *(segmenter / "model").glob("*.safetensors")]
        weights = {path.relative_to(folder).as_posix(): sha256_of(path) for path in sorted(models)}
        key = {"weights": weights, "data": plain(self.job.data), "ipose": ipose.__version__}

        def compute() -> Scores:
            self._draw(folder)
            options = EvaluateOptions(device=self.device)
            cards = evaluate_run(segmenter, self.data.scenes_config(), options).cards
            return {"model": scores_of({card.metric: card.value for card in cards}, self._published_set())}

        return kept_scores(folder / "scores" / "parts.json", key, compute)

    def _segmenter(self, row: Row, seed: int) -> Path:
        return self.folder(row, seed) / OWN_SEGMENTER

    def _segmenter_task(self, row: Row, seed: int) -> Task:
        options = PartSegmenterOptions(pairs=self.folder(row, seed), backbone=self.options.backbone)
        return Task(system=PART_SEGMENTER, config=self.segmenter_config, options=options)

    def _segmenter_loop(self, seed: int, max_minutes: float | None = None) -> dict[str, Any]:
        """Settings of `TrainConfig`: the job's, but for the steps."""
        own = loop_of_epochs(self.segmenter_config, self.segmenter_config.pairs_per_epoch)
        own["steps"] = self.options.part_steps or own["steps"]
        return {**self.job.loop_of_run(seed, max_minutes), **own}

    def _wanted_segmenter(self, row: Row, seed: int) -> WantedRun:
        described = self._segmenter_task(row, seed).described()
        train = TrainConfig(**self._segmenter_loop(seed))
        return WantedRun(kind=PART_SEGMENTER.kind, config=described, train=train)

    def _published_set(self) -> str:
        layout = None if self.data.is_partworld else photo_layout(Path(self.data.data))
        return "" if layout is None else layout.name

    def _draw(self, folder: Path) -> None:
        (folder / "scores").mkdir(parents=True, exist_ok=True)
        sample_sheet(load_ganseg(folder), range(SHOWN)).save(folder / "scores" / IMAGES_PICTURE)
        shown = [Tile(enlarge(photo(image))) for image in self.photographs.images[:SHOWN]]
        contact_sheet([TileRow(shown)]).save(folder / "scores" / TRUE_PICTURE)


def scores_of(cards: Mapping[str, float], published_set: str) -> dict[str, float]:
    """Columns of the tables, from the values of eval cards by metric. Cards without a column are left out."""
    columns = {metric: place for (name, metric), place in KEYS.items() if name == published_set}
    return {columns[metric][0]: columns[metric][1] * value for metric, value in cards.items() if metric in columns}
