"""Pictures of PartNet's attention: the query with a marked pixel, and the weights of its supports' pixels."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from ipose.data.palette import INK, PAPER
from ipose.partnet.attention import SupportAttention
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import part_picture
from ipose.reports.sheets import GREYS, part_legend

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
    """A support's parts in faint colours, with the weights of its pixels on top.

    Args:
        part_map: of the support.
        read: weight of each of its pixels.
        strongest: weight that is drawn in full colour.
    """
    base = np.asarray(_enlarged(part_picture(part_map)), dtype=np.float64)
    base = FAINT_PARTS * base + (1 - FAINT_PARTS) * np.asarray(PAPER)
    heat = (read / max(strongest, 1e-12)).clamp(0, 1).double().numpy().repeat(SCALE, 0).repeat(SCALE, 1)
    alpha = 0.9 * heat[..., None]
    return Image.fromarray(np.rint(base * (1 - alpha) + np.asarray(HEAT) * alpha).astype(np.uint8))


def attention_tiles(
    attention: SupportAttention, pixel: QueryPixel, part_names: Sequence[str], block: int = 0
) -> list[Tile]:
    """The query with the marked pixel, then its k supports. Captions have the weights of parts, in percent.

    Args:
        attention: of one object.
        pixel: the query pixel.
        part_names: of parts 1, 2, ...
        block: number of PartNet's attention block.
    """
    read = attention.read_by(pixel.row, pixel.column, block=block)
    strongest = float(read.max())
    tiles = [Tile(query_picture(attention.part_map, pixel), read_in_words(attention, pixel, part_names, block))]
    for i, (support, weights) in enumerate(zip(attention.supports, read, strict=True), start=1):
        picture = heat_picture(support, weights, strongest)
        tiles.append(Tile(picture, f"support {i}: {100 * float(weights.sum()):.0f} %"))
    return tiles


def read_in_words(
    attention: SupportAttention, pixel: QueryPixel, part_names: Sequence[str], block: int = 0, most: int = 2
) -> str:
    """For example "wheel read: wheel 61 %, outside 20 %"."""
    shares = attention.shares(pixel.row, pixel.column, block=block)
    names = ["outside", *part_names, *(f"part {i}" for i in range(len(part_names) + 1, len(shares)))]
    order = shares.argsort(descending=True).tolist()[:most]
    said = ", ".join(f"{names[i]} {100 * float(shares[i]):.0f} %" for i in order if shares[i] >= 0.005)
    return f"{pixel.name} read: {said}"


def attention_sheet(
    objects: Sequence[tuple[str, SupportAttention, Sequence[str]]], title: str = "", block: int = 0
) -> Image.Image:
    """One row for each part of each object: the query with the part's centre marked, and the weights in its supports.

    Args:
        objects: name, attention and part names of each.
        title: on top of the page.
        block: number of PartNet's attention block.
    """
    rows = []
    for name, attention, part_names in objects:
        centres = part_centres(attention.part_map, part_names)
        for pixel in centres:
            query, *supports = attention_tiles(attention, pixel, part_names, block)
            heading = f"{name}, {query.caption}"
            legend = part_legend(part_names) if pixel == centres[-1] else ()
            rows.append(TileRow([Tile(query.picture, pixel.name), *supports], heading=heading, legend=legend))
    rows.append(TileRow((), heading="grey", legend=GREYS))
    return contact_sheet(rows, title, side=64 * SCALE)


def _enlarged(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * SCALE, picture.height * SCALE), Image.Resampling.NEAREST)
