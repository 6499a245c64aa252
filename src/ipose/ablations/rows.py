"""The job of `ipose ablate`, and what a system must do for its tables."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ipose.ablations.run_folders import Scores, State, WantedRun, state_of
from ipose.ablations.table import AblationTable, Row
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError
from ipose.training.config import TrainConfig
from ipose.training.snapshot import Stopped


@dataclass(frozen=True, kw_only=True)
class AblationJob:
    """A table to train and score.

    Args:
        config: of the table's system. Each row changes some of its fields.
        data: to train and score on, the same for all rows.
        steps: of each run; None = as many as the config's epochs make.
        loop: other settings of `TrainConfig`, the same for all runs.
        seeds: each row is trained once with each seed.
        rows: names of some rows; () = all rows.
        max_minutes: for the whole command; None = no limit.
        options: of the system; None = its defaults.
        device: None = a GPU if there is one, else the CPU.
    Raises:
        ConfigError: settings that cannot work.
    """

    table: AblationTable
    config: Any
    preset: str
    data: DataConfig
    out: Path
    steps: int | None = None
    loop: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    rows: tuple[str, ...] = ()
    max_minutes: float | None = None
    options: Any = None
    device: str | None = None

    def __post_init__(self) -> None:
        self.table.subset(self.rows)
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            found = " ".join(map(str, self.seeds)) or "none"
            raise ConfigError("every seed is one run", field="seeds", found=found, expected="different numbers")
        for seed in self.seeds:
            TrainConfig(**{"steps": 1, "batch_size": 1, **self.loop_of_run(seed, self.max_minutes)})

    @property
    def chosen(self) -> tuple[Row, ...]:
        """The rows of the job, in the table's order."""
        return self.table.subset(self.rows)

    def loop_of_run(self, seed: int, max_minutes: float | None = None) -> dict[str, Any]:
        """Settings of `TrainConfig` for a run. They have no `steps` if the config's epochs decide."""
        settings = {**self.loop, "max_minutes": max_minutes, "seed": seed, "decay_by": "steps"}
        return settings if self.steps is None else {**settings, "steps": self.steps}


class Rows(ABC):
    """Trains and scores the rows of a system's tables."""

    def __init__(self, job: AblationJob) -> None:
        self.job = job

    @property
    @abstractmethod
    def kind(self) -> str:
        """Kind of the runs, in run.json."""

    @property
    def titles(self) -> Mapping[str, str]:
        """Titles of metrics, by key, that replace the table's."""
        return {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences below the table."""
        return ()

    def config(self, row: Row) -> Any:
        """The job's config with the row's changes."""
        return replace(self.job.config, **row.changes)

    def run_name(self, row: Row) -> str:
        """Stem of the row's run folders."""
        return row.run

    def folder(self, row: Row, seed: int) -> Path:
        """Folder of the row's run."""
        return self.job.out / f"{self.run_name(row)}-seed-{seed}"

    def missing(self, row: Row) -> str | None:
        """Why the row cannot be trained here; None = it can."""
        return None

    @abstractmethod
    def wanted(self, row: Row, seed: int) -> WantedRun:
        """The run that the folder must hold."""

    def state(self, row: Row, seed: int) -> State:
        """Whether the row's run is new, unfinished or finished. Raises RunError as `state_of` does."""
        return state_of(self.folder(row, seed), self.wanted(row, seed))

    @abstractmethod
    def train(self, row: Row, seed: int, *, resume: bool, max_minutes: float | None) -> Stopped:
        """Train the run, or resume it."""

    @abstractmethod
    def scores(self, row: Row, seed: int) -> Scores:
        """Scores of the finished run, kept in its folder by `ipose.ablations.run_folders.kept_scores`."""

    def interval(self, row: Row, reference: Row, key: str, seeds: Sequence[int]) -> tuple[float, float] | None:
        """What the gap between two rows may be on other scenes: 95 % of the resamplings. None = not known.

        Args:
            key: of the metric.
            seeds: that both rows have.
        """
        return None

    def baselines(self, row: Row) -> str:
        """What the row's baselines depend on. Rows with the same text have the same baselines."""
        return ""

    @abstractmethod
    def pictures(self, row: Row, seed: int) -> tuple[Path, Path]:
        """Files of two pictures that `scores` draws: the truth, and the run's results."""
