"""`ipose ablate` for all systems: finds the table, and trains its rows as `ipose train` does."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

import torch

from ipose.ablations.ablate import AblationResult, run_ablation
from ipose.ablations.rows import AblationJob, Rows
from ipose.ablations.run_folders import WantedRun
from ipose.ablations.table import Row
from ipose.systems.ablation_tables import table_named
from ipose.systems.checks import check_device
from ipose.systems.record import AblateOptions, System, function_named, own_options
from ipose.systems.registry import systems
from ipose.systems.training import Task, train_system
from ipose.training.config import TrainConfig
from ipose.training.snapshot import Stopped

IMAGES_PICTURE, TRUE_PICTURE = "images.png", "true.png"


def ablate(name: str, preset: str | None, given: AblateOptions, **settings: Any) -> AblationResult:
    """Train and score a table of any system. `settings`: other fields of an `AblationJob`.

    Args:
        preset: whose config the rows change; None = the system's first preset.
        given: options of any system. Options that the table's system does not have must have their defaults.
    Raises:
        ConfigError: no such table, preset or row, or an option of another system.
        RunError, DataError, MissingWeightsError: as `run_ablation` raises them.
    """
    system, table = table_named(name)
    config = system.default_config(preset)
    known = {item.name: item.default for other in systems() for item in fields(other.ablate_options)}
    asked = {name: getattr(given, name) for name, default in known.items() if getattr(given, name, default) != default}
    refusal = f"an option that means nothing for table {table.name}, which trains {system.title}"
    options = own_options(system.ablate_options, asked, refusal, "Leave it out.")
    named = preset or next(iter(system.presets), "")
    job = AblationJob(table=options.applied(table), config=config, preset=named, options=options, **settings)
    check_device(job.device)
    return run_ablation(rows_of(system, job))


def rows_of(system: System, job: AblationJob) -> Rows:
    """The system's `Rows` for a job."""
    rows: Rows = function_named(str(system.rows))(job)
    return rows


class SystemRows(Rows):
    """Rows whose runs `train_system` trains. A system's subclass adds `loop` and `scores`."""

    system: ClassVar[System]

    def __init__(self, job: AblationJob) -> None:
        super().__init__(job)
        self.options: Any = self.system.ablate_options() if job.options is None else job.options

    @property
    def kind(self) -> str:
        """Kind of the runs, in run.json."""
        return self.system.kind

    def task(self, row: Row) -> Task:
        """The task of the row's training."""
        return Task(system=self.system, config=self.config(row), data=self.job.data)

    @property
    def device(self) -> str:
        """Device to score on."""
        return self.job.device or ("cuda" if torch.cuda.is_available() else "cpu")

    def pictures(self, row: Row, seed: int) -> tuple[Path, Path]:
        """Files of two pictures: the truth, and the run's results."""
        folder = self.folder(row, seed) / "scores"
        return folder / TRUE_PICTURE, folder / IMAGES_PICTURE

    @abstractmethod
    def loop(self, row: Row) -> Mapping[str, Any]:
        """Settings of `TrainConfig` that the row's config decides. The job's settings replace them."""

    def given(self, row: Row) -> Mapping[str, Any]:
        """Arguments of the system's `prepare`, such as data that are opened once for all rows."""
        return {}

    def wanted(self, row: Row, seed: int) -> WantedRun:
        """The run that the folder must hold."""
        train = TrainConfig(**{**self.loop(row), **self.job.loop_of_run(seed)})
        return WantedRun(kind=self.kind, config=self.task(row).described(), train=train)

    def train(self, row: Row, seed: int, *, resume: bool, max_minutes: float | None) -> Stopped:
        """Train the run, or resume it."""
        trained = train_system(
            self.task(row),
            self.folder(row, seed),
            loop=self.job.loop_of_run(seed, max_minutes),
            resume=resume,
            device=self.job.device,
            **self.given(row),
        )
        return trained.result.stopped
