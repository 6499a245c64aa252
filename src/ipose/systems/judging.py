"""`ipose evaluate RUN` and `ipose evaluate MODEL` for all systems: checks options, makes the cards and writes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig, PhotoConfig
from ipose.data.open_data import spec_source
from ipose.errors import ConfigError, DataError, RunError, SpecError
from ipose.evaluation.card_folder import write_run_cards
from ipose.evaluation.class_diversity import class_cards
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.judges import CLASSES, RECONSTRUCTION, ROBUSTNESS, EvaluateOptions
from ipose.evaluation.reconstruction import reconstruction_cards
from ipose.model_folder import CONFIG, SPEC, open_model
from ipose.reports.page import Section
from ipose.systems.record import System, function_named
from ipose.systems.registry import system_of_model, system_of_run, systems
from ipose.systems.reporting import write_judged_page
from ipose.training.folders import nearby, what_is
from ipose.training.run import Run
from ipose.weights import bundled

RUN_FILE = "run.json"


@dataclass(frozen=True, eq=False)
class Judged:
    """Result of an evaluation.

    Args:
        left_out: a sentence for everything that could not be judged: why, and what to do.
        sections: of a page about it: some of the images.
        files: files of the cards, in the same order; () = not written yet.
    """

    cards: Sequence[EvalCard]
    left_out: tuple[str, ...] = ()
    table: str = ""
    sections: Sequence[Section] = ()
    files: tuple[Path, ...] = ()
    report: Path | None = None


class ModelAlone(Run):
    """A model folder that no run made here (converted, or copied), where a run is expected. Its training is unknown."""

    def __init__(self, folder: Path, kind: str) -> None:
        super().__init__(folder, {"kind": kind, "config": {}, "train": {}})
        self.model = folder


def open_judged(folder: Path) -> Run:
    """The run in a folder, or the run whose `model/` this is, or a model folder alone, or a bundled model.

    Raises:
        RunError: neither a run nor a model.
    """
    folder = folder if folder.exists() else bundled(folder) or folder
    if folder.name == "model" and (folder.parent / RUN_FILE).is_file():
        return Run.open(folder.parent)
    if (folder / RUN_FILE).is_file():
        return Run.open(folder)
    if not (folder / CONFIG).is_file():
        expected = f"{RUN_FILE} of a run, or {CONFIG} of a model folder"
        raise RunError("no run here", file=folder, found=what_is(folder), expected=expected, mend=nearby(folder))
    saved = open_model(folder)
    return ModelAlone(saved.path, system_of_model(saved).kind)


def evaluate_run(folder: Path, data: DataConfig | None = None, options: EvaluateOptions | None = None) -> Judged:
    """Make and write the eval cards of a run, or of a model folder alone. `data`: to judge on; None = the run's own
    validation data.

    Raises:
        RunError: no run or model in the folder, or one of a system without cards; a model alone, and no data.
        ConfigError: a protocol that this system does not have.
        DataError: nothing can be judged.
        MissingWeightsError: a network is not there. (If it is Inception, `left_out` says so.)
    """
    run, options = open_judged(folder), options or EvaluateOptions()
    system = system_of_run(run)
    family = family_of(system, run, options.protocols)
    own = _with_spec_of(run, data) if data is not None else data_of(run) if "data" in run.config else None
    if isinstance(run, ModelAlone):
        own = own or data_of(run)
        options = replace(options, out=options.out or _beside(run, own, options.split))
    name = "" if own is None else _name_of(run, own, options.split)
    if family == CLASSES:
        judged = Judged(class_cards(run, function_named(str(system.class_noise)), options, own or data_of(run)))
    elif family == RECONSTRUCTION:
        coder = function_named(str(system.reconstruction))
        judged = Judged(reconstruction_cards(run, coder, options, own or data_of(run)))
    else:
        judged = function_named(str(system.judging))(run, own, options, name)
    folder = options.out or run.folder / "cards" / name
    judged = replace(judged, files=tuple(write_run_cards(judged.cards, folder)))
    if not isinstance(run, ModelAlone):
        return judged
    on = "" if own is None else own.data if options.split == "val" else f"{own.data}, split {options.split}"
    page = write_judged_page(folder, system.title, run.folder, on, judged.left_out, judged.sections)
    return replace(judged, report=page)


def images_folder(run: Run, options: EvaluateOptions, name: str) -> Path:
    """Where generated images go: `generated/` of the named folder, or of the run (`generated-NAME/`)."""
    if options.out is not None:
        return options.out / "generated"
    return run.folder / "-".join(filter(None, ("generated", name)))


def _name_of(run: Run, data: DataConfig, split: str) -> str:
    """Of the data, in folders' names; "" = the run's own validation data."""
    words = [] if data == _recorded(run) else ["on", Path(data.data).name]
    return "-".join([*words, *([] if split == "val" else [split])])


def _beside(run: Run, data: DataConfig, split: str) -> Path:
    """Where the cards of a model alone go: beside it, as a model folder holds a model alone; here, for a bundled
    model."""
    if run.folder == bundled(run.folder.name):
        return Path(f"{run.folder.name}-{_name_of(run, data, split)}")
    folder = run.folder if run.folder.name not in ("", "..") else run.folder.resolve()
    return folder.with_name(f"{folder.name}-{_name_of(run, data, split)}")


def _with_spec_of(run: Run, data: DataConfig) -> DataConfig:
    """The data; where nobody says what their label ids mean, they mean what they mean to the model."""
    spec = run.model / SPEC
    try:
        spec_source(data)
    except SpecError:
        return replace(data, spec=str(spec)) if spec.is_file() else data
    except DataError:  # photographs, or nothing: who reads them will say
        return data
    return data


def family_of(system: System, run: Run, protocols: Sequence[str] | None) -> str:
    """Family of the protocols: a key of the system's `judged_by`. `protocols`: None = the system's default.

    Raises:
        RunError: a system without cards.
        ConfigError: a protocol that this system does not have.
    """
    if not system.judged_by:
        judged = ", ".join(other.kind for other in systems() if other.judged_by)
        raise RunError(
            "no cards are made of such a run", file=run.folder, found=system.kind, expected=judged, mend=system.instead
        )
    if protocols is None:
        return next(iter(system.judged_by))
    family = next((name for name in (CLASSES, RECONSTRUCTION, ROBUSTNESS) if name in protocols), "images")
    if family not in system.judged_by:
        message, mend = f"{system.title} is not judged by this protocol", system.instead or None
        found = ", ".join(protocols)
        expected = ", ".join(system.judged_by)
        if "images" not in system.judged_by:
            expected = f"no --protocol (it is judged by {expected})"
        raise ConfigError(message, field="protocol", found=found, expected=expected, mend=mend)
    return family


def check_options(folder: Path, given: Sequence[str], protocols: Sequence[str] | None) -> None:
    """Check that all options of `ipose evaluate RUN` have a meaning for this run.

    Raises:
        RunError: no run in the folder, or a run of a system without cards.
        ConfigError: an option without a meaning.
    """
    run = open_judged(folder)
    system = system_of_run(run)
    family = family_of(system, run, protocols)
    fine = system.judged_by[family]
    for name in given:
        if name not in fine:
            message = f"an option that means nothing for {system.title} judged by {family}"
            expected = ", ".join(f"--{option.replace('_', '-')}" for option in fine)
            raise ConfigError(message, field=name, expected=expected, mend=system.instead or None)


def data_of(run: Run) -> DataConfig:
    """Data that a run was trained on. Raises RunError if run.json does not say."""
    recorded = _recorded(run)
    if recorded is None:
        mend = "Name the data with --data (and --spec)."
        if isinstance(run, ModelAlone):
            raise RunError("a model folder does not say what to judge it on", file=run.folder, mend=mend)
        message = "the run does not say what data it was trained on"
        raise RunError(message, file=run.folder / RUN_FILE, mend=mend)
    return recorded


def _recorded(run: Run) -> DataConfig | None:
    values = run.config.get("data")
    if not isinstance(values, dict):
        return None
    photographs = "crops" in values
    return (
        config_from_plain(PhotoConfig, values).scenes_config() if photographs else config_from_plain(DataConfig, values)
    )
