"""Sheets of images that are generated from points: points, part masks, foreground, background, image."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer
from PIL import Image, ImageDraw
from torch import Tensor

from ipose.data.palette import NOTHING, PAPER, PART_COLORS, RGB, instance_color, lookup
from ipose.reports.contact_sheet import LegendEntry, Tile, TileRow, contact_sheet, enlarge
from ipose.reports.figures import photo


def part_color(part: int) -> RGB:
    """Colour of part 0 (background), 1, 2, ... The first ones are those of part maps."""
    return PART_COLORS[part] if part < len(PART_COLORS) else instance_color(part)


def many_parts_picture(part: Integer[Tensor, "h w"]) -> Image.Image:
    """A part map in colours, with any number of parts."""
    ids = part.cpu().numpy().astype(np.int64)
    return Image.fromarray(lookup(tuple(part_color(i) for i in range(int(ids.max(initial=0)) + 1)))[ids])


def parts_over(image: Image.Image, part: Integer[Tensor, "h w"]) -> Image.Image:
    """The part map on top of a photograph. Background shows the photograph."""
    shown = (part.cpu().numpy() != 0)[..., None]
    below, above = np.asarray(image.convert("RGB"), dtype=np.float64), np.asarray(many_parts_picture(part))
    mixed = np.where(shown, 0.4 * below + 0.6 * above, below)
    return Image.fromarray(mixed.round().astype(np.uint8))


NO_OBJECT = LegendEntry("no object", NOTHING)


def points_picture(points: Float[Tensor, "n 2"], parts: int, side: int = 176) -> Image.Image:
    """Points in their parts' colours, with a ring at each part's centre. Points are (row, column) in [-1, 1]."""
    picture = Image.new("RGB", (side, side), PAPER)
    draw, each = ImageDraw.Draw(picture), len(points) // parts
    for k in range(parts):
        own = [((c + 1) / 2 * (side - 1), (r + 1) / 2 * (side - 1)) for r, c in points[k * each :][:each].tolist()]
        for x, y in own:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=part_color(k + 1), outline=(60, 60, 58))
        x, y = (sum(values) / each for values in zip(*own, strict=True))
        draw.ellipse((x - 6, y - 6, x + 6, y + 6), outline=part_color(k + 1), width=2)
    return picture


def part_legend(parts: int, names: Sequence[str] = ()) -> list[LegendEntry]:
    """The colours of parts 1..k. `[*part_legend(k), NO_OBJECT]` where a picture has the grey of no part."""
    return [LegendEntry(names[k - 1] if names else f"part {k}", part_color(k)) for k in range(1, parts + 1)]


def points_row(
    points: Float[Tensor, "n 2"],
    part_map: Integer[Tensor, "s s"],
    pictures: dict[str, Float[Tensor, "3 s s"]],
    parts: int,
    heading: str = "",
) -> TileRow:
    """One row: points, part masks, then the pictures."""
    side = max(176, part_map.shape[-1])
    tiles = [Tile(points_picture(points, parts, side), "points"), Tile(many_parts_picture(part_map), "masks")]
    tiles = [Tile(enlarge(tile.picture, side), tile.caption) for tile in tiles if tile.picture is not None]
    tiles += [Tile(enlarge(photo(picture), side), name) for name, picture in pictures.items()]
    return TileRow(tiles, heading)


def points_sheet(rows: Sequence[TileRow], parts: int, title: str = "") -> Image.Image:
    """A sheet of rows of `points_row`, with a legend of the parts."""
    legend = [*part_legend(parts), NO_OBJECT]
    last = TileRow(rows[-1].tiles, rows[-1].heading, legend)
    return contact_sheet([*rows[:-1], last], title)
