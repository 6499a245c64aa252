"""report.html of any run: what it is, what came out, how it was made. Written when a training ends, and anew later.

Of a model folder that no run made here: a page beside its cards, with its numbers, what is missing, and some images.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from ipose.configs import config_from_plain
from ipose.data.parallel import progress_bar
from ipose.errors import DataError, RunError, SpecError
from ipose.evaluation.image_sets import Pictured
from ipose.reports.blocks import (
    cards_table,
    config_table,
    curves_figure,
    environment_facts,
    find_cards,
    markdown_tables,
    short_table,
)
from ipose.reports.contact_sheet import Tile
from ipose.reports.figures import photo
from ipose.reports.page import Figure, ReportContent, Section, write_report
from ipose.systems.record import function_named
from ipose.systems.registry import system_of_run
from ipose.systems.scene_models import spread
from ipose.training.checkpoint_files import Best, read_best
from ipose.training.config import NO_METRIC
from ipose.training.metrics import read_metrics
from ipose.training.provenance import command_line
from ipose.training.run import Run

Config = TypeVar("Config")

SETTINGS = "settings beside the paper's"


@dataclass(frozen=True)
class RunPage:
    """What a system says of its run.

    Args:
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


SHOWN = 24
"""Images on the page, of a system without label maps."""


def write_judged_page(
    folder: Path, title: str, model: Path, data: str, left_out: Sequence[str], sections: Sequence[Section]
) -> Path:
    """Write report.html into the folder of cards. `left_out`: what could not be judged, a sentence each. `sections`: of
    images.
    """
    cards, _ = find_cards(folder)
    here = [(path, card) for path, card in cards if "/" not in path]
    text = "Numbers compare where metric, protocol and features are the same. The cards have all that they depend on."
    tables = [short_table([card for _, card in here]), cards_table(here)]
    numbers = [Section("Numbers", text, tables, shown=1, rest="card by card")]
    missing = [Section("Not judged", "\n\n".join(left_out))] if left_out else []
    content = ReportContent(
        title=f"{title}: {model.name}",
        lead=f"The model {model}, judged on {data}.",
        sections=[*numbers, *missing, *sections],
        facts=environment_facts(command_line()),
    )
    return write_report(folder / "report.html", content)


def images_section(images: Sequence[Pictured]) -> Section:
    """Some of many images, from all over."""
    tiles = [Tile(photo(image.pixels()), image.scene) for image in progress_bar(spread(images, SHOWN), "page")]
    return Section("Generated images", f"{len(tiles)} of {len(images)}, by number.", [Figure(tiles)])
