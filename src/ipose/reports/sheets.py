"""Sheets of scenes with parts and images, of supports, and of part maps compared with the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Integer
from PIL import Image
from torch import Tensor

from ipose.data.palette import BARE, INK, NOTHING, PART_COLORS
from ipose.errors import ShapeMismatchError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import SupportSet
from ipose.reports.contact_sheet import LegendEntry, Tile, TileRow, contact_sheet
from ipose.reports.figures import instance_picture, label_picture, part_picture, photo
from ipose.types import Scene

GREYS = (LegendEntry("object pixel without a part", BARE), LegendEntry("no object", NOTHING))
"""Legend of the two greys. They mean the same in every picture of parts, supports and instances."""

BORDER = LegendEntry("border between two objects", INK)
"""Legend of the dark pixels in pictures of instances, whose colours only tell objects apart."""


@dataclass(frozen=True, eq=False)
class SceneRow:
    """A scene with inferred parts and generated images.

    Args:
        scene: with maps; photograph and true parts are optional.
        inferred: inferred part ids 0..8 (H, W); None = not inferred.
        images: generated images by caption ("seed 1"): uint8 (3, H, W), or float in [-1, 1].
    """

    scene: Scene
    inferred: Tensor | None = None
    images: Mapping[str, Tensor] | None = None


def scene_tiles(row: SceneRow, spec: LabelSpec) -> list[Tile]:
    """Tiles of label, instances, true parts, inferred parts, generated images and original, as far as they exist."""
    scene, part = row.scene, row.scene.part
    things = torch.tensor([c.thing for c in spec.classes])[scene.label]
    tiles = [
        Tile(label_picture(scene.label, spec), "label map"),
        Tile(instance_picture(scene.label, scene.instance, spec), "instances"),
    ]
    if part is not None:
        tiles.append(Tile(part_picture(part, things), "true parts"))
    if row.inferred is not None:
        tiles.append(Tile(part_picture(row.inferred, things), "inferred parts"))
    tiles += [Tile(photo(image), caption) for caption, image in (row.images or {}).items()]
    if scene.image is not None:
        tiles.append(Tile(photo(scene.image), "original"))
    return tiles


def scene_sheet(
    rows: Sequence[SceneRow], spec: LabelSpec, part_names: Mapping[str, tuple[str, ...]] | None = None, title: str = ""
) -> Image.Image:
    """One row for each scene: label, instances, true parts, inferred parts, images by seed, original image.

    A column that no scene has is left out; a scene that lacks one of the others keeps its place empty.
    """
    tiles = [{tile.caption: tile for tile in scene_tiles(row, spec)} for row in rows]
    columns = _column_order(tiles)
    lines = [
        TileRow([line.get(column, Tile(None, column)) for column in columns], heading=row.scene.name)
        for row, line in zip(rows, tiles, strict=True)
    ]
    legends = [TileRow((), heading="classes", legend=class_legend([row.scene for row in rows], spec))] if rows else []
    for category, names in (part_names or {}).items():
        if any(item.part_category == category for row in rows for item in row.scene.objects):
            legends.append(TileRow((), heading=f"parts of {category}", legend=part_legend(names)))
    if rows:
        legends.append(TileRow((), heading="grey, in instances and parts", legend=(*GREYS, BORDER)))
    return contact_sheet([*lines, *legends], title)


def supports_sheet(supports: SupportSet, title: str = "Supports") -> Image.Image:
    """One row for each category: its k part maps and their legend."""
    rows = [
        TileRow(support_tiles(supports, name), heading=name, legend=part_legend(supports.part_names[name]))
        for name in supports.categories
    ]
    rows.append(TileRow((), heading="grey", legend=GREYS))
    return contact_sheet(rows, title, side=128)


def parts_sheet(
    shapes: Bool[Tensor, "n s s"],
    predicted: Integer[Tensor, "n s s"],
    true: Integer[Tensor, "n s s"] | None = None,
    names: Sequence[str] = (),
    part_names: Sequence[str] = (),
    title: str = "",
) -> Image.Image:
    """One row for each object: shape, predicted parts, true parts, and wrong pixels in red.

    Args:
        predicted: part ids 0..8.
        true: part ids 0..8; None = unknown.
        part_names: of parts 1, 2, ..., for the legend, if all objects are of one category.
    Raises:
        ShapeMismatchError: names are given, but not one for each object.
    """
    if names and len(names) != len(shapes):
        raise ShapeMismatchError("every object needs its name", found=len(names), expected=len(shapes))
    rows = []
    for i, shape in enumerate(shapes):
        tiles = [Tile(silhouette(shape), "shape"), Tile(part_picture(predicted[i], shape), "predicted")]
        if true is not None:
            wrong = (predicted[i] != true[i]).cpu()
            tiles.append(Tile(part_picture(true[i], shape), "true"))
            tiles.append(Tile(wrong_pixels(shape, wrong), f"wrong: {100 * wrong.double().mean():.1f} % of the frame"))
        rows.append(TileRow(tiles, heading=names[i] if names else ""))
    legend = [TileRow((), heading="parts", legend=[*part_legend(part_names), *GREYS])]
    return contact_sheet([*rows, *legend], title)


def support_tiles(supports: SupportSet, category: str) -> list[Tile]:
    """The k part maps of a category, with the numbers of their files."""
    maps = supports.part_maps[category]
    return [Tile(part_picture(part_map), f"support {i + 1}") for i, part_map in enumerate(maps)]


def silhouette(shape: Bool[Tensor, "s1 s2"]) -> Image.Image:
    """A shape in grey."""
    return part_picture(torch.zeros_like(shape, dtype=torch.uint8), shape)


def part_legend(part_names: Sequence[str]) -> list[LegendEntry]:
    """Colours and names of the parts 1, 2, ..."""
    return [LegendEntry(name, PART_COLORS[i]) for i, name in enumerate(part_names, start=1)]


def class_legend(scenes: Sequence[Scene], spec: LabelSpec) -> list[LegendEntry]:
    """Colours and names of the classes in these scenes, in the spec's order."""
    present = sorted({int(i) for scene in scenes for i in scene.label.unique()})
    return [LegendEntry(spec.classes[i].name, spec.classes[i].color) for i in present]


def wrong_pixels(shape: Bool[Tensor, "s1 s2"], wrong: Bool[Tensor, "s1 s2"]) -> Image.Image:
    """A shape in grey with its wrong pixels in red."""
    picture = silhouette(shape).convert("RGB")
    red = Image.new("RGB", picture.size, (200, 30, 45))
    picture.paste(red, mask=Image.fromarray(wrong.numpy().astype("uint8") * 255))
    return picture


def _column_order(lines: Sequence[Mapping[str, Tile]]) -> list[str]:
    """All captions: maps first, then images in order of appearance, the original last."""
    seen = list(dict.fromkeys(caption for line in lines for caption in line))
    first = [name for name in ("label map", "instances", "true parts", "inferred parts") if name in seen]
    last = [name for name in ("original",) if name in seen]
    return [*first, *(name for name in seen if name not in first + last), *last]
