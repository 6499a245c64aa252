"""Taichi (people doing Tai Chi, frames of videos): splits, foregrounds and 18 landmarks, by GANSeg's protocol.

The frames are cut from videos by everybody anew, so the layout is ours:

    train/<video>/<frame>.png     a folder a video (3,049 in the paper)
    regression/<name>.png         frames to fit the landmark regression on (5,000)
    test/<name>.png               frames to report on (300)
    masks/<split>/<name>.png      255 = person
    landmarks.csv                 photograph,x1,y1,...,x18,y18: "test/<name>.png", pixels of the frame; -1 = not found
"""

import csv
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ipose.data.file_lists import PHOTO_ENDINGS, list_files
from ipose.data.photo_files import list_lines, missing_in_list, resized_mask
from ipose.errors import DataError

LANDMARKS = 18
FRAME_SPLITS = ("train", "regression", "test")


def taichi_splits(root: Path) -> dict[str, list[Path]]:
    """Frames of each split, in the order of their names. Raises DataError for a split without frames."""
    found = {split: list_files(root / split, PHOTO_ENDINGS) for split in FRAME_SPLITS}
    for split, paths in found.items():
        if not paths:
            expected, mend = f"files ending in {', '.join(PHOTO_ENDINGS)}", "Put its frames there."
            raise DataError("a split without frames", file=root / split, expected=expected, mend=mend)
    return found


def taichi_foreground(root: Path, photo: Path, size: int) -> Bool[Tensor, "s s"]:
    """Pixels that are exactly 255 in the resized mask (GANSeg's release)."""
    mask = root / "masks" / photo.relative_to(root).with_suffix(".png")
    return resized_mask(mask, size) == 255


def taichi_landmarks(root: Path, photographs: list[Path], size: int = 128) -> Float[Tensor, "n 18 2"]:
    """(row, column) in pixels of the frame as it is, whatever `size`; -1 where a landmark was not found."""
    file, table = root / "landmarks.csv", dict[str, list[float]]()
    for number, row in enumerate(csv.reader(list_lines(file)[1:]), start=2):
        if row:
            table[row[0].strip()] = _numbers(file, number, row[1:])
    names = [path.relative_to(root).as_posix() for path in photographs]
    if missing := [path for path, name in zip(photographs, names, strict=True) if name not in table]:
        raise missing_in_list("landmarks", missing, file, "Add a row for each, -1 for landmarks that were not found.")
    points = torch.tensor([table[name] for name in names], dtype=torch.float32).view(-1, LANDMARKS, 2)
    return points.flip(-1)  # x, y there


def _numbers(file: Path, line: int, words: list[str]) -> list[float]:
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        found = f"{error} in line {line}"
        raise DataError("a landmark that is no number", file=file, found=found, expected="numbers") from error
    if len(values) != 2 * LANDMARKS:
        what, expected = f"wrong count of numbers in line {line}", f"{2 * LANDMARKS}: x and y of {LANDMARKS} landmarks"
        mend = "Write -1 for landmarks that were not found."
        raise DataError(what, file=file, found=len(values), expected=expected, mend=mend)
    return values
