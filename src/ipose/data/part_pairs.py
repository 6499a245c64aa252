"""Part pairs, what PartNet learns from: cut out of scenes with part maps, or read from a part tree.

A *part tree* is `<root>/<category>/<split>/<name>_part.png` (ids 0..8; the object's shape is where they are > 0, unless
`<name>_label.png` beside it holds the shape, 0 and 255). The release's data set is one, its categories named by number.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import torch
from jaxtyping import Bool, UInt8
from torch import Tensor

from ipose.data.faults import or_fault, without_faults
from ipose.data.file_lists import folders_in, list_files
from ipose.data.palette import PART_COLORS
from ipose.data.parallel import in_parallel
from ipose.data.png import read_index, write_index
from ipose.errors import DataError, EmptyShapeError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import CROP_SIZE, PART_CHANNELS, PartPair
from ipose.shapes.crop_geometry import crop_geometry, even_box, geometry_of_objects
from ipose.shapes.object_crops import crop_maps, crop_object_shapes
from ipose.types import Scene
from ipose.whole_files import write_whole


def pairs_from_scenes(scenes: Iterable[Scene], spec: LabelSpec) -> list[PartPair]:
    """Cut every object that shows part pixels out of scenes with part maps.

    Source: iPOSE suppl. A: objects are cropped by their boxes and resized to 64 x 64. Shape = the object's own pixels,
    part map = the part ids on them, 0 elsewhere.

    Args:
        scenes: with part maps; objects without a part category are passed over.
        spec: names the classes, for the pairs' names: "<scene>-<class>-<instance id>".
    Raises:
        DataError: a scene without a part map.
    """
    return [pair for scene in scenes for pair in _pairs_of(scene, spec)]


def _pairs_of(scene: Scene, spec: LabelSpec) -> list[PartPair]:
    if scene.part is None:
        expected = "a {split}_part folder beside {split}_label"
        mend = "Add true part maps, or read part pairs from a part tree."
        raise DataError("scene without part map", file=scene.name, expected=expected, mend=mend)
    objects = [item for item in scene.objects if item.part_category is not None]
    if not objects:
        return []
    geometry = geometry_of_objects(objects, scene.size)
    index = torch.zeros(len(objects), dtype=torch.int64)
    classes = torch.tensor([item.class_id for item in objects])
    instances = torch.tensor([item.instance_id for item in objects])
    shapes = crop_object_shapes(scene.label[None], scene.instance[None], classes, instances, index, geometry)[:, 0] > 0
    parts = torch.where(shapes, crop_maps(scene.part[None], index, geometry, outside=0), 0).to(torch.uint8)
    names = [f"{scene.name}-{spec.classes[item.class_id].name}-{item.instance_id}" for item in objects]
    return [
        PartPair(item.part_category or "", shape, part, name)
        for item, name, shape, part in zip(objects, names, shapes, parts, strict=True)
        if part.any()
    ]


def read_part_tree(root: str | Path, split: str) -> list[PartPair]:
    """Read the part pairs of a split, by category and name. Maps that are not 64 x 64 are cropped and resized.

    Raises:
        DataError: no such tree; or files at fault, the first ten listed.
    """
    root = Path(root)
    folders = folders_in(root)
    files = [file for folder in folders for file in list_files(folder / split, ("_part.png",), beside=("_label.png",))]
    if not files:
        found, expected = ", ".join(p.name for p in folders[:8]) or "no folder", f"<category>/{split}/<name>_part.png"
        mend = "Check the path and the split."
        raise DataError("no part pairs", file=root, found=found, expected=expected, mend=mend)
    return without_faults(in_parallel(or_fault(read_pair), files, f"part pairs of {split}"), f"part tree {root}")


def read_pair(path: Path) -> PartPair:
    """Read `<category>/<split>/<name>_part.png`, with `<name>_label.png` as its shape where that is there.

    Raises:
        DataError: no index PNGs, or of different sizes; a part id above 8.
        EmptyShapeError: the shape spans less than three pixels, and is not 64 x 64.
    """
    part = torch.from_numpy(read_index(path))
    if int(part.max()) >= PART_CHANNELS:
        raise DataError("part id outside 0..8", file=path, found=int(part.max()), mend="Merge or renumber the parts.")
    name = path.name.removesuffix("_part.png")
    label = path.with_name(f"{name}_label.png")
    shape = torch.from_numpy(read_index(label)) > 0 if label.is_file() else part > 0
    if shape.shape != part.shape:
        raise DataError("sizes differ", file=label, found=tuple(shape.shape), expected=f"{tuple(part.shape)} as {path}")
    framed = to_object_frame(shape, part.to(torch.uint8))
    return PartPair(path.parent.parent.name, *framed, name)


def write_pair(pair: PartPair, root: Path, split: str) -> None:
    """Write `<root>/<category>/<split>/<name>_part.png`, and `_label.png` where the parts do not cover the shape.

    The part map comes last and is renamed into place: where it is, the pair is whole. The same pair may be written
    again, to the same bytes.

    Raises:
        DataError: there is another pair of this name; it stays as it is.
    """
    folder = root / pair.category / split
    stem = re.sub(r"[^\w.-]+", "_", pair.name) or "object"
    if not torch.equal(pair.shape, pair.part_map > 0):
        _write_map(folder / f"{stem}_label.png", pair.shape.to(torch.uint8) * 255)
    _write_map(folder / f"{stem}_part.png", pair.part_map, PART_COLORS)


def _write_map(path: Path, ids: UInt8[Tensor, "s s"], colors: tuple[tuple[int, int, int], ...] | None = None) -> None:
    def write(beside: Path) -> None:
        write_index(beside, ids, colors=colors)
        if path.exists() and path.read_bytes() != beside.read_bytes():
            mend = "Build into a new folder; this one stays as it is."
            raise DataError("there is another file of this name", file=path, mend=mend)

    write_whole(path, write, sync=False)


def to_object_frame(
    shape: Bool[Tensor, "h w"], part_map: UInt8[Tensor, "h w"]
) -> tuple[Bool[Tensor, "s s"], UInt8[Tensor, "s s"]]:
    """Crop an object drawn on a canvas of any size, and bring it to 64 x 64 (nearest), as objects of scenes are.

    A canvas of 64 x 64 is taken to be the object frame already and stays as it is.

    Raises:
        EmptyShapeError: the shape spans less than three pixels in rows or columns.
    """
    if shape.shape == (CROP_SIZE, CROP_SIZE):
        return shape, part_map
    return cut_to_object_frame(shape, part_map)


def cut_to_object_frame(
    shape: Bool[Tensor, "h w"], part_map: UInt8[Tensor, "h w"]
) -> tuple[Bool[Tensor, "s s"], UInt8[Tensor, "s s"]]:
    """Crop an object out of a picture, whatever the picture's size, and bring it to 64 x 64 (nearest).

    Raises:
        EmptyShapeError: the shape spans less than three pixels in rows or columns.
    """
    rows, cols = torch.nonzero(shape.any(1))[:, 0], torch.nonzero(shape.any(0))[:, 0]
    height, width = shape.shape
    box = None
    if len(rows):
        box = even_box(int(rows[0]), int(rows[-1]), int(cols[0]), int(cols[-1]), (height, width))
    if box is None:
        found, expected = f"{int(shape.sum())} object pixels", "an object of at least 3x3 pixels"
        raise EmptyShapeError("no object to crop", found=found, expected=expected)
    geometry = crop_geometry(torch.tensor([box]), torch.tensor([[1, 1]]), (height, width))
    index = torch.zeros(1, dtype=torch.int64)
    cropped = crop_maps(torch.where(shape, part_map, 255)[None], index, geometry, outside=255)[0]
    return cropped != 255, torch.where(cropped == 255, 0, cropped).to(torch.uint8)
