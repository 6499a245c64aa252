"""report.html beside the cards of a model folder that no run made here: its numbers, what is missing, some images.

A run has a page of its own (`ipose.systems.reporting`), which shows its cards.
"""

from collections.abc import Sequence
from pathlib import Path

from ipose.data.parallel import progress_bar
from ipose.evaluation.image_sets import Pictured
from ipose.reports.blocks import environment_facts
from ipose.reports.card_blocks import cards_table, find_cards, short_table
from ipose.reports.contact_sheet import Tile
from ipose.reports.figures import photo
from ipose.reports.page import Figure, ReportContent, Section, write_report
from ipose.systems.scene_models import spread
from ipose.training.provenance import command_line

SHOWN = 24
"""Images on the page, of a system without label maps."""


def write_judged_page(
    folder: Path, title: str, model: Path, data: str, left_out: Sequence[str], sections: Sequence[Section]
) -> Path:
    """Write report.html into the folder of cards.

    Args:
        folder: with the cards.
        title: of the system.
        model: folder of the model.
        data: what it was judged on.
        left_out: what could not be judged, a sentence each.
        sections: of images.
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
