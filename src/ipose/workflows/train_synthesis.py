"""Training generator and discriminator: from data and a trained PartNet to a run with a model folder."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes, open_spec
from ipose.errors import ConfigError, SupportError
from ipose.layers.psm_block import BlockFactory
from ipose.losses.clip_weights import load_clip_style
from ipose.partnet.pretrained import TrainedPartNet, load_partnet
from ipose.partnet.scene_parts import SceneParts, infer_scene_parts
from ipose.pipeline import IPose, generator_weights
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import SynthesisConfig
from ipose.synthesis.scene_source import SceneSource
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.matching import load_matching
from ipose.training.run import Run
from ipose.training.snapshot import TrainResult
from ipose.types import LabelSpec, Scene, SceneBatch, SupportSet
from ipose.workflows.door import check_device, check_run_folder, checked_scenes
from ipose.workflows.model_snapshots import ModelSnapshots


@dataclass(frozen=True, kw_only=True)
class SynthesisJob:
    """What to train, on what, with which PartNet. Everything that run.json remembers.

    Args:
        config: networks and objective.
        data: scenes to learn from.
        train: the loop's settings.
        partnet: run or model folder of the frozen PartNet.
        clip_weights: local file of the style encoder's weights; None = the cache.
        init: a synthesis run whose weights to start from, as far as they fit.
    """

    config: SynthesisConfig
    data: DataConfig
    train: TrainConfig
    partnet: Path
    clip_weights: Path | None = None
    init: Path | None = None

    def described(self) -> dict[str, Any]:
        """Plain values for run.json."""
        where = {"partnet": str(self.partnet), "clip_weights": self.clip_weights and str(self.clip_weights)}
        return {
            "synthesis": asdict(self.config),
            "data": asdict(self.data),
            **where,
            "init": self.init and str(self.init),
        }


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


def fit_config(config: SynthesisConfig, spec: LabelSpec, trained: TrainedPartNet) -> SynthesisConfig:
    """The config with what data and PartNet decide: classes, the unknown one, features per part channel."""
    return replace(
        config,
        num_classes=spec.num_classes,
        unknown=spec.unknown,
        part_feature_channels=trained.partnet.config.features,
    )


def run_synthesis_job(
    job: SynthesisJob,
    folder: Path,
    *,
    scenes: Sequence[Scene] | None = None,
    val: Sequence[Scene] | None = None,
    block: BlockFactory | None = None,
    style: nn.Module | None = None,
    infer_parts: Callable[[SceneBatch], SceneParts] | None = None,
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
        style: the style loss in place of CLIP's.
        infer_parts: in place of the frozen PartNet.
        resume: go on from the last checkpoint.
        device: None = what is there.
        progress: show bars; None = on a terminal.
    Raises:
        RunError, ConfigError, DataError, SupportError, MissingWeightsError: before the first step.
    """
    check_run_folder(folder, resume=resume)
    check_device(device)
    spec, trained = open_spec(job.data).labels, load_partnet(job.partnet)
    check_supports(job.data.categories or spec.part_categories, trained.supports, job.partnet)
    config = fit_config(job.config, spec, trained)
    job = replace(job, config=config)
    size = (config.height, config.width)
    scenes = checked_scenes(job.data, size) if scenes is None else scenes
    val = open_scenes(job.data, "val", size) if val is None else val
    if config.style_loss == "clip" and style is None:
        style = load_clip_style(job.clip_weights, block=config.style_block)
    torch.manual_seed(job.train.seed)
    generator, discriminator = Generator(config, block), Discriminator.from_config(config)
    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)  # the same numbers, a fifth faster on CPUs
    if job.init is not None and not resume:
        print(f"From {job.init}: {load_matching(generator, generator_weights(job.init))}.")
    frozen = FrozenParts(trained, config)
    objective = SynthesisObjective(generator, discriminator, config, infer_parts=infer_parts or frozen, style=style)
    run = Run.begin(
        folder,
        resume=resume,
        kind="synthesis",
        config=job.described(),
        train=job.train,
        data=f"{len(scenes)} scenes of {job.data.data}",
    )
    shown = ModelSnapshots(trained, spec, scenes, val)
    result = train(
        objective,
        SceneSource(scenes, flip=config.flip),
        run,
        job.train,
        resume=resume,
        on_sample=shown.sample,
        on_save=shown.save,
        device=device,
        progress=progress,
    )
    model = IPose.from_pretrained(run.model, block=block)
    return SynthesisResult(run, result, model.to(next(generator.parameters()).device), val)


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
