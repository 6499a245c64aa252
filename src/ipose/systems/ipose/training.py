"""Training generator and discriminator: from data and a trained PartNet to a run with a model folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ipose.data.batch_sources import SceneSource
from ipose.data.data_config import DataConfig
from ipose.data.open_data import checked_scenes, open_scenes, open_spec
from ipose.errors import ConfigError, DataError, SupportError
from ipose.layers.psm_block import BlockFactory
from ipose.losses.clip_weights import load_clip_style
from ipose.losses.vgg_weights import load_vgg_loss
from ipose.partnet.parts_without_partnet import stand_in
from ipose.partnet.pretrained import TrainedPartNet, load_partnet, model_folder
from ipose.partnet.scene_parts import SceneParts, infer_scene_parts
from ipose.pipeline import IPose, generator_weights
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.objective import InferParts, SynthesisObjective
from ipose.synthesis.presets import SynthesisConfig
from ipose.systems.ipose.snapshots import ModelSnapshots
from ipose.systems.training import TrainingPlace
from ipose.training.config import TrainConfig
from ipose.training.matching import load_matching
from ipose.training.run import Run
from ipose.training.snapshot import TrainResult
from ipose.types import LabelSpec, Scene, SceneBatch, SupportSet


@dataclass(frozen=True, kw_only=True)
class SynthesisJob:
    """What to train, on what, with which PartNet. Everything that run.json remembers.

    Args:
        config: networks and objective.
        data: scenes to learn from.
        train: the loop's settings.
        partnet: run or model folder of the frozen PartNet. None where the generator reads no predicted parts; with
            part_injection none, one that is given shows parts on sheets and takes no part in the training.
        clip_weights: local file of the style encoder's weights; None = the cache.
        vgg_weights: local file of VGG-19's weights for the style loss "vgg"; None = the cache.
        init: a synthesis run whose weights to start from, as far as they fit.
    """

    config: SynthesisConfig
    data: DataConfig
    train: TrainConfig
    partnet: Path | None = None
    clip_weights: Path | None = None
    vgg_weights: Path | None = None
    init: Path | None = None

    def described(self) -> dict[str, Any]:
        """The configs, and the places as plain values, for run.json."""
        places = {name: getattr(self, name) for name in ("partnet", "clip_weights", "vgg_weights", "init")}
        where = {name: place and str(place) for name, place in places.items()}
        return {"synthesis": self.config, "data": self.data, **where}


@dataclass(frozen=True, eq=False)
class SynthesisResult:
    """A finished (or stopped) training and the model that it left."""

    run: Run
    trained: TrainResult
    model: IPose
    val: Sequence[Scene]


class FrozenParts:
    """A PartNet that only answers: the objective's `infer_parts`. Moves with the system, trains with nothing."""

    def __init__(self, trained: TrainedPartNet, config: SynthesisConfig) -> None:
        self.partnet = trained.partnet.requires_grad_(False).eval()
        self.supports, self.config = trained.supports, config

    def to(self, device: torch.device | str) -> None:
        """Move PartNet."""
        self.partnet.to(device)

    def __call__(self, batch: SceneBatch) -> SceneParts:
        return infer_scene_parts(self.partnet, batch, self.supports, paste=self.config.paste)


def part_source(config: SynthesisConfig, trained: TrainedPartNet | None) -> InferParts | None:
    """What gives the generator its parts in training, by `config.parts`; None for a generator that reads none."""
    if config.part_injection == "none":
        return None
    if trained is not None and config.parts == "predicted":
        return FrozenParts(trained, config)
    return stand_in(config.parts)


def fit_config(config: SynthesisConfig, spec: LabelSpec, trained: TrainedPartNet | None) -> SynthesisConfig:
    """The config with what data and PartNet decide: classes, the unknown one, features per part channel."""
    features = config.part_feature_channels if trained is None else trained.partnet.config.features
    return replace(config, num_classes=spec.num_classes, unknown=spec.unknown, part_feature_channels=features)


def run_synthesis_job(
    job: SynthesisJob,
    folder: Path,
    *,
    scenes: Sequence[Scene] | None = None,
    val: Sequence[Scene] | None = None,
    block: BlockFactory | None = None,
    style: nn.Module | None = None,
    infer_parts: InferParts | None = None,
    resume: bool = False,
    device: str | None = None,
    progress: bool | None = None,
) -> SynthesisResult:
    """Train; leaves a run with a model folder that `IPose.from_pretrained` loads.

    Args:
        job: what to do.
        folder: of the run.
        scenes: the opened training scenes, where the caller has them already; `val` likewise.
        val: validation scenes, for sheets and batch-norm statistics.
        block: makes the generator's blocks in place of the PSM block (`ipose.layers.psm_block.BlockFactory`).
        style: the style loss in place of the config's.
        infer_parts: in place of what `part_source` gives.
        resume: go on from the last checkpoint.
        device: None = what is there.
        progress: show bars; None = on a terminal.
    Raises:
        RunError, ConfigError, DataError, SupportError, MissingWeightsError: before the first step.
    """
    place = TrainingPlace(folder, resume, device, progress)
    spec, trained = open_spec(job.data).labels, _trained_partnet(job)
    if trained is not None and job.partnet is not None:
        check_supports(job.data.categories or spec.part_categories, trained.supports, job.partnet)
    config = fit_config(job.config, spec, trained)
    job = replace(job, config=config)
    size = (config.height, config.width)
    scenes = checked_scenes(job.data, size) if scenes is None else scenes
    val = open_scenes(job.data, "val", size) if val is None else val
    check_part_maps(config, scenes, val)
    style = _style_loss(job) if style is None else style
    torch.manual_seed(job.train.seed)
    generator, discriminator = Generator(config, block), Discriminator.from_config(config)
    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)  # the same numbers, a fifth faster on CPUs
    if job.init is not None and not resume:
        print(f"From {job.init}: {load_matching(generator, generator_weights(job.init))}.")
    infer_parts = infer_parts or part_source(config, trained)
    objective = SynthesisObjective(generator, discriminator, config, infer_parts=infer_parts, style=style)
    shown = ModelSnapshots(trained, spec, scenes, val)
    run, result = place.train(
        "synthesis",
        job,
        objective,
        SceneSource(scenes, flip=config.flip),
        data=f"{len(scenes)} scenes of {job.data.data}",
        on_sample=shown.sample,
        on_save=shown.save,
    )
    model = IPose.from_pretrained(run.model, block=block)
    return SynthesisResult(run, result, model.to(next(generator.parameters()).device), val)


def check_partnet(config: SynthesisConfig, partnet: Path | None) -> None:
    """Whether there is a PartNet where the config needs one. Raises ConfigError, RunError."""
    if partnet is not None:
        model_folder(partnet)
    elif config.needs_partnet:
        raise ConfigError(
            "parts are predicted by a trained PartNet, and none is named",
            field="partnet",
            mend="Name its run (--partnet), or train without predicted parts: --parts true, --parts "
            "position_descriptor, or --part-injection none.",
        )


def check_part_maps(config: SynthesisConfig, *data: Sequence[Scene]) -> None:
    """Whether scenes have the part maps that the config asks for. Raises DataError."""
    if config.parts != "true" or config.part_injection == "none":
        return
    for scenes in data:
        if len(scenes) and scenes[0].part is None:
            raise DataError(
                "training on true parts needs part maps",
                field="parts",
                found=f"scene {scenes[0].name!r} without one",
                expected="{train,val}_part/ beside the label maps",
                mend="Give the data part maps, or train on predicted parts.",
            )


def _trained_partnet(job: SynthesisJob) -> TrainedPartNet | None:
    """The PartNet that the model will own; one that nothing would read is left alone, and that is said."""
    check_partnet(job.config, job.partnet)
    if job.partnet is None:
        return None
    if job.config.parts != "predicted":
        print(f"PartNet {job.partnet} is not used: the generator reads {job.config.parts} parts.")
        return None
    return load_partnet(job.partnet)


def _style_loss(job: SynthesisJob) -> nn.Module | None:
    """The loss that the config names, with its weights."""
    if job.config.style_loss == "clip":
        return load_clip_style(job.clip_weights, block=job.config.style_block)
    return load_vgg_loss(job.vgg_weights) if job.config.style_loss == "vgg" else None


def check_supports(categories: Sequence[str], supports: SupportSet, partnet: Path) -> None:
    """Every part category of the data has supports. Raises SupportError, which names those that lack them."""
    if missing := [name for name in categories if name not in supports.categories]:
        raise SupportError(
            "part categories of the data without supports",
            file=partnet,
            field=", ".join(missing),
            found=", ".join(supports.categories),
            expected=", ".join(categories),
            mend="Add a folder of part maps for each to the model's supports/ (no training needed), "
            "or take part_category out of the spec.",
        )


def synthesis_train_config(config: SynthesisConfig, scenes: int, **settings: Any) -> TrainConfig:
    """The loop's settings that a synthesis config implies; `steps` from epochs where it is not given."""
    if settings.get("steps") is None:
        settings["steps"] = config.epochs * max(scenes // config.batch_size, 1)
    if settings["steps"] < 1:
        raise ConfigError("no steps", field="steps", found=settings["steps"], expected="1 or more")
    return TrainConfig(batch_size=config.batch_size, ema_decay=config.ema_decay, **settings)
