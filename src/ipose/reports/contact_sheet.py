"""The layout of all sheets: tiles with captions on one light page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont, ImageOps

from ipose.data.palette import FAINT, INK, PAPER, RGB

MARGIN, GAP, TILE_SIDE = 20, 12, 176
"""In pixels: margin of the page, gap between tiles, and longer side of a tile."""

TITLE, BODY, SMALL = 20, 14, 12
"""Font sizes in pixels."""


class LegendEntry(NamedTuple):
    """A colour and its meaning."""

    name: str
    color: RGB


@dataclass(frozen=True)
class Tile:
    """A picture with a caption. None = an empty tile."""

    picture: Image.Image | None
    caption: str = ""


@dataclass(frozen=True)
class TileRow:
    """A row of tiles. The heading is above them, the legend below."""

    tiles: Sequence[Tile]
    heading: str = ""
    legend: Sequence[LegendEntry] = ()


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, which is the same on every machine."""
    return ImageFont.load_default(size)


def enlarge(picture: Image.Image, side: int = TILE_SIDE) -> Image.Image:
    """Scale the longer side to about `side`: small pictures by whole factors, large ones by area average."""
    longer = max(picture.size)
    factor = side / longer if longer > side else max(1, round(side / longer))
    size = tuple(max(1, round(edge * factor)) for edge in picture.size)
    method = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX
    return picture.convert("RGB").resize((size[0], size[1]), method)


def contact_sheet(rows: Sequence[TileRow], title: str = "", side: int = TILE_SIDE) -> Image.Image:
    """Draw rows of tiles below one another. `side`: longer side of a tile in pixels, about."""
    blocks = [_row_block(row, side) for row in rows]
    head = _text_block(title, TITLE) if title else None
    parts = ([head] if head else []) + blocks
    return ImageOps.expand(_stack(parts, GAP), MARGIN, PAPER)


def _row_block(row: TileRow, side: int) -> Image.Image:
    tiles = [_tile_block(tile, side) for tile in _same_size(row.tiles)]
    width = sum(tile.width for tile in tiles) + GAP * max(len(tiles) - 1, 0)
    lines: list[Image.Image] = [_text_block(row.heading, BODY)] if row.heading else []
    strip = Image.new("RGB", (max(width, 1), max([tile.height for tile in tiles], default=1)), PAPER)
    left = 0
    for tile in tiles:
        strip.paste(tile, (left, 0))
        left += tile.width + GAP
    lines += [strip, *([_legend_block(row.legend, max(width, 4 * side))] if row.legend else [])]
    return _stack(lines, gap=6)


def _same_size(tiles: Sequence[Tile]) -> list[Tile]:
    """An empty tile is as large as its neighbours."""
    sizes = [tile.picture.size for tile in tiles if tile.picture is not None]
    size = sizes[0] if sizes else (64, 64)
    return [tile if tile.picture else Tile(Image.new("RGB", size, PAPER), tile.caption) for tile in tiles]


def _tile_block(tile: Tile, side: int) -> Image.Image:
    assert tile.picture is not None
    picture = enlarge(tile.picture, side)
    framed = Image.new("RGB", (picture.width + 2, picture.height + 2), (208, 208, 204))
    framed.paste(picture, (1, 1))
    if not tile.caption:
        return framed
    return _stack([framed, _text_block(_shorten(tile.caption, SMALL, framed.width), SMALL, FAINT)], gap=3)


def _stack(blocks: Sequence[Image.Image], gap: int) -> Image.Image:
    height = sum(block.height for block in blocks) + gap * max(len(blocks) - 1, 0)
    page = Image.new("RGB", (max([block.width for block in blocks], default=0), height), PAPER)
    top = 0
    for block in blocks:
        page.paste(block, (0, top))
        top += block.height + gap
    return page


def _text_width(text: str, size: int) -> int:
    return math.ceil(font(size).getlength(text))


def _shorten(text: str, size: int, width: int) -> str:
    """Cut a text to `width` pixels."""
    if _text_width(text, size) <= width:
        return text
    while text and _text_width(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


def _text_block(text: str, size: int, color: RGB = INK) -> Image.Image:
    block = Image.new("RGB", (max(_text_width(text, size), 1), round(size * 1.35)), PAPER)
    drawn = text.encode("utf-8", "replace").decode()  # a file name that is no UTF-8 has letters that no font draws
    ImageDraw.Draw(block).text((0, 0), drawn, fill=color, font=font(size))
    return block


def _legend_block(entries: Sequence[LegendEntry], width: int) -> Image.Image:
    """Colours with names, in lines of at most `width` pixels."""
    lines: list[list[tuple[int, LegendEntry]]] = [[]]
    left = 0
    for entry in entries:
        needed = 18 + _text_width(entry.name, SMALL) + 16
        if lines[-1] and left + needed > width:
            lines.append([])
            left = 0
        lines[-1].append((left, entry))
        left += needed
    block = Image.new("RGB", (width, 18 * len(lines)), PAPER)
    draw = ImageDraw.Draw(block)
    for number, line in enumerate(lines):
        for start, entry in line:
            top = 18 * number
            draw.rectangle((start, top + 3, start + 12, top + 15), fill=entry.color, outline=(120, 120, 116))
            draw.text((start + 18, top + 2), entry.name, fill=INK, font=font(SMALL))
    return block
