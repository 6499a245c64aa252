"""`ipose ablate` for all systems: finds the table, and trains its rows as `ipose train` does."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar

from ipose.ablations.ablate import AblationResult, run_ablation
from ipose.ablations.rows import AblationJob, Rows
from ipose.ablations.run_folders import WantedRun
from ipose.ablations.table import AblationTable, Row
from ipose.errors import ConfigError
from ipose.systems.ablation_tables import table_named
from ipose.systems.checks import check_device
from ipose.systems.record import AblateOptions, System, function_named
from ipose.systems.registry import systems
from ipose.systems.training import Task, train_system
from ipose.training.config import TrainConfig
from ipose.training.snapshot import Stopped


def ablate(name: str, preset: str | None, given: AblateOptions, **settings: Any) -> AblationResult:
    """Train and score a table of any system.

    Args:
        name: of the table.
        preset: whose config the rows change; None = the system's first preset.
        given: options of any system. Options that the table's system does not have must have their defaults.
        settings: other fields of an `AblationJob`.
    Raises:
        ConfigError: no such table, preset or row, or an option of another system.
        RunError, DataError, MissingWeightsError: as `run_ablation` raises them.
    """
    system, table = table_named(name)
    config = system.default_config(preset)
    options = _own_options(system, table, given)
    named = preset or next(iter(system.presets), "")
    job = AblationJob(table=options.applied(table), config=config, preset=named, options=options, **settings)
    check_device(job.device)
    return run_ablation(rows_of(system, job))


def rows_of(system: System, job: AblationJob) -> Rows:
    """The system's `Rows` for a job."""
    rows: Rows = function_named(str(system.rows))(job)
    return rows


def _own_options(system: System, table: AblationTable, given: AblateOptions) -> AblateOptions:
    """The options that the system has. Raises ConfigError for an option that was given and is of another system."""
    own = {item.name for item in fields(system.ablate_options)}
    for item in (item for other in systems() for item in fields(other.ablate_options)):
        found = getattr(given, item.name, item.default)
        if item.name not in own and found != item.default:
            raise ConfigError(
                f"an option that means nothing for table {table.name}, which trains {system.title}",
                field=item.name,
                found=found,
                expected=", ".join(f"--{name.replace('_', '-')}" for name in sorted(own)) or "no options of its own",
                mend="Leave it out.",
            )
    return system.ablate_options(**{name: getattr(given, name) for name in own if hasattr(given, name)})


class SystemRows(Rows):
    """Rows whose runs `train_system` trains. A system's subclass adds `loop`, `scores` and `pictures`."""

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
