"""PartNet in pictures and tables: its attention, confusion of parts, and objects beside the truth."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int64, UInt8
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from ipose.data.palette import INK, PAPER
from ipose.part_annotations import PartPair
from ipose.partnet.attention import SupportAttention
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import part_picture
from ipose.reports.page import Figure, Table
from ipose.reports.sheets import GREYS, part_legend, silhouette, wrong_pixels

SCALE = 3
"""Screen pixels for each pixel of the object frame."""

HEAT = (200, 0, 90)
"""Colour of the weights. No part has it."""

FAINT_PARTS = 0.45
"""Opacity of the parts' colours below the weights."""


class QueryPixel(NamedTuple):
    """A pixel of the object frame, and the name of the part inferred there."""

    row: int
    column: int
    name: str


def part_centres(part_map: UInt8[Tensor, "s s"], part_names: Sequence[str]) -> list[QueryPixel]:
    """For each part of an object, the pixel farthest from the part's border (the first in reading order)."""
    pixels = []
    for part in part_map.unique().tolist():
        if part > 0:
            depth = distance_transform_edt(np.pad(part_map.numpy() == part, 1))[1:-1, 1:-1]
            row, column = np.unravel_index(int(depth.argmax()), depth.shape)
            name = part_names[part - 1] if part <= len(part_names) else f"part {part}"
            pixels.append(QueryPixel(int(row), int(column), name))
    return pixels


def query_picture(part_map: UInt8[Tensor, "s s"], marked: QueryPixel) -> Image.Image:
    """The object's inferred parts with a ring around the query pixel."""
    picture = _enlarged(part_picture(part_map))
    x, y = (SCALE * (value + 0.5) for value in (marked.column, marked.row))
    draw = ImageDraw.Draw(picture)
    for radius, color, width in ((11, PAPER, 5), (10, INK, 3)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=color, width=width)
    return picture


def heat_picture(part_map: UInt8[Tensor, "s s"], read: Float[Tensor, "s s"], strongest: float) -> Image.Image:
    """A support's parts in faint colours, with the weights of its pixels on top. `strongest`: the weight in full
    colour.
    """
    base = np.asarray(_enlarged(part_picture(part_map)), dtype=np.float64)
    base = FAINT_PARTS * base + (1 - FAINT_PARTS) * np.asarray(PAPER)
    heat = (read / max(strongest, 1e-12)).clamp(0, 1).double().numpy().repeat(SCALE, 0).repeat(SCALE, 1)
    alpha = 0.9 * heat[..., None]
    return Image.fromarray(np.rint(base * (1 - alpha) + np.asarray(HEAT) * alpha).astype(np.uint8))


def attention_tiles(
    attention: SupportAttention, pixel: QueryPixel, part_names: Sequence[str], block: int = 0
) -> list[Tile]:
    """The query with the marked pixel, then its k supports. Captions have the weights of parts, in percent. `block`:
    number of PartNet's attention block.
    """
    read = attention.read_by(pixel.row, pixel.column, block=block)
    strongest = float(read.max())
    tiles = [Tile(query_picture(attention.part_map, pixel), read_in_words(attention, pixel, part_names, block))]
    for i, (support, weights) in enumerate(zip(attention.supports, read, strict=True), start=1):
        picture = heat_picture(support, weights, strongest)
        tiles.append(Tile(picture, f"support {i}: {100 * float(weights.sum()):.0f} %"))
    return tiles


def read_in_words(attention: SupportAttention, pixel: QueryPixel, part_names: Sequence[str], block: int = 0) -> str:
    """For example "wheel read: wheel 61 %, outside 20 %"."""
    shares = attention.shares(pixel.row, pixel.column, block=block)
    names = ["outside", *part_names, *(f"part {i}" for i in range(len(part_names) + 1, len(shares)))]
    order = shares.argsort(descending=True).tolist()[:2]
    said = ", ".join(f"{names[i]} {100 * float(shares[i]):.0f} %" for i in order if shares[i] >= 0.005)
    return f"{pixel.name} read: {said}"


def attention_sheet(objects: Sequence[tuple[str, SupportAttention, Sequence[str]]], title: str = "") -> Image.Image:
    """One row for each part of each object: the query with the part's centre marked, and the weights in its supports.
    `objects`: name, attention and part names of each.
    """
    rows = []
    for name, attention, part_names in objects:
        centres = part_centres(attention.part_map, part_names)
        for pixel in centres:
            query, *supports = attention_tiles(attention, pixel, part_names)
            heading = f"{name}, {query.caption}"
            legend = part_legend(part_names) if pixel == centres[-1] else ()
            rows.append(TileRow([Tile(query.picture, pixel.name), *supports], heading=heading, legend=legend))
    rows.append(TileRow((), heading="grey", legend=GREYS))
    return contact_sheet(rows, title, side=64 * SCALE)


def _enlarged(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * SCALE, picture.height * SCALE), Image.Resampling.NEAREST)


NO_PART = "none"


def confusion_table(confusion: Int64[Tensor, "q q"], part_names: Sequence[str], title: str) -> Table:
    """A category's confusion matrix as a table with shades: rows are true parts, columns inferred parts, in percent.

    Args:
        confusion: pixels by (true, inferred) part over the whole frame: `CategoryCounts.frame`.
        part_names: of parts 1, 2, ... Other channels are shown only if they occur.
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
        inferred: part ids, 0 outside the objects.
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
    """Indices of the lowest scores, lowest first, and of the highest scores, highest first. No index is in both. At
    most `count` each, fewer if there are less than twice as many scores. NaN is left out.
    """
    order = [i for i in scores.argsort(stable=True).tolist() if not bool(scores[i].isnan())]
    count = min(count, (len(order) + 1) // 2)
    return order[:count], order[count:][::-1][:count]
