"""Training generator and discriminator from start to model folder, with sample sheets on the way."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes, open_spec
from ipose.errors import ConfigError, SupportError
from ipose.evaluation.sheets import SceneRow, scene_sheet
from ipose.layers.psm_block import BlockFactory
from ipose.losses.clip_weights import load_clip_style
from ipose.partnet.pretrained import TrainedPartNet, load_partnet
from ipose.partnet.scene_parts import SceneParts, infer_scene_parts
from ipose.pipeline import IPose
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import SynthesisConfig
from ipose.synthesis.scene_noise import scene_noise
from ipose.synthesis.scene_source import SceneSource
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.matching import load_matching
from ipose.workflows.model_folder import replace_folder
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot, TrainResult
from ipose.types import LabelSpec, Scene, SceneBatch, SupportSet

SHEET_SCENES = 6
RE_ESTIMATION_PASSES = 50


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
    spec, trained = open_spec(job.data).labels, load_partnet(job.partnet)
    check_supports(job.data.categories or spec.part_categories, trained.supports, job.partnet)
    config = fit_config(job.config, spec, trained)
    job = replace(job, config=config)
    size = (config.height, config.width)
    scenes = open_scenes(job.data, "train", size) if scenes is None else scenes
    val = open_scenes(job.data, "val", size) if val is None else val
    if config.style_loss == "clip" and style is None:
        style = load_clip_style(job.clip_weights, block=config.style_block)
    run = Run.begin(
        folder,
        resume=resume,
        kind="synthesis",
        config=job.described(),
        train=job.train,
        data=f"{len(scenes)} scenes of {job.data.data}",
    )
    torch.manual_seed(job.train.seed)
    generator, discriminator = Generator(config, block), Discriminator.from_config(config)
    if job.init is not None and not resume:
        print(f"From {job.init}: {load_matching(generator, IPose.from_pretrained(job.init).generator.state_dict())}.")
    frozen = FrozenParts(trained, config)
    objective = SynthesisObjective(generator, discriminator, config, infer_parts=infer_parts or frozen, style=style)
    show = _Show(trained, spec, scenes, val, config)
    result = train(
        objective,
        SceneSource(scenes, flip=config.flip),
        run,
        job.train,
        resume=resume,
        on_sample=show.sample,
        on_save=show.save,
        device=device,
        progress=progress,
    )
    return SynthesisResult(run, result, show.model(generator), val)


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


class _Show:
    """Sheets and the model folder: from copies of the averaged weights, with batch-norm statistics of their own."""

    def __init__(
        self,
        trained: TrainedPartNet,
        spec: LabelSpec,
        scenes: Sequence[Scene],
        val: Sequence[Scene],
        config: SynthesisConfig,
    ) -> None:
        self.trained, self.spec, self.config = trained, spec, config
        self.scenes, self.val = scenes, val
        self.prepared: tuple[int, IPose] | None = None

    def model(self, generator: nn.Module) -> IPose:
        """The last model prepared."""
        assert self.prepared is not None
        return self.prepared[1]

    def sample(self, snapshot: Snapshot) -> None:
        """A sheet: label, instance, inferred parts, two seeds, photograph."""
        model, scenes = self._prepare(snapshot), [self.val[i] for i in range(min(SHEET_SCENES, len(self.val)))]
        rows = []
        for scene in scenes:
            first, second = model(scene, seed=1), model(scene, seed=2)
            rows.append(SceneRow(scene, first.parts, {"seed 1": first.image, "seed 2": second.image}))
        snapshot.run.samples.mkdir(exist_ok=True)
        sheet = scene_sheet(rows, self.spec, self.trained.supports.part_names, title=f"step {snapshot.step}")
        sheet.save(snapshot.run.samples / f"step-{snapshot.step:07d}.png")

    def save(self, snapshot: Snapshot) -> None:
        """The model folder, written beside and renamed into place."""
        replace_folder(snapshot.run.model, self._prepare(snapshot).save_pretrained)

    def _prepare(self, snapshot: Snapshot) -> IPose:
        if self.prepared is None or self.prepared[0] != snapshot.step:
            generator = snapshot.network("generator")
            assert isinstance(generator, Generator)
            model = IPose(generator, self.trained.partnet, self.trained.supports, self.spec)
            self._re_estimate(model)
            self.prepared = snapshot.step, model
        return self.prepared[1]

    def _re_estimate(self, model: IPose) -> None:
        """Batch-norm statistics of the averaged weights over fixed training scenes (facts: about 50 passes)."""
        count, passes = self.config.batch_size, iter(range(RE_ESTIMATION_PASSES))
        cache: dict[int, tuple[SceneBatch, SceneParts]] = {}

        def forward() -> None:
            number = next(passes)
            first = (number * count) % max(len(self.scenes) - count + 1, 1)
            if first not in cache:
                batch = SceneBatch.from_scenes([self.scenes[(first + i) % len(self.scenes)] for i in range(count)])
                cache.clear()
                cache[first] = batch.to(model.device), model.infer_parts(batch)
            batch, parts = cache[first]
            noises = [scene_noise(self.config, batch.size, number, name) for name in batch.names]
            model.generator(
                batch.label,
                parts.features if self.config.part_input == "features" else parts.logits,
                parts.mask,
                z=torch.stack([noise.z for noise in noises]).to(model.device),
                part_noise=torch.stack([noise.part_noise for noise in noises]).to(model.device),
            )

        reestimate_batch_norm(model.generator, forward, passes=RE_ESTIMATION_PASSES)


def synthesis_train_config(config: SynthesisConfig, scenes: int, **settings: Any) -> TrainConfig:
    """The loop's settings that a synthesis config implies; `steps` from epochs where it is not given."""
    if settings.get("steps") is None:
        settings["steps"] = config.epochs * max(scenes // config.batch_size, 1)
    if settings["steps"] < 1:
        raise ConfigError("no steps", field="steps", found=settings["steps"], expected="1 or more")
    return TrainConfig(batch_size=config.batch_size, ema_decay=config.ema_decay, **settings)
