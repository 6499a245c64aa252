"""`ipose evaluate RUN`, for every system: which cards there are to make, and where they go."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError, RunError
from ipose.evaluation.card_folder import code_facts, write_run_cards
from ipose.evaluation.class_cards import class_cards
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.judgement import CLASSES, RunJudgement
from ipose.systems.record import System, function_named
from ipose.systems.registry import system_of_run
from ipose.training.run import Run


@dataclass(frozen=True, eq=False)
class Judged:
    """What a system's `judge` gives.

    Args:
        cards: all that were made.
        left_out: what could not be judged, a sentence each that says why and what to do.
        table: a table to print above the cards.
    """

    cards: Sequence[EvalCard]
    left_out: tuple[str, ...] = ()
    table: str = ""


@dataclass(frozen=True, eq=False)
class RunEvaluation:
    """Cards of a run, written.

    Args:
        cards: all that were made now.
        files: of the cards, in the same order.
        left_out: what could not be judged, a sentence each.
        table: a table to print above the cards.
    """

    cards: list[EvalCard]
    files: list[Path]
    left_out: tuple[str, ...]
    table: str


def run_cards(folder: Path, data: DataConfig | None = None, **judgement: Any) -> list[EvalCard]:
    """The cards of `evaluate_run`; `judgement`: the fields of a `RunJudgement`."""
    return evaluate_run(folder, data, RunJudgement(**judgement)).cards


def evaluate_run(folder: Path, data: DataConfig | None = None, judgement: RunJudgement | None = None) -> RunEvaluation:
    """Make and write the eval cards of a run.

    Args:
        folder: a run of a system that cards are made of.
        data: to judge on; None = the run's own validation data.
        judgement: by what; None = the defaults.
    Raises:
        RunError: no run here, or one of a system without cards.
        ConfigError: a protocol that has no meaning for this system.
        DataError: there is nothing to judge by.
        MissingWeightsError: a network that was named is not there. (Inception, which nobody named, is left out, and
            `left_out` says so.)
    """
    run, judgement = Run.open(folder), judgement or RunJudgement()
    system = system_of_run(run)
    if not system.judged_by:
        raise RunError("no cards are made of such a run", file=folder, found=system.kind, mend=system.instead)
    family = family_of(system, judgement.protocols)
    own = data_of(run) if data is None and "data" in run.config else data
    name = "" if data is None or data == _recorded(run) else f"on-{Path(data.data).name}"
    if family == CLASSES:
        judged = Judged(class_cards(run, function_named(str(system.class_noise)), judgement))
    else:
        judged = function_named(str(system.judging))(run, own, judgement, name)
    cards = list(judged.cards)
    files = write_run_cards(cards, judgement.out or run.folder / "cards" / name)
    return RunEvaluation(cards, files, judged.left_out, judged.table)


def family_of(system: System, protocols: Sequence[str] | None) -> str:
    """The family of protocols, which decides the options that mean something; None = the system's default.

    Raises:
        ConfigError: a system that is not judged so.
    """
    if protocols is None:
        return next(iter(system.judged_by), "")
    family = CLASSES if CLASSES in protocols else "images"
    if family not in system.judged_by:
        raise ConfigError(
            f"a {system.title} is not judged by this protocol",
            field="protocol",
            found=", ".join(protocols),
            expected=", ".join(system.judged_by),
            mend=system.instead or None,
        )
    return family


def check_options(folder: Path, given: Sequence[str], protocols: Sequence[str] | None) -> None:
    """Refuse options of `ipose evaluate RUN` that mean nothing for this run. Raises ConfigError, which names one."""
    system = system_of_run(Run.open(folder))
    if not system.judged_by:
        return  # `evaluate_run` says so
    family = family_of(system, protocols)
    fine = system.judged_by[family]
    for name in given:
        if name not in fine:
            raise ConfigError(
                f"an option that means nothing for a {system.title} judged by {family}",
                field=name,
                expected=", ".join(f"--{option.replace('_', '-')}" for option in fine) or "none",
            )


def data_of(run: Run) -> DataConfig:
    """What a run was trained on. Raises RunError where it does not say."""
    recorded = _recorded(run)
    if recorded is None:
        raise RunError(
            "the run does not say what data it was trained on",
            file=run.folder / "run.json",
            mend="Name the data with --data (and --spec).",
        )
    return recorded


def _recorded(run: Run) -> DataConfig | None:
    values = run.config.get("data")
    return config_from_plain(DataConfig, values) if isinstance(values, dict) else None


def facts_of(run: Run, data: DataConfig, model: dict[str, str]) -> dict[str, Any]:
    """What all cards of a run say: the code, the model, where the images and the truth are."""
    return {**code_facts(), "model": model, "images": str(run.folder), "real": data.data}
