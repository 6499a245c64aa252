"""Rows of iPOSE's tables: each is trained, and its images are scored as `ipose evaluate` does."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

import ipose
from ipose.ablations.rows import AblationJob
from ipose.ablations.run_folders import Scores, kept_scores
from ipose.ablations.table import Row
from ipose.configs import plain
from ipose.data.open_data import checked_scenes, open_scenes, open_spec
from ipose.errors import ConfigError, MissingDependencyError, MissingWeightsError
from ipose.evaluation.judges import check_class_map
from ipose.label_spec import LabelSpec
from ipose.losses.clip_weights import load_clip_style, tiny_clip_style
from ipose.losses.vgg_weights import load_vgg_loss, tiny_vgg_loss
from ipose.model_folder import sha256_of
from ipose.partnet.pretrained import TrainedPartNet, load_partnet
from ipose.pipeline import IPose
from ipose.synthesis.presets import SynthesisConfig
from ipose.systems.ablating import SystemRows
from ipose.systems.image_scores import ImageScorer
from ipose.systems.ipose.judging import ScenesOfIPose
from ipose.systems.ipose.record import SYSTEM, IPoseOptions
from ipose.systems.ipose.tables import OWN_BLOCK
from ipose.systems.ipose.training import fit_config, loop_of
from ipose.systems.training import Task
from ipose.types import Scene

IMAGES_PICTURE, TRUE_PICTURE = "images.png", "true.png"

STAND_INS = {"clip": Path("tiny-random-clip"), "vgg": Path("tiny-random-vgg")}
"""Names in run.json in place of weight files. So a run with random weights is not used as one with real weights."""

_PARTS = {"predicted": "parts", "true": "true-parts", "position_descriptor": "position-descriptor"}


def run_name(config: SynthesisConfig) -> str:
    """Stem of a run folder: what the config adds to OASIS. So tables share runs.

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


class SynthesisRows(SystemRows):
    """Trains and scores synthesis rows. Data and networks are opened once for all rows.

    Raises:
        ConfigError: a row needs a PartNet, and none is named; or a class map without a segmenter.
    """

    system = SYSTEM

    def __init__(self, job: AblationJob) -> None:
        super().__init__(job)
        self._styles: dict[str, nn.Module] = {}
        check_class_map(self.options.class_map, self.options.segmenter)
        needing = [row.name for row in job.chosen if self.config(row).needs_partnet]
        if needing and self.options.partnet is None:
            raise ConfigError(
                f"table {job.table.name} has rows whose parts a trained PartNet predicts",
                field="partnet",
                found=f"none, for {', '.join(needing)}",
                expected="--partnet RUN",
                mend="Train one with ipose train partnet (or ipose ablate 7), or leave these rows out with --rows.",
            )

    @cached_property
    def spec(self) -> LabelSpec:
        """Spec of the scenes."""
        return open_spec(self.job.data).labels

    @cached_property
    def partnet(self) -> TrainedPartNet:
        """The frozen PartNet."""
        assert self.options.partnet is not None  # checked in __init__
        return load_partnet(self.options.partnet)

    @cached_property
    def scenes(self) -> Sequence[Scene]:
        """Training scenes."""
        return checked_scenes(self.job.data, self._size)

    @cached_property
    def val(self) -> Sequence[Scene]:
        """Validation scenes."""
        return open_scenes(self.job.data, "val", self._size)

    @cached_property
    def scorer(self) -> ImageScorer:
        """Feature network and segmenter."""
        device = self.job.device or ("cuda" if torch.cuda.is_available() else "cpu")
        return ImageScorer(self.spec, self.options, device)

    @property
    def titles(self) -> Mapping[str, str]:
        """Titles of distances, with the name of their features."""
        return self.scorer.titles

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences below the table."""
        said = [self.scorer.note(len(self.val))]
        styles = {self.config(row).style_loss for row in self.job.chosen}
        if self.options.tiny_encoders and styles != {"none"}:
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
        """Which weights the row needs, if they are not here. Raises MissingWeightsError for a file that was named."""
        loss = self.config(row).style_loss
        named = {"clip": self.options.clip_weights, "vgg": self.options.vgg_weights}.get(loss)
        try:
            self._style(row)
        except (MissingWeightsError, MissingDependencyError) as error:
            if named is not None:
                raise
            of, flag = {"clip": ("CLIP's", "--clip-weights"), "vgg": ("VGG-19's", "--vgg-weights")}[loss]
            return f"needs {of} weights ({error.message}; name a file with {flag}, or --tiny-encoders for a trial)"
        return None

    def run_name(self, row: Row) -> str:
        """Stem of the row's run folders."""
        return run_name(self.config(row)) + (f"-{OWN_BLOCK}" if row.name == OWN_BLOCK else "")

    def task(self, row: Row) -> Task:
        """The task. Only rows that use a weight file or PartNet name it in run.json, so tables share the other runs."""
        config, given = self.config(row), self.options
        named = STAND_INS if given.tiny_encoders else {"clip": given.clip_weights, "vgg": given.vgg_weights}
        options = IPoseOptions(
            partnet=given.partnet if config.needs_partnet else None,
            clip_weights=named["clip"] if config.style_loss == "clip" else None,
            vgg_weights=named["vgg"] if config.style_loss == "vgg" else None,
            block=given.block if row.name == OWN_BLOCK else None,
        )
        fitted = fit_config(config, self.spec, self.partnet if config.needs_partnet else None)
        return Task(system=SYSTEM, config=fitted, data=self.job.data, options=options)

    def loop(self, row: Row) -> Mapping[str, Any]:
        """Steps by the config's epochs, batches, averaging."""
        return loop_of(self.config(row), 0 if self.job.steps is not None else len(self.scenes))

    def given(self, row: Row) -> Mapping[str, Any]:
        """The opened scenes, and the loaded style loss."""
        return {"scenes": self.scenes, "val": self.val, "style": self._style(row)}

    def scores(self, row: Row, seed: int) -> Scores:
        """Scores of one image of each validation scene."""
        folder = self.folder(row, seed)
        weights = {path.name: sha256_of(path) for path in sorted((folder / "model").glob("*.safetensors"))}
        key = {
            "weights": weights,
            "by": self.scorer.label,
            "partnet": self.options.partnet if self.config(row).needs_partnet else None,
            "data": plain(self.job.data),
            "ipose": ipose.__version__,
        }

        def compute() -> Scores:
            model = IPose.from_pretrained(folder).to(self.scorer.device)
            (folder / "scores").mkdir(exist_ok=True)
            pictures = self.pictures(row, seed)
            return {"model": self.scorer(ScenesOfIPose(model), self.job.data, pictures)}

        return kept_scores(folder / "scores" / "images.json", key, compute)

    def pictures(self, row: Row, seed: int) -> tuple[Path, Path]:
        """Files of two pictures: label maps with photographs, and the images."""
        folder = self.folder(row, seed) / "scores"
        return folder / TRUE_PICTURE, folder / IMAGES_PICTURE

    @property
    def _size(self) -> tuple[int, int]:
        return self.job.config.height, self.job.config.width

    def _style(self, row: Row) -> nn.Module | None:
        """The row's style loss, loaded once."""
        config, given = self.config(row), self.options
        loss = config.style_loss
        if loss == "none":
            return None
        if loss not in self._styles:
            if given.tiny_encoders:
                self._styles[loss] = tiny_clip_style(0) if loss == "clip" else tiny_vgg_loss(0)
            elif loss == "clip":
                block, resize = config.style_block, config.style_resize
                self._styles[loss] = load_clip_style(given.clip_weights, block=block, resize=resize)
            else:
                self._styles[loss] = load_vgg_loss(given.vgg_weights)
        return self._styles[loss]
