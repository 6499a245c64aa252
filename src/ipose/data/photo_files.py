"""What every published set of photographs is made of: pictures brought to one size, and lists of text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from ipose.data.faults import Fault
from ipose.data.png import read_index, read_photo
from ipose.errors import DataError

MISSING = -1
"""Coordinate of a landmark that was not found, or is not visible."""


def resized_photo(path: Path, size: int, *, upright: bool = True) -> UInt8[Tensor, "3 s s"]:
    """A photograph at (size, size), bilinear, without keeping the aspect (GANSeg's protocol).

    Args:
        upright: as in `read_photo`; False for published sets.
    Raises:
        DataError: as `read_photo`.
    """
    picture = Image.fromarray(read_photo(path, upright=upright)).resize((size, size), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def resized_mask(path: Path, size: int) -> UInt8[Tensor, "s s"]:
    """The first channel of a mask, as it is stored, at (size, size), bilinear (GANSeg's protocol). Transparency counts
    for nothing. Raises DataError as `read_photo`."""
    mask = Image.fromarray(read_photo(path, upright=False, transparency=False)[..., 0])
    return torch.from_numpy(np.array(mask.resize((size, size), Image.Resampling.BILINEAR)))


def list_lines(file: Path) -> list[str]:
    """The lines of a list. Raises DataError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        found, mend = type(error).__name__, "Get it again, from where the data set is published."
        raise DataError("a list of the data set cannot be read", file=file, found=found, mend=mend) from error


def list_rows(file: Path) -> list[tuple[int, list[str]]]:
    """Number and words of each line of a list that is not blank."""
    return [(number, words) for number, line in enumerate(list_lines(file), start=1) if (words := line.split())]


def missing_in_list(what: str, paths: list[Path], file: Path, mend: str) -> DataError:
    """The error for photographs that a list says nothing of: the first one, and how many more."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return DataError(f"a photograph without {what}", file=file, found=f"{paths[0].name}{more}", mend=mend)


OTHER_FOLDERS = {
    "run.json": "this is the folder of a run, whose images are sheets",
    "supports.json": "this is a folder of supports, whose images are part maps",
}
"""What a file tells of the folder that it lies in."""

LOOKED_AT = 16
"""Files, spread over the folder, that tell whether it holds label maps."""

MOST_IDS = 32
"""Label maps have fewer ids in one image; photographs in greyscale or with a palette have more values."""


def refuse_other_folder(root: Path) -> None:
    """Raise DataError for the folder of a run, or of supports; return for any other, also for none."""
    for file, what in OTHER_FOLDERS.items():
        if (root / file).is_file():
            mend = "Name the folder of the photographs."
            raise DataError(what, file=root, found=file, expected="a folder of photographs", mend=mend)


def label_map_fault(root: Path, paths: Sequence[Path]) -> Fault | None:
    """The fault of a folder whose images look like label maps; None where they look like photographs.

    They do where half of them or more are greyscale or palette PNGs with few values: half, as many data sets keep
    maps and photographs in one folder. A single file tells nothing.
    """
    looked = paths[:: max(1, len(paths) // LOOKED_AT)][:LOOKED_AT]
    maps = sum(map(_is_label_map, looked))
    if len(looked) < 2 or 2 * maps < len(looked):
        return None
    return Fault(
        str(root),
        "these look like label maps, not photographs",
        f"{maps} greyscale or palette PNGs of {MOST_IDS} values or fewer among {len(looked)} files",
        "photographs",
        "Name the folder of the photographs; if these are pictures, save them in colour (RGB).",
    )


def refuse_label_maps(root: Path, paths: Sequence[Path]) -> None:
    """Raise DataError for images that look like label maps; see `label_map_fault`."""
    if (fault := label_map_fault(root, paths)) is not None:
        raise fault.error()


def _is_label_map(path: Path) -> bool:
    try:
        return len(np.unique(read_index(path))) <= MOST_IDS
    except DataError:  # a photograph; or a broken file, which others tell of
        return False
