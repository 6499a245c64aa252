"""Rows of iPOSE's tables: each is trained, and its images are scored as `ipose evaluate` does."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn

from ipose.ablations.rows import AblationJob
from ipose.ablations.table import Row
from ipose.errors import ConfigError, MissingDependencyError, MissingWeightsError
from ipose.losses.clip_weights import tiny_clip_style
from ipose.losses.vgg_weights import tiny_vgg_loss
from ipose.partnet.pretrained import TrainedPartNet, load_partnet
from ipose.pipeline import IPose
from ipose.synthesis.objective import InferParts
from ipose.synthesis.presets import SynthesisConfig
from ipose.systems.image_rows import ImageRows
from ipose.systems.ipose.record import SYSTEM, IPoseOptions
from ipose.systems.ipose.tables import OWN_BLOCK
from ipose.systems.ipose.training import fit_config, style_loss
from ipose.systems.ipose.training_parts import part_source, remembered
from ipose.systems.training import Task, loop_of_epochs

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


class SynthesisRows(ImageRows):
    """Trains and scores synthesis rows.

    Raises:
        ConfigError: a row needs a PartNet, and none is named; or a class map without a segmenter.
    """

    system = SYSTEM

    def __init__(self, job: AblationJob) -> None:
        super().__init__(job)
        self._styles: dict[str, nn.Module | None] = {}
        needing = [row.name for row in job.chosen if self.config(row).needs_partnet]
        if needing and self.options.partnet is None:
            message = f"table {job.table.name} has rows whose parts a trained PartNet predicts"
            mend = "Train one with ipose train partnet (or ipose ablate 7), or leave these rows out with --rows."
            found = f"none, for {', '.join(needing)}"
            raise ConfigError(message, field="partnet", found=found, expected="--partnet RUN", mend=mend)

    @cached_property
    def partnet(self) -> TrainedPartNet:
        """The frozen PartNet."""
        assert self.options.partnet is not None  # checked in __init__
        return load_partnet(self.options.partnet)

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
        return loop_of_epochs(self.config(row), 0 if self.job.steps is not None else len(self.scenes))

    def given(self, row: Row) -> Mapping[str, Any]:
        """The opened scenes, the loaded style loss, and the parts, which are inferred once for all rows."""
        parts = self._predicted_parts if self.config(row).needs_partnet else None
        return {"scenes": self.scenes, "val": self.val, "style": self._style(row), "infer_parts": parts}

    @cached_property
    def _predicted_parts(self) -> InferParts | None:
        """The parts of PartNet."""
        config = fit_config(replace(self.job.config, parts="predicted"), self.spec, self.partnet)
        return remembered(part_source(config, self.partnet), config, len(self.scenes))

    def judged_by(self, row: Row) -> Mapping[str, Any]:
        """Feature network and segmenter, and the PartNet of rows that use one."""
        return {"by": self.scorer.label, "partnet": self.options.partnet if self.config(row).needs_partnet else None}

    def score(self, folder: Path, pictures: tuple[Path, Path]) -> dict[str, float]:
        """Scores of the images."""
        return self.scorer(IPose.from_pretrained(folder).to(self.device), self.job.data, pictures)

    def _style(self, row: Row) -> nn.Module | None:
        """The row's style loss, loaded once."""
        config, given = self.config(row), self.options
        loss = config.style_loss
        if loss == "none":
            return None
        if loss not in self._styles:
            if given.tiny_encoders:
                self._styles[loss] = tiny_clip_style(0) if loss == "clip" else tiny_vgg_loss(0)
            else:
                self._styles[loss] = style_loss(config, given)
        return self._styles[loss]
