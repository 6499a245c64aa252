"""`ipose evaluate RUN` for all systems: checks the options, makes the cards and writes them."""

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
    """Result of an evaluation.

    Args:
        cards: the cards.
        left_out: a sentence for everything that could not be judged: why, and what to do.
        table: a table to print above the cards.
        files: files of the cards, in the same order; () = not written yet.
    """

    cards: Sequence[EvalCard]
    left_out: tuple[str, ...] = ()
    table: str = ""
    files: tuple[Path, ...] = ()


def evaluate_run(folder: Path, data: DataConfig | None = None, options: EvaluateOptions | None = None) -> Judged:
    """Make and write the eval cards of a run.

    Args:
        folder: of the run.
        data: to judge on; None = the run's own validation data.
        options: None = the defaults.
    Raises:
        RunError: no run in the folder, or a run of a system without cards.
        ConfigError: a protocol that this system does not have.
        DataError: nothing can be judged.
        MissingWeightsError: a network is not there. (If it is Inception, `left_out` says so.)
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
    """Family of the protocols: a key of the system's `judged_by`. `protocols`: None = the system's default.

    Raises:
        RunError: a system without cards.
        ConfigError: a protocol that this system does not have.
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
            f"{system.title} is not judged by this protocol",
            field="protocol",
            found=", ".join(protocols),
            expected=", ".join(system.judged_by),
            mend=system.instead or None,
        )
    return family


def check_options(folder: Path, given: Sequence[str], protocols: Sequence[str] | None) -> None:
    """Check that all options of `ipose evaluate RUN` have a meaning for this run.

    Args:
        folder: of the run.
        given: names of the options.
        protocols: None = the system's default.
    Raises:
        RunError: no run in the folder, or a run of a system without cards.
        ConfigError: an option without a meaning.
    """
    run = Run.open(folder)
    system = system_of_run(run)
    family = family_of(system, run, protocols)
    fine = system.judged_by[family]
    for name in given:
        if name not in fine:
            raise ConfigError(
                f"an option that means nothing for {system.title} judged by {family}",
                field=name,
                expected=", ".join(f"--{option.replace('_', '-')}" for option in fine),
                mend=system.instead or None,
            )


def data_of(run: Run) -> DataConfig:
    """Data that a run was trained on. Raises RunError if run.json does not say."""
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
