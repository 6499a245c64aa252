"""Edits in the words of the command line: `object=2`, `part=2:wheel`, `car:license`, `2:10:-4`.

Every function raises ConfigError for words that it cannot read, and DataError for a file that it cannot read.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ipose.data.input_maps import read_silhouette
from ipose.data.png import read_index
from ipose.data.scene_maps import resize_ids
from ipose.editing.layout_edits import AddObject, EditLabel, MoveObject, RemoveObject
from ipose.editing.noise_edits import Resample
from ipose.editing.support_edits import EditParts, EditSupports
from ipose.errors import ConfigError
from ipose.images import size_in_words
from ipose.part_annotations import CROP_SIZE


def parse_resample(words: str, seed: int | None = None) -> Resample:
    """`everything`, `object=2` or `part=2:wheel`. `seed`: of the new noise, None = the one after the scene's own."""
    expected = "everything, object=NUMBER or part=NUMBER:PART (part=2:wheel)"
    _, item, number, part = _parse("resample", words, r"(everything|object=(\d+)|part=(\d+):(.+))", expected)
    if item:
        return Resample(object=int(item), seed=seed)
    return Resample(part=(int(number), part), seed=seed) if number else Resample(everything=True, seed=seed)


def parse_drop(words: str) -> EditSupports:
    """`car:license`: the part of a category to drop."""
    category, part = _parse("drop", words, "([^:]+):([^:]+)", "CATEGORY:PART (car:license)")
    return EditSupports(category, drop=part)


def parse_rename(words: str) -> EditSupports:
    """`car:light:chassis`: the part of a category that gets another name."""
    category, part, name = _parse("rename", words, "([^:]+):([^:]+):([^:]+)", "CATEGORY:PART:NAME (car:light:chassis)")
    return EditSupports(category, rename=(part, name))


def parse_replace(words: str) -> EditSupports:
    """`car:drawn.png`: an index PNG of 64x64 part ids that replaces all supports of a category."""
    category, file = _parse("replace", words, "([^:]+):(.+)", "CATEGORY:FILE.png (car:drawn.png)")
    ids = read_index(Path(file))
    if ids.shape != (CROP_SIZE, CROP_SIZE):
        found, expected = size_in_words(*ids.shape), f"{CROP_SIZE}x{CROP_SIZE} pixels"
        raise ConfigError("supports are drawn in the object frame", file=file, found=found, expected=expected)
    return EditSupports(category, replace=torch.from_numpy(ids.astype(np.uint8)))


def parse_move(words: str) -> MoveObject:
    """`2:10:-4`: object 2, 10 pixels down, 4 to the left."""
    return MoveObject(
        *map(int, _parse("move", words, r"(-?\d+):(-?\d+):(-?\d+)", "NUMBER:DOWN:RIGHT in pixels (2:10:-4)"))
    )


def parse_remove(words: str) -> RemoveObject:
    """`2`: the number of an object."""
    return RemoveObject(int(_parse("remove", words, r"(\d+)", "the NUMBER of an object")[0]))


def parse_add(words: str) -> AddObject:
    """`car:shape.png:10,20,16,24`: class; file with a silhouette; top, left, height and width of its box."""
    expected = "CLASS:SHAPE.png:TOP,LEFT,HEIGHT,WIDTH (car:shape.png:10,20,16,24)"
    numbers = ",".join([r"\s*(\d+)\s*"] * 4)
    category, file, *box = _parse("add", words, f"([^:]+):(.+):{numbers}", expected)
    top, left, height, width = map(int, box)
    return AddObject(category, read_silhouette(Path(file)), (top, left, height, width))


def parse_label(words: str, size: tuple[int, int]) -> EditLabel:
    """`grass:region.png`: a class, and a drawing that is not 0 in the region. It is resized to `size`, the scene's."""
    name, file = _parse("label", words, "([^:]+):(.+)", "CLASS:REGION.png (grass:region.png)")
    region = resize_ids(read_silhouette(Path(file)).numpy().astype(np.uint8), size)
    return EditLabel(torch.from_numpy(region > 0), name)


def parse_paint(words: str, size: tuple[int, int]) -> EditParts:
    """`2:parts.png`: number of an object, and an index PNG of part ids. It is resized to `size`, the scene's."""
    number, file = _parse("paint", words, r"(\d+):(.+)", "NUMBER:PARTS.png (2:parts.png)")
    return EditParts(int(number), torch.from_numpy(resize_ids(read_index(Path(file)).astype(np.uint8), size)))


def _parse(flag: str, words: str, pattern: str, expected: str) -> tuple[Any, ...]:
    found = re.fullmatch(pattern, words)
    if found is None:
        raise ConfigError("unclear edit", field=f"--{flag}", found=repr(words), expected=expected)
    return found.groups()
