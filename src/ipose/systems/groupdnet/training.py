"""Training GroupDNet from start to report: scenes, loop, sheets, model folder."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ipose.data.batch_sources import SceneSource
from ipose.data.data_config import DataConfig
from ipose.data.open_data import checked_scenes, open_scenes, open_spec
from ipose.errors import ConfigError
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.objective import GroupDNetObjective
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.losses.vgg_weights import load_vgg_loss
from ipose.reports.blocks import config_table, curves_figure, environment_facts
from ipose.reports.page import Figure, ReportContent, Section, write_report
from ipose.reports.sheets import class_legend
from ipose.systems.groupdnet.sheets import image_row, sample_sheet, samples
from ipose.systems.training import TrainingPlace
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.config import TrainConfig
from ipose.training.metrics import read_metrics
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot, TrainResult
from ipose.types import LabelSpec, Scene, SceneBatch
from ipose.whole_files import replace_folder

SHEET_SCENES, REPORT_SCENES = 6, 8
RE_ESTIMATION_PASSES = 20
"""Batches from which batch-norm statistics of averaged weights are estimated."""


@dataclass(frozen=True, kw_only=True)
class GroupDNetJob:
    """What to train, on what. Everything that run.json remembers.

    Args:
        config: networks and objective.
        data: scenes to learn from.
        train: the loop's settings.
        vgg_weights: local file of VGG-19; None = torch.hub's cache.
    """

    config: GroupDNetConfig
    data: DataConfig
    train: TrainConfig
    vgg_weights: Path | None = None

    def described(self) -> dict[str, Any]:
        """The configs, and the places as plain values, for run.json."""
        where = {"vgg_weights": self.vgg_weights and str(self.vgg_weights)}
        return {"groupdnet": self.config, "data": self.data, **where}


@dataclass(frozen=True, eq=False)
class GroupDNetResult:
    """A finished (or stopped) training and the model that it left."""

    run: Run
    trained: TrainResult
    model: GroupDNet
    val: Sequence[Scene]


def groupdnet_train_config(config: GroupDNetConfig, scenes: int, **settings: Any) -> TrainConfig:
    """The loop's settings that a GroupDNet config implies; `steps` from epochs where it is not given."""
    if settings.get("steps") is None:
        settings["steps"] = config.epochs * max(scenes // config.batch_size, 1)
    if settings["steps"] < 1:
        raise ConfigError("no steps", field="steps", found=settings["steps"], expected="1 or more")
    if config.decay_epochs:
        settings["schedule"] = "constant_then_linear"
        settings |= {"constant_epochs": config.epochs - config.decay_epochs, "decay_epochs": config.decay_epochs}
    return TrainConfig(batch_size=config.batch_size, ema_decay=config.ema_decay, **settings)


def run_groupdnet_job(
    job: GroupDNetJob,
    folder: Path,
    *,
    scenes: Sequence[Scene] | None = None,
    val: Sequence[Scene] | None = None,
    perceptual: nn.Module | None = None,
    resume: bool = False,
    device: str | None = None,
    progress: bool | None = None,
) -> GroupDNetResult:
    """Train; leaves a run with a model folder that `GroupDNet.from_pretrained` loads.

    Args:
        job: what to do.
        folder: of the run.
        scenes: the opened training scenes, where the caller has them already; `val` likewise.
        val: validation scenes, for sheets.
        perceptual: in place of VGG-19's feature loss.
        resume: go on from the last checkpoint.
        device: None = what is there.
        progress: show bars; None = on a terminal.
    Raises:
        RunError, ConfigError, DataError, MissingWeightsError: before the first step.
    """
    place = TrainingPlace(folder, resume, device, progress)
    spec = open_spec(job.data).labels
    config = _fitted(job.config, spec)
    job, size = replace(job, config=config), (config.height, config.width)
    if config.perceptual == "vgg" and config.perceptual_weight > 0 and perceptual is None:
        perceptual = load_vgg_loss(job.vgg_weights, imagenet=False)
    scenes = checked_scenes(job.data, size) if scenes is None else scenes
    val = open_scenes(job.data, "val", size) if val is None else val
    torch.manual_seed(job.train.seed)
    objective = GroupDNetObjective.from_config(config, perceptual=perceptual)
    shown = GroupDNetSnapshots(spec, scenes, val)
    run, result = place.train(
        "groupdnet",
        job,
        objective,
        SceneSource(scenes, flip=config.flip),
        data=f"{len(scenes)} scenes of {job.data.data}",
        on_sample=shown.sample,
        on_save=shown.save,
    )
    return GroupDNetResult(run, result, GroupDNet.from_pretrained(run.model), val)


def _fitted(config: GroupDNetConfig, spec: LabelSpec) -> GroupDNetConfig:
    """The config with the data's number of classes; one that was given on purpose must be that number."""
    if config.num_classes not in (GroupDNetConfig.num_classes, spec.num_classes):
        raise ConfigError(
            "the data have another number of classes",
            field="num_classes",
            found=config.num_classes,
            expected=spec.num_classes,
            mend="Name the data's own --spec, or give the groups for its classes.",
        )
    return replace(config, num_classes=spec.num_classes)


class GroupDNetSnapshots:
    """Sheets and the model folder of a training, from copies: the training itself does not notice.

    Args:
        spec: of the scenes.
        scenes: training scenes, to estimate batch-norm statistics from.
        val: validation scenes, to show.
    """

    def __init__(self, spec: LabelSpec, scenes: Sequence[Scene], val: Sequence[Scene]) -> None:
        self.spec, self.scenes, self.val = spec, scenes, val
        self._prepared: tuple[int, GroupDNet] | None = None

    def sample(self, snapshot: Snapshot) -> None:
        """A sheet: label map, reconstruction, two seeds, one class resampled, photograph."""
        shown = [self.val[i] for i in range(min(SHEET_SCENES, len(self.val)))]
        snapshot.run.samples.mkdir(exist_ok=True)
        sheet = sample_sheet(self._model(snapshot), shown, title=f"step {snapshot.step}")
        sheet.save(snapshot.run.samples / f"step-{snapshot.step:07d}.png")

    def save(self, snapshot: Snapshot) -> None:
        """The model folder, written beside and renamed into place."""
        replace_folder(snapshot.run.model, self._model(snapshot).save_pretrained)

    def _model(self, snapshot: Snapshot) -> GroupDNet:
        """The model of this step; made once, as saving and sampling often come together."""
        if self._prepared is None or self._prepared[0] != snapshot.step:
            encoder, decoder = snapshot.network("encoder"), snapshot.network("generator")
            assert isinstance(encoder, Encoder)
            assert isinstance(decoder, Decoder)
            model = GroupDNet(encoder, decoder, self.spec)
            if snapshot.averages:
                re_estimate(model, self.scenes)
            self._prepared = snapshot.step, model
        return self._prepared[1]


def re_estimate(model: GroupDNet, scenes: Sequence[Scene]) -> None:
    """Batch-norm statistics of averaged weights over fixed scenes, each with codes of its own photograph."""
    count, passes = model.config.batch_size, iter(range(RE_ESTIMATION_PASSES))

    def forward() -> None:
        first = next(passes) * count
        batch = SceneBatch.from_scenes([scenes[(first + i) % len(scenes)] for i in range(count)]).to(model.device)
        assert batch.image is not None
        codes = model.encoder(batch.image, batch.label)
        model.decoder(batch.label, codes.sample(torch.randn_like(codes.mean)), batch.instance)

    reestimate_batch_norm(model.decoder, forward, passes=RE_ESTIMATION_PASSES)


def write_groupdnet_report(result: GroupDNetResult, more: Sequence[Section] = ()) -> Path:
    """report.html of a GroupDNet run; `more`: what stands behind the gallery, such as eval cards."""
    stride = max(1, len(result.val) // REPORT_SCENES)
    shown = [result.val[i] for i in range(0, len(result.val), stride)][:REPORT_SCENES]
    model, records = result.model, read_metrics(result.run.metrics)
    rows = [image_row(scene, samples(model, scene), model.spec) for scene in shown]
    legends = {"classes": class_legend(shown, model.spec)}
    settings = config_table(asdict(model.config), asdict(GroupDNetConfig()), title="")
    content = ReportContent(
        title="GroupDNet",
        lead=f"Trained {result.trained.step} steps in {result.trained.seconds / 60:.1f} minutes on "
        f"{result.run.info['data']}.",
        sections=[
            Section(
                "Validation scenes",
                "The photograph from its own codes; new codes for all classes, twice; a new code for one class.",
                [Figure(row.tiles, title=row.heading, legends=legends) for row in rows],
            ),
            *more,
            Section("Training", "", [curves_figure(records)] if records else []),
            Section("Settings", "Beside the paper's run on DeepFashion.", [settings]),
        ],
        facts=environment_facts(str(result.run.info["command"])),
    )
    return write_report(result.run.report, content)
