"""Contact sheets of a part tree, one a category: what a person looks at before training on it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from PIL import Image

from ipose.data.file_lists import list_files
from ipose.data.part_manifest import read_manifest
from ipose.data.part_pairs import read_pair
from ipose.data.part_sources.build import BuiltParts
from ipose.data.part_sources.source import names_or_numbers
from ipose.data.support_folder import load_supports
from ipose.errors import DataError
from ipose.part_annotations import PART_CHANNELS, PartPair
from ipose.reports.contact_sheet import LegendEntry, Tile, TileRow, contact_sheet
from ipose.reports.figures import part_picture
from ipose.reports.sheets import GREYS, part_legend, supports_sheet
from ipose.whole_files import save_whole

SHOWN: Mapping[str, int] = {"train": 32, "val": 16}
"""Objects of each split on a sheet, spread evenly over those that there are; other splits show as many as val."""

COLUMNS, TILE_PX, CAPTION = 8, 128, 19
"""Tiles a line, pixels a tile's side, letters that fit below it."""


def draw_built_parts(built: BuiltParts) -> None:
    """Draw the sheets of a part tree that was built, and those of the supports that came with it and have none yet."""
    write_part_sheets(built.out)
    for k, folder in built.supports.items():
        if not (folder / "sheet.png").is_file():
            save_whole(supports_sheet(load_supports(folder), title=f"{k} supports a category"), folder / "sheet.png")


def write_part_sheets(root: Path, out: Path | None = None) -> tuple[Path, ...]:
    """Draw `sheets/<category>.png` for every category of a part tree. None = into `sheets/` of the tree.

    Objects with their parts in colour, grey where no part is labelled; below, how much of the objects each part covers.

    Raises:
        DataError: no such tree; a map among those shown that cannot be read.
    """
    files: dict[str, dict[str, list[Path]]] = {}
    for path in list_files(root, ("_part.png",), depth=3, tell=False):
        category, split = path.relative_to(root).parts[:2]
        files.setdefault(category, {}).setdefault(split, []).append(path)
    if not files:
        expected = "<category>/{train,val}/<name>_part.png"
        raise DataError("no part pairs to draw", file=root, expected=expected, mend="Check the path.")
    manifest = read_manifest(root)
    named = manifest.part_names if manifest else {}
    out = out or root / "sheets"
    out.mkdir(parents=True, exist_ok=True)
    for category, splits in files.items():
        names = named.get(category) or names_or_numbers(category)
        save_whole(_sheet(category, splits, names), out / f"{category}.png")
    return tuple(out / f"{category}.png" for category in files)


def _sheet(category: str, splits: Mapping[str, Sequence[Path]], names: Sequence[str]) -> Image.Image:
    rows: list[TileRow] = []
    seen: list[PartPair] = []
    for split in sorted(splits, key=lambda split: (split != "train", split)):
        paths = _spread(splits[split], SHOWN.get(split, SHOWN["val"]))
        pairs = [read_pair(path) for path in paths]
        seen += pairs
        heading = f"{split}: {len(paths)} of {len(splits[split])}"
        for start in range(0, len(pairs), COLUMNS):
            line = [_tile(pair) for pair in pairs[start : start + COLUMNS]]
            rows.append(TileRow(line, heading="" if start else heading))
    rows.append(TileRow((), heading="share of the object pixels above", legend=list(_legend(seen, names))))
    return contact_sheet(rows, category, side=TILE_PX)


def _tile(pair: PartPair) -> Tile:
    name = pair.name if len(pair.name) <= CAPTION else "…" + pair.name[1 - CAPTION :]  # the end tells objects apart
    return Tile(part_picture(pair.part_map, pair.shape), name)


def _legend(pairs: Sequence[PartPair], names: Sequence[str]) -> Iterator[LegendEntry]:
    """The parts with their shares, so that a part that never occurs shows."""
    counts = torch.zeros(PART_CHANNELS, dtype=torch.int64)
    for pair in pairs:
        counts += torch.bincount(pair.part_map[pair.shape].long(), minlength=PART_CHANNELS)
    total = max(int(counts.sum()), 1)
    entries = [*part_legend(names), GREYS[0]]
    for entry, part in zip(entries, [*range(1, len(names) + 1), 0], strict=True):
        yield LegendEntry(f"{entry.name}  {100 * int(counts[part]) / total:.1f} %", entry.color)


def _spread(paths: Sequence[Path], count: int) -> list[Path]:
    """At most `count` of them, evenly over the whole list."""
    count = min(count, len(paths))
    return [paths[i * len(paths) // count] for i in range(count)]
