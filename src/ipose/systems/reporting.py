"""report.html of any run: what it is, what came out, how it was made. Written when a training ends, and anew later."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from ipose.configs import config_from_plain
from ipose.errors import DataError, RunError, SpecError
from ipose.reports.blocks import config_table, curves_figure, environment_facts
from ipose.reports.card_blocks import cards_table, find_cards, markdown_tables
from ipose.reports.page import ReportContent, Section, write_report
from ipose.systems.record import function_named
from ipose.systems.registry import system_of_run
from ipose.training.best import Best, read_best
from ipose.training.config import NO_METRIC
from ipose.training.metrics import read_metrics
from ipose.training.run import Run

Config = TypeVar("Config")

SETTINGS = "settings beside the paper's"


@dataclass(frozen=True)
class RunPage:
    """What a system says of its run.

    Args:
        sections: what came out.
        settings: its configuration beside the published one.
        lead: end of the page's first sentence, after what it was trained on.
        curves: paragraph above the training's curves.
    """

    sections: Sequence[Section]
    settings: Section
    lead: str = ""
    curves: str = ""


def write_run_report(run: Run) -> Path:
    """Write report.html of a run that has saved a model: from the model, its validation data, and the files of the run.

    Where the data are gone the page says so, and has the rest.

    Raises:
        RunError: a system without a report, a run of another version, or one without a model.
    """
    system = system_of_run(run)
    if system.page is None:
        raise RunError("no report is made of such a run", file=run.folder, found=system.kind, mend=system.instead)
    page: RunPage = function_named(system.page)(run)
    records = read_metrics(run.metrics)
    step, seconds = progress_of(run)
    best = best_of(run)
    content = ReportContent(
        title=f"{system.title}: {run.folder.resolve().name}",
        lead=f"Trained {step} steps in {seconds / 60:.1f} minutes on {run.info['data']}{page.lead}."
        + ("" if best is None else f" The model is that of the best step: {best.text()}."),
        sections=[
            *page.sections,
            *files_sections(run.folder),
            Section("Training", page.curves if records else "", [curves_figure(records)] if records else []),
            page.settings,
        ],
        facts=environment_facts(str(run.info["command"])),
    )
    return write_report(run.report, content)


def with_data(make: Callable[[], Sequence[Section]]) -> list[Section]:
    """The sections that `make` makes of the validation data, or one that says that these are gone."""
    try:
        return list(make())
    except (DataError, SpecError) as error:
        return [Section("The validation data are not here", f"So nothing can be judged anew. {error}")]


def settings_section(config: Any, published: Any, *, title: str = "Settings", leave_out: Sequence[str] = ()) -> Section:
    """A config beside a published one, field by field; `leave_out`: fields that the data decide."""
    beside = {name: value for name, value in asdict(published).items() if name not in leave_out}
    return Section(title, "", [config_table(asdict(config), beside, title="")], shown=0, rest=SETTINGS)


def config_of(run: Run, name: str, kind: type[Config]) -> Config:
    """A config of run.json. Raises RunError where the run does not say."""
    values: Any = run.config.get(name)
    if not isinstance(values, dict):
        raise RunError(
            "the run does not say how it was made", file=run.folder / "run.json", found=f"no {name!r}", expected=name
        )
    return config_from_plain(kind, values)


def progress_of(run: Run) -> tuple[int, float]:
    """Steps and seconds trained, by the last line of the log that says so."""
    records = [record for record in read_metrics(run.metrics) if "losses" in record]
    return (int(records[-1]["step"]), float(records[-1]["seconds"])) if records else (0, 0.0)


def best_of(run: Run) -> Best | None:
    """The step that the model folder is of, if the run keeps the best checkpoint. None = the last one."""
    return None if run.train_config.keep_best == NO_METRIC else read_best(run.checkpoints)


def files_sections(folder: Path) -> list[Section]:
    """What other commands left: eval cards in `cards/` of the run, and `table-*.md` beside the run."""
    sections = []
    cards, faults = find_cards(folder / "cards")
    if cards or faults:
        text = (
            "Numbers compare where metric, protocol and features are the same; the cards themselves, in the run's "
            "folder cards/, have all that they depend on."
        )
        blocks = [cards_table(cards)] if cards else []
        sections.append(Section("Eval cards", "\n\n".join([text, *(f"Left out: {fault}" for fault in faults)]), blocks))
    tables = [table for path in sorted(folder.resolve().parent.glob("table-*.md")) for table in markdown_tables(path)]
    if tables:
        sections.append(Section("Ablations", "Tables that lie beside this run.", tables))
    return sections
