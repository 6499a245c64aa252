"""Edits in words, as the command line takes them: `object=2`, `part=2:wheel`, `car:license`, `2:10:-4`."""

from pathlib import Path

import numpy as np
import torch

from ipose.data.input_maps import read_silhouette
from ipose.data.png import read_index
from ipose.data.scene_maps import resize_ids
from ipose.editing.layout_edits import AddObject, EditLabel, MoveObject, RemoveObject
from ipose.editing.noise_edits import Resample
from ipose.editing.part_edits import EditParts
from ipose.editing.support_edits import EditSupports
from ipose.errors import ConfigError
from ipose.types import CROP_SIZE


def resample_from(words: str, seed: int | None = None) -> Resample:
    """`everything`, `object=2` or `part=2:wheel`. Raises ConfigError for other words."""
    kind, _, value = words.partition("=")
    number, colon, part = value.partition(":")
    if words == "everything":
        return Resample(everything=True, seed=seed)
    if kind == "object" and number.isdecimal() and not colon:
        return Resample(object=int(number), seed=seed)
    if kind == "part" and number.isdecimal() and part:
        return Resample(part=(int(number), part), seed=seed)
    raise _unclear("resample", words, "everything, object=NUMBER or part=NUMBER:PART (part=2:wheel)")


def drop_from(words: str) -> EditSupports:
    """`car:license`. Raises ConfigError for other words."""
    category, _, part = words.partition(":")
    if not category or not part or ":" in part:
        raise _unclear("drop", words, "CATEGORY:PART (car:license)")
    return EditSupports(category, drop=part)


def rename_from(words: str) -> EditSupports:
    """`car:light:chassis`. Raises ConfigError for other words."""
    named = words.split(":")
    if len(named) != 3 or not all(named):
        raise _unclear("rename", words, "CATEGORY:PART:NAME (car:light:chassis)")
    return EditSupports(named[0], rename=(named[1], named[2]))


def replace_from(words: str) -> EditSupports:
    """`car:drawn.png`, an index PNG of 64x64 part ids that takes the place of all supports of cars.

    Raises:
        ConfigError: other words, or a map of another size.
        DataError: a file that cannot be read, or is no index PNG.
    """
    category, _, file = words.partition(":")
    if not category or not file:
        raise _unclear("replace", words, "CATEGORY:FILE.png (car:drawn.png)")
    ids = read_index(Path(file))
    if ids.shape != (CROP_SIZE, CROP_SIZE):
        raise ConfigError(
            "supports are drawn in the object frame",
            file=file,
            found="x".join(map(str, ids.shape)),
            expected=f"{CROP_SIZE}x{CROP_SIZE} pixels",
        )
    return EditSupports(category, replace=torch.from_numpy(ids.astype(np.uint8)))


def move_from(words: str) -> MoveObject:
    """`2:10:-4`: object 2, 10 pixels down, 4 to the left. Raises ConfigError for other words."""
    numbers = words.split(":")
    if len(numbers) != 3 or not all(number.removeprefix("-").isdecimal() for number in numbers):
        raise _unclear("move", words, "NUMBER:DOWN:RIGHT in pixels (2:10:-4)")
    return MoveObject(*map(int, numbers))


def remove_from(words: str) -> RemoveObject:
    """`2`, an object. Raises ConfigError for other words."""
    if not words.isdecimal():
        raise _unclear("remove", words, "the NUMBER of an object")
    return RemoveObject(int(words))


def add_from(words: str) -> AddObject:
    """`car:shape.png:10,20,16,24`: class, drawn silhouette; top, left, height and width of its box.

    Raises:
        ConfigError: other words.
        DataError: a file that cannot be read, or without a drawing.
    """
    category, _, rest = words.partition(":")
    file, _, box = rest.rpartition(":")
    numbers = box.split(",")
    if not category or not file or len(numbers) != 4 or not all(number.strip().isdecimal() for number in numbers):
        raise _unclear("add", words, "CLASS:SHAPE.png:TOP,LEFT,HEIGHT,WIDTH (car:shape.png:10,20,16,24)")
    top, left, height, width = map(int, numbers)
    return AddObject(category, read_silhouette(Path(file)), (top, left, height, width))


def label_from(words: str, size: tuple[int, int]) -> EditLabel:
    """`grass:region.png`: a class, and a drawing that is not 0 in the region; it is brought to the scene's size.

    Raises:
        ConfigError: other words.
        DataError: a file that cannot be read, or without a drawing.
    """
    name, _, file = words.partition(":")
    if not name or not file:
        raise _unclear("label", words, "CLASS:REGION.png (grass:region.png)")
    region = resize_ids(read_silhouette(Path(file)).numpy().astype(np.uint8), size)
    return EditLabel(torch.from_numpy(region > 0), name)


def paint_from(words: str, size: tuple[int, int]) -> EditParts:
    """`2:parts.png`: an object, and an index PNG of part ids; it is brought to the scene's size.

    Raises:
        ConfigError: other words.
        DataError: a file that cannot be read, or is no index PNG.
    """
    number, _, file = words.partition(":")
    if not number.isdecimal() or not file:
        raise _unclear("paint", words, "NUMBER:PARTS.png (2:parts.png)")
    return EditParts(int(number), torch.from_numpy(resize_ids(read_index(Path(file)).astype(np.uint8), size)))


def _unclear(flag: str, words: str, expected: str) -> ConfigError:
    return ConfigError("unclear edit", field=f"--{flag}", found=repr(words), expected=expected)
