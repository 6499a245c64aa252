"""Blocks of a report on PartNet: confusion of parts, objects compared with the truth, and attention."""

from collections.abc import Sequence

from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from ipose.part_annotations import PartPair
from ipose.partnet.attention import SupportAttention
from ipose.reports.attention_view import attention_tiles, part_centres
from ipose.reports.contact_sheet import Tile
from ipose.reports.figures import part_picture
from ipose.reports.page import Figure, Table
from ipose.reports.sheets import GREYS, part_legend, silhouette, wrong_pixels

NO_PART = "none"


def confusion_table(confusion: Int64[Tensor, "q q"], part_names: Sequence[str], title: str) -> Table:
    """A category's confusion matrix as a table with shades: rows are true parts, columns inferred parts, in percent.

    Args:
        confusion: pixels by (true, inferred) part over the whole frame: `CategoryCounts.frame`.
        part_names: of parts 1, 2, ... Other channels are shown only if they occur.
        title: above the table.
    """
    shown = [0, *range(1, len(part_names) + 1)]
    shown += [i for i in range(len(shown), len(confusion)) if int(confusion[i].sum() + confusion[:, i].sum())]
    names = [NO_PART, *part_names, *(f"part {i}" for i in shown[len(part_names) + 1 :])]
    rows: list[list[str | int | float]] = []
    shades: list[list[float | None]] = []
    for i in shown:
        total = int(confusion[i].sum())
        shares = [int(confusion[i, j]) / total if total else 0.0 for j in shown]
        rows.append([names[shown.index(i)], *(f"{100 * share:.1f}" if total else "-" for share in shares), total])
        shades.append([None, *shares])
    return Table(("true \\ inferred", *names, "pixels"), rows, title=title, shades=shades)


def objects_figure(
    pairs: Sequence[PartPair],
    inferred: UInt8[Tensor, "n s s"],
    title: str,
    part_names: Sequence[str] = (),
    scores: Sequence[float] = (),
) -> Figure:
    """One row for each object: silhouette, inferred parts, true parts, and wrong pixels in red.

    Args:
        pairs: objects with their true parts.
        inferred: part ids, 0 outside the objects.
        title: above the figure.
        part_names: of parts 1, 2, ..., for the legend; () = objects of several categories.
        scores: share of right pixels of each object, 0..1, for the captions; () = no scores.
    """
    tiles = []
    for i, pair in enumerate(pairs):
        wrong = pair.shape & (inferred[i] != pair.part_map)
        name = f"{pair.category}, {100 * scores[i]:.0f} % right" if scores else "shape"
        tiles += [
            Tile(silhouette(pair.shape), name),
            Tile(part_picture(inferred[i], pair.shape), "inferred"),
            Tile(part_picture(pair.part_map, pair.shape), "true"),
            Tile(wrong_pixels(pair.shape, wrong), "wrong"),
        ]
    return Figure(tiles, title=title, legends={"parts": [*part_legend(part_names), *GREYS]}, columns=4)


def attention_figure(attention: SupportAttention, part_names: Sequence[str], title: str, block: int = 0) -> Figure:
    """One row for each part of an object: the query with the part's centre marked, and the weights in each support."""
    tiles = []
    for pixel in part_centres(attention.part_map, part_names):
        tiles += attention_tiles(attention, pixel, part_names, block)
    legends = {"parts": [*part_legend(part_names), *GREYS]}
    return Figure(tiles, title=title, legends=legends, columns=1 + len(attention.supports))


def extremes(scores: Float[Tensor, " n"], count: int) -> tuple[list[int], list[int]]:
    """Indices of the lowest scores, lowest first, and of the highest scores, highest first. No index is in both.

    Args:
        scores: NaN = left out.
        count: most indices in each; fewer if there are less than twice as many scores.
    """
    order = [i for i in scores.argsort(stable=True).tolist() if not bool(scores[i].isnan())]
    count = min(count, (len(order) + 1) // 2)
    return order[:count], order[count:][::-1][:count]
