"""Rows of GroupDNet's tables: each is trained, and its images and codes are scored as `ipose evaluate` does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from ipose.errors import MissingWeightsError
from ipose.evaluation.class_diversity import IMAGES, class_diversity, image_distance
from ipose.evaluation.judges import check_class_map
from ipose.groupdnet.baselines import baseline
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.label_spec import LabelSpec
from ipose.losses.vgg_feature import VGGFeatureLoss
from ipose.losses.vgg_weights import load_vgg_loss, tiny_vgg
from ipose.model_folder import sha256_of
from ipose.systems.ablating import SystemRows
from ipose.systems.groupdnet.class_noise import groupdnet_sampler
from ipose.systems.groupdnet.record import SYSTEM, GroupDNetOptions
from ipose.systems.groupdnet.tables import CLASS_METRICS
from ipose.systems.groupdnet.training import fit_config, loop_of
from ipose.systems.image_scores import ImageScorer
from ipose.systems.scene_models import spread
from ipose.systems.training import Task
from ipose.types import Scene

IMAGES_PICTURE, TRUE_PICTURE = "images.png", "true.png"

STAND_IN = Path("tiny-random-vgg")
"""Name in run.json in place of a weight file. So a run with random weights is not used as one with real weights."""


class GroupDNetRows(SystemRows):
    """Trains and scores GroupDNet's rows. Data and networks are opened once for all rows.

    Raises:
        ConfigError: groups that do not fit the data's classes; or a class map without a segmenter.
    """

    system = SYSTEM

    def __init__(self, job: AblationJob) -> None:
        super().__init__(job)
        check_class_map(self.options.class_map, self.options.segmenter)
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
    def spec(self) -> LabelSpec:
        """Spec of the scenes."""
        return open_spec(self.job.data).labels

    @cached_property
    def scenes(self) -> Sequence[Scene]:
        """Training scenes."""
        return checked_scenes(self.job.data, self.job.config.loaded)

    @cached_property
    def val(self) -> Sequence[Scene]:
        """Validation scenes."""
        return open_scenes(self.job.data, "val", (self.job.config.height, self.job.config.width))

    @cached_property
    def scorer(self) -> ImageScorer:
        """Feature network and segmenter."""
        return ImageScorer(self.spec, self.options, self.device)

    @cached_property
    def distance(self) -> Any:
        """LPIPS, or what replaces it."""
        return image_distance(self.options.lpips, self.device)

    @property
    def device(self) -> str:
        """Device to score on."""
        return self.job.device or ("cuda" if torch.cuda.is_available() else "cpu")

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

    def scores(self, row: Row, seed: int) -> Scores:
        """Scores of one image of each validation scene, and of new codes."""
        folder = self.folder(row, seed)
        weights = {path.name: sha256_of(path) for path in sorted((folder / "model").glob("*.safetensors"))}
        by = [self.scorer.label, self.distance.features or self.distance.name, len(self._maps), self._pairs]
        key = {"weights": weights, "by": by, "data": plain(self.job.data), "ipose": ipose.__version__}

        def compute() -> Scores:
            model = GroupDNet.from_pretrained(folder).to(self.device)
            (folder / "scores").mkdir(exist_ok=True)
            images = self.scorer(model, self.job.data, self.pictures(row, seed))
            return {"model": {**images, **self._diversity(model)}}

        return kept_scores(folder / "scores" / "images.json", key, compute)

    def pictures(self, row: Row, seed: int) -> tuple[Path, Path]:
        """Files of two pictures: label maps with photographs, and the images."""
        folder = self.folder(row, seed) / "scores"
        return folder / TRUE_PICTURE, folder / IMAGES_PICTURE

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
