"""`ipose evaluate RUN`, for every system: which cards there are to make, and where they go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError, RunError
from ipose.evaluation.card_folder import write_run_cards
from ipose.evaluation.class_cards import class_cards
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.judges import CLASSES, EvaluateOptions
from ipose.systems.record import System, function_named
from ipose.systems.registry import system_of_run, systems
from ipose.training.run import Run


@dataclass(frozen=True, eq=False)
class Judged:
    """What came out of an evaluation: what a system's `judge` gives, and once it is written, its files.

    Args:
        cards: all that were made.
        left_out: what could not be judged, a sentence each that says why and what to do.
        table: a table to print above the cards.
        files: of the cards, in the same order.
    """

    cards: Sequence[EvalCard]
    left_out: tuple[str, ...] = ()
    table: str = ""
    files: tuple[Path, ...] = ()


def evaluate_run(folder: Path, data: DataConfig | None = None, options: EvaluateOptions | None = None) -> Judged:
    """Make and write the eval cards of a run.

    Args:
        folder: a run of a system that cards are made of.
        data: to judge on; None = the run's own validation data.
        options: by what; None = the defaults.
    Raises:
        RunError: no run here, or one of a system without cards.
        ConfigError: a protocol that has no meaning for this system.
        DataError: there is nothing to judge by.
        MissingWeightsError: a network that was named is not there. (Inception, which nobody named, is left out, and
            `left_out` says so.)
    """
    run, options = Run.open(folder), options or EvaluateOptions()
    system = system_of_run(run)
    family = family_of(system, run, options.protocols)
    own = data_of(run) if data is None and "data" in run.config else data
    name = "" if data is None or data == _recorded(run) else f"on-{Path(data.data).name}"
    if family == CLASSES:
        judged = Judged(class_cards(run, function_named(str(system.class_noise)), options))
    else:
        judged = function_named(str(system.judging))(run, own, options, name)
    return replace(judged, files=tuple(write_run_cards(judged.cards, options.out or run.folder / "cards" / name)))


def family_of(system: System, run: Run, protocols: Sequence[str] | None) -> str:
    """The family of protocols, which decides the options that mean something; None = the system's default.

    Raises:
        RunError: no cards are made of the system's runs.
        ConfigError: it is not judged so.
    """
    if not system.judged_by:
        judged = ", ".join(other.kind for other in systems() if other.judged_by)
        raise RunError(
            "no cards are made of such a run",
            file=run.folder,
            found=system.kind,
            expected=judged,
            mend=system.instead,
        )
    if protocols is None:
        return next(iter(system.judged_by))
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
    """Refuse options of `ipose evaluate RUN` that mean nothing for this run.

    Raises:
        RunError: no run here, or one of a system without cards.
        ConfigError: names the first such option.
    """
    run = Run.open(folder)
    system = system_of_run(run)
    family = family_of(system, run, protocols)
    fine = system.judged_by[family]
    for name in given:
        if name not in fine:
            raise ConfigError(
                f"an option that means nothing for a {system.title} judged by {family}",
                field=name,
                expected=", ".join(f"--{option.replace('_', '-')}" for option in fine),
                mend=system.instead or None,
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
