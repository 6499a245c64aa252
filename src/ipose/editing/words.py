"""Edits in words, as the command line takes them: `object=2`, `part=2:wheel`, `car:license`."""

from pathlib import Path

import numpy as np
import torch

from ipose.data.png import read_index
from ipose.editing.noise_edits import Resample
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


def _unclear(flag: str, words: str, expected: str) -> ConfigError:
    return ConfigError("unclear edit", field=f"--{flag}", found=repr(words), expected=expected)
