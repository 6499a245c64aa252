"""What `ipose ablate` is asked for, and what it asks of a system."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ipose.ablations.run_folders import Scores, WantedRun
from ipose.ablations.table import AblationTable, Row
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError
from ipose.training.config import TrainConfig
from ipose.training.snapshot import Stopped


@dataclass(frozen=True, kw_only=True)
class AblationJob:
    """A table to fill.

    Args:
        table: the grid.
        config: what its rows change: of the system whose table it is.
        preset: its name, for the tables.
        data: to train and score on, the same for all rows.
        out: folder of the runs and tables.
        steps: of each run; None = the config's epochs.
        loop: other settings of `TrainConfig` that all runs share.
        seeds: each row is trained once with each.
        rows: names of some rows; none = all.
        max_minutes: for the whole command; None = until it is done.
        options: of the system; None = its defaults.
        device: None = what is there.
    Raises:
        ConfigError: what cannot work.
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
        """The rows that were asked for, in the table's order."""
        return self.table.subset(self.rows)

    def loop_of_run(self, seed: int, max_minutes: float | None = None) -> dict[str, Any]:
        """Settings of `TrainConfig` for a run; `steps` is left out where the config's epochs decide."""
        settings = {**self.loop, "max_minutes": max_minutes, "seed": seed, "decay_by": "steps"}
        return settings if self.steps is None else {**settings, "steps": self.steps}


class Rows(ABC):
    """Trains and scores the rows of a system's tables.

    Args:
        job: what is asked for.
    """

    def __init__(self, job: AblationJob) -> None:
        self.job = job

    @property
    @abstractmethod
    def kind(self) -> str:
        """Of the runs."""

    @property
    def titles(self) -> Mapping[str, str]:
        """Of metrics by key, where they are not the table's."""
        return {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the scores must know."""
        return ()

    def config(self, row: Row) -> Any:
        """The job's, with what the row changes."""
        return replace(self.job.config, **row.changes)

    def run_name(self, row: Row) -> str:
        """Stem of the folders of a row's runs."""
        return row.run

    def folder(self, row: Row, seed: int) -> Path:
        """Of the row's run."""
        return self.job.out / f"{self.run_name(row)}-seed-{seed}"

    def missing(self, row: Row) -> str | None:
        """Why a row cannot be trained here; None = it can."""
        return None

    @abstractmethod
    def wanted(self, row: Row, seed: int) -> WantedRun:
        """What the folder must hold."""

    @abstractmethod
    def train(self, row: Row, seed: int, *, resume: bool, max_minutes: float | None) -> Stopped:
        """Begin the run, or go on with it."""

    @abstractmethod
    def scores(self, row: Row, seed: int) -> Scores:
        """Of the finished run; kept beside it (`ipose.ablations.run_folders.kept_scores`)."""

    def baselines(self, row: Row) -> str:
        """What the baselines of a row hang on: rows that agree in this share them."""
        return ""

    @abstractmethod
    def pictures(self, row: Row, seed: int) -> tuple[Path, Path]:
        """What was true, and what the row's run made of it; drawn with the scores."""
