"""Rows of GroupDNet's tables: each is trained, and its images and codes are scored as `ipose evaluate` does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn

from ipose.ablations.rows import AblationJob
from ipose.ablations.table import Row
from ipose.errors import MissingWeightsError
from ipose.evaluation.class_diversity import IMAGES, class_diversity, image_distance
from ipose.groupdnet.baselines import baseline
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.losses.vgg_feature import VGGFeatureLoss
from ipose.losses.vgg_weights import load_vgg_loss, tiny_vgg
from ipose.systems.groupdnet.judging import groupdnet_sampler
from ipose.systems.groupdnet.record import SYSTEM, GroupDNetOptions
from ipose.systems.groupdnet.tables import CLASS_METRICS
from ipose.systems.groupdnet.training import fit_config, loop_of
from ipose.systems.image_rows import ImageRows
from ipose.systems.scene_models import spread
from ipose.systems.training import Task
from ipose.types import Scene

STAND_IN = Path("tiny-random-vgg")
"""Name in run.json in place of a weight file. So a run with random weights is not used as one with real weights."""


class GroupDNetRows(ImageRows):
    """Trains and scores GroupDNet's rows.

    Raises:
        ConfigError: groups that do not fit the data's classes; or a class map without a segmenter.
    """

    system = SYSTEM

    def __init__(self, job: AblationJob) -> None:
        super().__init__(job)
        for row in job.chosen:
            self.config(row)  # raises before anything is trained

    def config(self, row: Row) -> GroupDNetConfig:
        """The job's config with the data's number of classes, and the row's changes."""
        config: GroupDNetConfig = fit_config(self.job.config, self.spec)
        if "baseline" in row.scoring:
            of_preset = self.job.preset if config == self.job.config else ""
            config = baseline(config, row.scoring["baseline"], of_preset)
        return replace(config, **row.changes)

    @cached_property
    def distance(self) -> Any:
        """LPIPS, or what replaces it."""
        return image_distance(self.options.lpips, self.device)

    @property
    def titles(self) -> Mapping[str, str]:
        """Titles of distances and diversities, with the name of their networks."""
        ours = {metric.key: f"{metric.title} ({self.distance.name})" for metric in CLASS_METRICS}
        return {**self.scorer.titles, **ours}

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences below the table."""
        pairs = f"{self._pairs} pairs a class and map"
        said = [self.scorer.note(len(self.val)), f"mCSD and mOCD: {len(self._maps)} validation label maps, {pairs}."]
        said.append("SHE (answers of people) and frames a second, which the paper has, too, are not measured.")
        if not self.distance.features:
            said.append(f"The {self.distance.name} replaces LPIPS (--lpips FILE): it compares rows, not papers.")
        if any("sync_batch_norm" in row.changes for row in self.job.chosen):
            said.append("On one device a row without SyncBN is trained as GroupDNet is.")
        if self.options.tiny_encoders and self.job.config.perceptual == "vgg":
            said.append("VGG is a tiny random stand-in here (--tiny-encoders), which tries the code and says no more.")
        return tuple(said)

    def missing(self, row: Row) -> str | None:
        """Whether VGG's weights are missing. Raises MissingWeightsError for a file that was named."""
        try:
            self.given(row)
        except MissingWeightsError as error:
            if self.options.vgg_weights is not None:
                raise
            mend = "name a file with --vgg-weights, or --tiny-encoders for a trial"
            return f"needs VGG-19's weights ({error.message}; {mend})"
        return None

    def task(self, row: Row) -> Task:
        """The task. Only runs with a VGG loss name the file in run.json."""
        config = self.config(row)
        weights = STAND_IN if self.options.tiny_encoders else self.options.vgg_weights
        options = GroupDNetOptions(vgg_weights=weights if config.perceptual == "vgg" else None)
        return Task(system=SYSTEM, config=config, data=self.job.data, options=options)

    def loop(self, row: Row) -> Mapping[str, Any]:
        """Steps by the config's epochs, batches, averaging, schedule."""
        return loop_of(self.config(row), 0 if self.job.steps is not None else len(self.scenes))

    def given(self, row: Row) -> Mapping[str, Any]:
        """The opened scenes, and the loaded perceptual loss."""
        return {"scenes": self.scenes, "val": self.val, "perceptual": self._perceptual}

    def judged_by(self, row: Row) -> Mapping[str, Any]:
        """Feature network, segmenter and distance, and how many maps and pairs are drawn."""
        distance = self.distance.features or self.distance.name
        return {"by": [self.scorer.label, distance, len(self._maps), self._pairs]}

    def score(self, folder: Path, pictures: tuple[Path, Path]) -> dict[str, float]:
        """Scores of the images, and of new codes."""
        model = GroupDNet.from_pretrained(folder).to(self.device)
        return {**self.scorer(model, self.job.data, pictures), **self._diversity(model)}

    @cached_property
    def _perceptual(self) -> nn.Module | None:
        if self.job.config.perceptual == "none":
            return None
        if self.options.tiny_encoders:
            return VGGFeatureLoss(tiny_vgg(0), imagenet=False)
        return load_vgg_loss(self.options.vgg_weights, imagenet=False)

    @property
    def _pairs(self) -> int:
        return self.options.pairs or 19

    @cached_property
    def _maps(self) -> Sequence[Scene]:
        return spread(self.val, self.options.maps or 20)

    def _diversity(self, model: GroupDNet) -> dict[str, float]:
        found = class_diversity(groupdnet_sampler(model), self._maps, self.distance, images=IMAGES, pairs=self._pairs)
        return {"mcsd": found.own, "mocd": found.others, "diversity": found.overall}
