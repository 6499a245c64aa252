"""Rows of the image tables: a training each, scored on the validation scenes as `ipose evaluate` scores images."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import torch
from torch import nn

import ipose
from ipose.ablations.grids import Row
from ipose.ablations.image_scores import ImageScorer
from ipose.ablations.job import AblationJob
from ipose.ablations.kept_runs import WantedRun
from ipose.ablations.rows import Rows
from ipose.ablations.score_files import Scores, kept_scores
from ipose.configs import plain
from ipose.data.open_data import checked_scenes, open_scenes, open_spec
from ipose.errors import ConfigError, MissingDependencyError, MissingWeightsError
from ipose.evaluation.network_files import sha256_of_file
from ipose.losses.clip_weights import load_clip_style, tiny_clip_style
from ipose.losses.vgg_weights import load_vgg_loss, tiny_vgg_loss
from ipose.partnet.pretrained import TrainedPartNet, load_partnet
from ipose.pipeline import IPose
from ipose.synthesis.presets import SynthesisConfig
from ipose.systems.ipose.record import SYSTEM, IPoseOptions
from ipose.systems.ipose.training import fit_config, loop_of
from ipose.systems.training import Task, train_system
from ipose.training.config import TrainConfig
from ipose.training.snapshot import Stopped
from ipose.types import LabelSpec, Scene

IMAGES_PICTURE, TRUE_PICTURE = "images.png", "true.png"

STAND_INS = {"clip": Path("tiny-random-clip"), "vgg": Path("tiny-random-vgg")}
"""What run.json has in place of a weight file, so that such a run is never taken for one with real weights."""

_PARTS = {"predicted": "parts", "true": "true-parts", "position_descriptor": "position-descriptor"}


def run_name(config: SynthesisConfig) -> str:
    """Stem of a run folder: what the config has beyond OASIS, so that tables share runs.

    Example:
        >>> from ipose.synthesis.presets import preset
        >>> run_name(preset("toy")), run_name(preset("toy", global_loss="none", part_injection="none"))
        ('global-parts', 'oasis')
    """
    words = ["global"] if config.global_loss != "none" else []
    words += {"clip": ["style"], "vgg": ["vgg"], "none": []}[config.style_loss]
    if config.part_injection != "none":
        words += [_PARTS[config.parts]]
        words += [config.part_injection] if config.part_injection != "psm" else []
    return "-".join(words) or "oasis"


class SynthesisRows(Rows):
    """Trains and scores synthesis rows. Data and networks are opened when first needed, once for all rows.

    Raises:
        ConfigError: a row needs a PartNet, and none is named.
    """

    def __init__(self, job: AblationJob) -> None:
        self.job = job
        self._styles: dict[str, nn.Module] = {}
        needing = [row.name for row in job.chosen if self._changed(row).needs_partnet]
        if needing and job.partnet is None:
            raise ConfigError(
                f"table {job.table.name} has rows whose parts a trained PartNet predicts",
                field="partnet",
                found=f"none, for {', '.join(needing)}",
                expected="--partnet RUN",
                mend="Train one with ipose train partnet (or ipose ablate 7), or leave these rows out with --rows.",
            )

    @cached_property
    def spec(self) -> LabelSpec:
        """Of the scenes."""
        return open_spec(self.job.data).labels

    @cached_property
    def partnet(self) -> TrainedPartNet:
        """The frozen one."""
        assert self.job.partnet is not None  # looked at in the beginning
        return load_partnet(self.job.partnet)

    @cached_property
    def scenes(self) -> Sequence[Scene]:
        """To train on."""
        return checked_scenes(self.job.data, self._size)

    @cached_property
    def val(self) -> Sequence[Scene]:
        """To score on."""
        return open_scenes(self.job.data, "val", self._size)

    @cached_property
    def scorer(self) -> ImageScorer:
        """Feature network and segmenter."""
        job = self.job
        device = job.device or ("cuda" if torch.cuda.is_available() else "cpu")
        return ImageScorer(self.spec, job.features, job.segmenter, job.class_map, device)

    @property
    def titles(self) -> dict[str, str]:
        """Of columns: distances are named after their features."""
        return self.scorer.titles

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the scores must know."""
        said = [self.scorer.note(len(self.val))]
        styles = {self._changed(row).style_loss for row in self.job.chosen}
        if self.job.tiny_encoders and styles != {"none"}:
            said.append(
                "CLIP and VGG are tiny random stand-ins here (--tiny-encoders): rows with such a loss try the code, "
                "and say nothing about these losses."
            )
        if styles == {"none"}:
            said.append(
                f"All rows are trained without the style loss, as preset {self.job.preset} is; the paper's have it."
            )
        return tuple(said)

    def missing(self, row: Row) -> str | None:
        """Why a row cannot be trained here: weights that are not there. Raises where a named file is no good."""
        loss = self._changed(row).style_loss
        named = {"clip": self.job.clip_weights, "vgg": self.job.vgg_weights}.get(loss)
        try:
            self._style(row)
        except (MissingWeightsError, MissingDependencyError) as error:
            if named is not None:
                raise
            of, flag = {"clip": ("CLIP's", "--clip-weights"), "vgg": ("VGG-19's", "--vgg-weights")}[loss]
            return f"needs {of} weights ({error.message}; name a file with {flag}, or --tiny-encoders for a trial)"
        return None

    def config(self, row: Row) -> SynthesisConfig:
        """The row's, as run.json has it."""
        config = self._changed(row)
        return fit_config(config, self.spec, self.partnet if config.needs_partnet else None)

    def folder(self, row: Row, seed: int) -> Path:
        """Of the row's run."""
        return self.job.out / f"{run_name(self._changed(row))}-seed-{seed}"

    def wanted(self, row: Row, seed: int) -> WantedRun:
        """What the folder must hold."""
        config = self.config(row)
        scenes = 0 if self.job.steps is not None else len(self.scenes)
        train = TrainConfig(**{**loop_of(config, scenes), **self.job.loop_of_run(seed)})
        return WantedRun(kind=SYSTEM.kind, config=self._task(row).described(), train=train)

    def train(self, row: Row, seed: int, *, resume: bool, max_minutes: float | None) -> Stopped:
        """Begin the run, or go on with it."""
        trained = train_system(
            self._task(row),
            self.folder(row, seed),
            loop=self.job.loop_of_run(seed, max_minutes),
            resume=resume,
            device=self.job.device,
            scenes=self.scenes,
            val=self.val,
            style=self._style(row),
        )
        return trained.result.stopped

    def scores(self, row: Row, seed: int) -> Scores:
        """Of one image of each validation scene."""
        folder = self.folder(row, seed)
        weights = {path.name: sha256_of_file(path) for path in sorted((folder / "model").glob("*.safetensors"))}
        key = {
            "weights": weights,
            "by": self.scorer.label,
            "partnet": self.job.partnet if self._changed(row).needs_partnet else None,
            "data": plain(self.job.data),
            "ipose": ipose.__version__,
        }

        def compute() -> Scores:
            model = IPose.from_pretrained(folder).to(self.scorer.device)
            (folder / "scores").mkdir(exist_ok=True)
            pictures = self.pictures(row, seed)
            return {"model": self.scorer(model, self.val, pictures)}

        return kept_scores(folder / "scores" / "images.json", key, compute)

    def baselines(self, row: Row) -> str:
        """There are none."""
        return ""

    def pictures(self, row: Row, seed: int) -> tuple[Path, Path]:
        """Label maps with photographs, and the images."""
        folder = self.folder(row, seed) / "scores"
        return folder / TRUE_PICTURE, folder / IMAGES_PICTURE

    @property
    def _size(self) -> tuple[int, int]:
        config = self.job.config
        assert isinstance(config, SynthesisConfig)
        return config.height, config.width

    def _changed(self, row: Row) -> SynthesisConfig:
        assert isinstance(self.job.config, SynthesisConfig)
        return replace(self.job.config, **row.changes)

    def _style(self, row: Row) -> nn.Module | None:
        """The row's style loss, loaded once."""
        config, job = self._changed(row), self.job
        loss = config.style_loss
        if loss == "none":
            return None
        if loss not in self._styles:
            if job.tiny_encoders:
                self._styles[loss] = tiny_clip_style(0) if loss == "clip" else tiny_vgg_loss(0)
            elif loss == "clip":
                block, resize = config.style_block, config.style_resize
                self._styles[loss] = load_clip_style(job.clip_weights, block=block, resize=resize)
            else:
                self._styles[loss] = load_vgg_loss(job.vgg_weights)
        return self._styles[loss]

    def _task(self, row: Row) -> Task:
        """A weight file, or PartNet, is named in the runs that use it alone: so the others are shared."""
        config, job = self.config(row), self.job
        named = STAND_INS if job.tiny_encoders else {"clip": job.clip_weights, "vgg": job.vgg_weights}
        options = IPoseOptions(
            partnet=job.partnet if config.needs_partnet else None,
            clip_weights=named["clip"] if config.style_loss == "clip" else None,
            vgg_weights=named["vgg"] if config.style_loss == "vgg" else None,
        )
        return Task(system=SYSTEM, config=config, data=job.data, options=options)
