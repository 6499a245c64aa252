"""Training PartNet from start to report: data, supports, loop, validation on the way, model folder, report."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ipose.data.data_config import DataConfig
from ipose.data.open_data import PartData, checked_part_pairs
from ipose.data.support_folder import load_supports
from ipose.errors import SupportError
from ipose.evaluation.part_evaluation import PartEvaluation, PartGuess, evaluate_parts
from ipose.evaluation.part_metrics import object_pixel_accuracy
from ipose.partnet.objective import PartNetObjective, PartPairSource
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.partnet.pretrained import load_partnet, save_partnet
from ipose.partnet.scene_parts import predict_objects, predict_part_maps
from ipose.reports.sheets import parts_sheet
from ipose.systems.training import TrainingPlace
from ipose.training.config import TrainConfig
from ipose.training.matching import load_matching
from ipose.training.metrics import append_metrics
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot, TrainResult
from ipose.types import PartPair, SupportSet
from ipose.whole_files import replace_folder

WATCHED = 256
"""Validation objects looked at during training; the end looks at all."""


@dataclass(frozen=True, kw_only=True)
class PartNetJob:
    """What to train, on what, how long. Everything that run.json remembers.

    Args:
        config: the network and its objective.
        data: pairs to learn from.
        train: the loop's settings.
        supports: a support folder to read; None = choose by k-means.
        init: a run whose weights to start from, as far as they fit.
    """

    config: PartNetConfig
    data: DataConfig
    train: TrainConfig
    supports: Path | None = None
    init: Path | None = None

    def described(self) -> dict[str, Any]:
        """The configs, and the places as plain values, for run.json."""
        where = {"supports": self.supports and str(self.supports), "init": self.init and str(self.init)}
        return {"partnet": self.config, "data": self.data, **where}


@dataclass(frozen=True, eq=False)
class PartNetResult:
    """A finished (or stopped) training and how well it did."""

    run: Run
    trained: TrainResult
    data: PartData
    supports: SupportSet
    partnet: PartNet

    @property
    def judged(self) -> list[PartPair]:
        """The validation pairs that `evaluation` is about, in its order: those of categories with supports."""
        return judged_pairs(self.data, self.supports)

    @cached_property
    def evaluation(self) -> PartEvaluation:
        """On all validation pairs; computed when first asked for, so that a stopped training ends at once."""
        return evaluate(self.partnet, self.data, self.supports)


def train_config(config: PartNetConfig, pairs: int | None = None, **settings: Any) -> TrainConfig:
    """The loop's settings that a PartNet config implies; `steps` from epochs where it is not given."""
    if settings.get("steps") is None:
        per_epoch = max((pairs or config.batch_size) // config.batch_size, 1)
        settings["steps"] = config.epochs * per_epoch
    return TrainConfig(
        batch_size=config.batch_size,
        ema_decay=config.ema_decay,
        schedule="cosine" if config.decay_learning_rate else "constant",
        **settings,
    )


def run_partnet_job(
    job: PartNetJob,
    folder: Path,
    *,
    data: PartData | None = None,
    resume: bool = False,
    device: str | None = None,
    progress: bool | None = None,
) -> PartNetResult:
    """Train, validating on the way; leaves a run with a model folder.

    Args:
        job: what to do.
        folder: of the run.
        data: the opened `job.data`, where the caller has it already.
        resume: go on from the last checkpoint.
        device: None = what is there.
        progress: show bars; None = on a terminal.
    Raises:
        RunError, ConfigError, DataError, SupportError: as the parts say, before the first step.
    """
    place = TrainingPlace(folder, resume, device, progress)
    data = checked_part_pairs(job.data) if data is None else data
    supports = _supports(job, data)
    source = PartPairSource(
        data.basis_train,
        supports,
        random_supports=job.config.random_supports,
        augment=job.config.augment,
        mixed_k=job.config.mixed_k,
    )
    torch.manual_seed(job.train.seed)
    objective = PartNetObjective(PartNet(job.config), job.config)
    if job.init is not None and not resume:
        print(f"From {job.init}: {load_matching(objective.partnet, load_partnet(job.init).partnet.state_dict())}.")
    watch = _Watch(data, supports)
    run, result = place.train(
        "partnet",
        job,
        objective,
        source,
        data=f"{len(data.basis_train)} part pairs of {job.data.data}",
        on_sample=watch.sample,
        on_save=lambda snapshot: replace_folder(
            snapshot.run.model, lambda folder: save_partnet(folder, _partnet(snapshot), supports)
        ),
    )
    return PartNetResult(run, result, data, supports, load_partnet(run.model).partnet)


def evaluate(partnet: PartNet, data: PartData, supports: SupportSet) -> PartEvaluation:
    """The model beside copy and majority on all validation pairs."""

    @torch.no_grad()
    def predict(shapes: torch.Tensor, categories: list[str]) -> PartGuess:
        answer = predict_objects(partnet, shapes, categories, supports)
        return PartGuess(frame=answer.part_maps(), inside=answer.part_maps(shapes))

    return evaluate_parts(predict, judged_pairs(data, supports), supports, data.basis_train, data.novel)


def judged_pairs(data: PartData, supports: SupportSet) -> list[PartPair]:
    """The validation pairs of categories that there are supports of."""
    return [pair for pair in data.val if pair.category in supports.categories]


class _Watch:
    """Accuracy on some validation objects, written beside the losses, and a sheet to look at."""

    def __init__(self, data: PartData, supports: SupportSet) -> None:
        self.pairs, self.supports = _spread(data.val, WATCHED), supports
        self.novel = data.novel

    def sample(self, snapshot: Snapshot) -> None:
        shapes = torch.stack([pair.shape for pair in self.pairs])
        true = torch.stack([pair.part_map for pair in self.pairs])
        categories = [pair.category for pair in self.pairs]
        network = _partnet(snapshot).to("cpu")
        parts = [
            predict_part_maps(network, shapes[i : i + 32, None].float(), categories[i : i + 32], self.supports)
            for i in range(0, len(shapes), 32)
        ]
        predicted = torch.cat(parts)
        scores = {
            "object_pixels": float(object_pixel_accuracy(predicted, true, shapes)),
        }
        record = {"step": snapshot.step, "seconds": round(snapshot.seconds, 1), "validation": scores}
        append_metrics(snapshot.run.metrics, record)
        snapshot.run.samples.mkdir(exist_ok=True)
        shown = slice(0, len(shapes), max(1, math.ceil(len(shapes) / 12)))
        names = [f"{pair.category} {pair.name}" for pair in self.pairs[shown]]
        sheet = parts_sheet(shapes[shown], predicted[shown], true[shown], names, title=f"step {snapshot.step}")
        sheet.save(snapshot.run.samples / f"step-{snapshot.step:07d}.png")


def _spread(pairs: Sequence[PartPair], count: int) -> list[PartPair]:
    return list(pairs[:: max(1, math.ceil(len(pairs) / count))])


def _partnet(snapshot: Snapshot) -> PartNet:
    network: nn.Module = snapshot.network("partnet")
    assert isinstance(network, PartNet)
    return network


def _supports(job: PartNetJob, data: PartData) -> SupportSet:
    if job.supports is None:
        return data.choose_supports(job.config.k, seed=job.train.seed)
    supports = load_supports(job.supports)
    if missing := sorted(set(data.part_names) - set(supports.categories)):
        raise SupportError(
            "categories of the data without supports",
            file=job.supports,
            found=", ".join(supports.categories),
            expected=", ".join(data.part_names),
            mend=f"Add folders for {', '.join(missing)}, or build them with ipose supports build.",
        )
    return supports


__all__ = ["PartNetJob", "PartNetResult", "evaluate", "run_partnet_job", "train_config"]
