"""Sheet and report of `ipose supports compare`: scores, supports, and the parts of some objects with each set."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ipose.evaluation.support_comparison import HEADER, NOTE, JudgedObjects, SupportScore
from ipose.part_annotations import SupportSet
from ipose.reports.blocks import environment_facts
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import part_picture
from ipose.reports.page import Figure, ReportContent, Section, Table, write_report
from ipose.reports.sheets import GREYS, part_legend, silhouette, support_tiles
from ipose.whole_files import save_whole

SHOWN = 10
"""Number of objects on the page."""

METHOD = (
    "One PartNet reads each set of supports; copy takes the part map of the nearest support. A set's parts may have "
    "any names and order, so they are matched to the true ones, one to one, by the largest sum of IoU on {fit} "
    "training objects; scores are of {judged} validation objects with that matching.\n\n{note}"
)


def write_support_report(
    out: Path, scores: Sequence[SupportScore], sets: Mapping[str, SupportSet], objects: JudgedObjects, lead: str
) -> Path:
    """Write sheet.png and report.html. Returns the path of report.html.

    Args:
        out: an existing folder.
        scores: of the sets.
        sets: the compared sets of supports, by name.
        objects: the judged objects.
        lead: first sentence of the report.
    """
    category, legend = objects.category, [*part_legend(objects.part_names), *GREYS]
    rows = [
        TileRow(support_tiles(one, category), f"supports: {name}", part_legend(one.part_names[category]))
        for name, one in sets.items()
    ]
    shown = objects_rows(scores, objects)
    sheet = [*rows, *shown[:-1], TileRow(shown[-1].tiles, shown[-1].heading, legend)]
    save_whole(contact_sheet(sheet, f"Supports of {category} compared", side=96), out / "sheet.png")
    method = METHOD.format(fit=len(objects.fit), judged=len(objects.judged), note=NOTE)
    supports = [Figure(row.tiles, title=row.heading, legends={"parts": row.legend}) for row in rows]
    pictures = [Figure(row.tiles, title=row.heading) for row in shown]
    content = ReportContent(
        title=f"Supports of {category} compared",
        lead=lead,
        sections=[
            Section("Scores", method, [Table(HEADER, [score.row() for score in scores])]),
            Section("Supports", "As they are: each set in its own parts and colours.", supports),
            Section("Objects", "In the true parts, after matching; grey: a found part that stands for none.", pictures),
        ],
        facts=environment_facts(),
    )
    return write_report(out / "report.html", content)


def objects_rows(scores: Sequence[SupportScore], objects: JudgedObjects) -> list[TileRow]:
    """Rows of evenly chosen validation objects: shapes, true parts, then one row for each score."""
    picked = range(0, len(objects.judged), max(1, -(-len(objects.judged) // SHOWN)))
    pairs = [objects.judged[i] for i in picked]
    rows = [
        TileRow([Tile(silhouette(pair.shape)) for pair in pairs], "shapes"),
        TileRow([Tile(part_picture(pair.part_map, pair.shape)) for pair in pairs], "true parts"),
    ]
    for score in scores:
        tiles = [Tile(part_picture(score.predicted[i], objects.judged[i].shape)) for i in picked]
        share = 100 * score.score.object_pixels
        rows.append(TileRow(tiles, f"{score.reader}, supports: {score.supports} ({share:.1f} % of object pixels)"))
    return rows
