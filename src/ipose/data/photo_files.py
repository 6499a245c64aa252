"""What every published set of photographs is made of: pictures brought to one size, and lists of text."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from ipose.data.png import read_photo
from ipose.errors import DataError

MISSING = -1
"""Coordinate of a landmark that was not found, or is not visible."""


def resized_photo(path: Path, size: int) -> UInt8[Tensor, "3 s s"]:
    """A photograph at (size, size), bilinear, without keeping the aspect (GANSeg's protocol).

    Raises:
        DataError: as `read_photo`.
    """
    picture = Image.fromarray(read_photo(path)).resize((size, size), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def list_lines(file: Path) -> list[str]:
    """The lines of a list. Raises DataError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(
            "a list of the data set cannot be read", file=file, found=type(error).__name__,
            mend="Get it again, from where the data set is published.",
        ) from error  # fmt: skip


def without(what: str, paths: list[Path], file: Path, mend: str) -> DataError:
    """The error for photographs that a list lacks: the first one, and how many more."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return DataError(f"a photograph without {what}", file=file, found=f"{paths[0].name}{more}", mend=mend)
