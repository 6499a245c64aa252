"""From a job, its system and its data to a trained run: what all trainings do alike."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ipose.systems.checks import check_device, check_run_folder
from ipose.training.batches import BatchSource
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.run import Run
from ipose.training.snapshot import Hook, TrainResult
from ipose.types import System


@runtime_checkable
class TrainingJob(Protocol):
    """What to train: the loop's settings, and all that run.json remembers."""

    @property
    def train(self) -> TrainConfig:
        """The loop's settings."""

    def described(self) -> dict[str, Any]:
        """The configs, and the places as plain values."""


@dataclass(frozen=True)
class TrainingPlace:
    """Where a training runs; asked for before data are read, which may take minutes.

    Args:
        folder: of the run.
        resume: go on from the last checkpoint.
        device: None = what is there.
        progress: show bars; None = on a terminal.
    Raises:
        RunError: a new run in a folder that is taken, or no run to go on with.
        ConfigError: no such device.
    """

    folder: Path
    resume: bool
    device: str | None
    progress: bool | None

    def __post_init__(self) -> None:
        check_run_folder(self.folder, resume=self.resume)
        check_device(self.device)

    def train(
        self,
        kind: str,
        job: TrainingJob,
        system: System,
        source: BatchSource,
        *,
        data: str,
        on_sample: Hook,
        on_save: Hook,
    ) -> tuple[Run, TrainResult]:
        """Begin the run, or go on with it, and train.

        Args:
            kind: of the run, as run.json and `Run.kind` call it.
            job: what to do.
            system: what learns.
            source: what from.
            data: the same in words, for run.json.
            on_sample: called every `sample_every` steps and at the end.
            on_save: called after every checkpoint.
        Raises:
            RunError: going on with other settings or data than the run began with.
        """
        run = Run.begin(self.folder, resume=self.resume, kind=kind, config=job.described(), train=job.train, data=data)
        result = train(
            system,
            source,
            run,
            job.train,
            resume=self.resume,
            on_sample=on_sample,
            on_save=on_save,
            device=self.device,
            progress=self.progress,
        )
        return run, result
