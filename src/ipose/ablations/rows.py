"""What the grid asks of a kind of run: PartNet's and the generator's answer in their own ways."""

from abc import ABC, abstractmethod
from pathlib import Path

from ipose.ablations.grids import Row
from ipose.ablations.kept_runs import WantedRun
from ipose.ablations.score_files import Scores
from ipose.training.snapshot import Stopped


class Rows(ABC):
    """Trains and scores the rows of one table."""

    @property
    @abstractmethod
    def titles(self) -> dict[str, str]:
        """Of metrics, where they are not the grid's."""

    @property
    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """What a reader of the scores must know."""

    @abstractmethod
    def missing(self, row: Row) -> str | None:
        """Why a row cannot be trained here; None = it can."""

    @abstractmethod
    def folder(self, row: Row, seed: int) -> Path:
        """Of the row's run."""

    @abstractmethod
    def wanted(self, row: Row, seed: int) -> WantedRun:
        """What the folder must hold."""

    @abstractmethod
    def train(self, row: Row, seed: int, *, resume: bool, max_minutes: float | None) -> Stopped:
        """Begin the run, or go on with it."""

    @abstractmethod
    def scores(self, row: Row, seed: int) -> Scores:
        """Of the finished run; kept beside it."""

    @abstractmethod
    def baselines(self, row: Row) -> str:
        """What the baselines of a row hang on: rows that agree in this share them."""

    @abstractmethod
    def pictures(self, row: Row, seed: int) -> tuple[Path, Path]:
        """What was true, and what the row's run made of it; drawn with the scores."""
