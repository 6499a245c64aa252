"""CUB-200-2011 (photographs of birds), as downloaded: splits by GANSeg's protocol, foregrounds and 15 landmarks.

images/<class>/<name>.jpg           the photographs
images.txt                          id path
train_val_test_split.txt            id split: 0 = train, 1 = val, 2 = test. GANSeg's protocol; comes with its release
segmentations/<class>/<name>.png    above half of white = bird (a download of its own)
parts/part_locs.txt                 id part x y visible: pixels of the photograph as it is; 0.0 0.0 0 = not visible
"""

from math import isfinite
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ipose.data.photo_files import MISSING, list_rows, missing_in_list, resized_mask
from ipose.data.png import image_size
from ipose.errors import DataError

TRAIN, TEST, ALL = 10_000, 1_000, 11_788
"""Photographs to train on, to test on, and of the whole set (GANSeg sec. 4.4)."""

SPLIT_FILE = "train_val_test_split.txt"
_SPLITS = {"0": "train", "1": "val", "2": "test"}

LANDMARKS = 15
LANDMARK_FILE = "parts/part_locs.txt"
_AGAIN = "Get the list again."


def cub_splits(root: Path) -> dict[str, list[Path]]:
    """10,000 photographs to train on, 788 to look at, 1,000 to test on, as `train_val_test_split.txt` says.

    Without the file: splits of our own of the same sizes, by a fixed seed.
    """
    photographs = {number: root / "images" / name for number, name in _photographs(root)}
    file = root / SPLIT_FILE
    if not file.is_file():
        return _own_splits(list(photographs.values()))
    places = dict(_place(file, number, words) for number, words in list_rows(file))
    if missing := [path for number, path in photographs.items() if number not in places]:
        raise missing_in_list("a split", missing, file, _AGAIN)
    return {
        split: [path for number, path in photographs.items() if places[number] == split]
        for split in ("train", "test", "val")
    }


def _place(file: Path, number: int, words: list[str]) -> tuple[str, str]:
    """The id of a photograph, and its split."""
    if len(words) == 2 and (words[1] in _SPLITS or words[1] in _SPLITS.values()):
        return words[0], _SPLITS.get(words[1], words[1])
    expected = "a photograph's id, then 0 (train), 1 (val) or 2 (test)"
    raise DataError(f"line {number} is no split", file=file, found=" ".join(words)[:60], expected=expected, mend=_AGAIN)


def _own_splits(photographs: list[Path]) -> dict[str, list[Path]]:
    order = torch.randperm(len(photographs), generator=torch.Generator().manual_seed(0)).tolist()
    paths = [photographs[i] for i in order]
    train = paths[: min(TRAIN, len(paths) * TRAIN // ALL)]
    test = paths[len(train) :][: max(1, min(TEST, len(paths) * TEST // ALL))]
    return {"train": train, "test": test, "val": paths[len(train) + len(test) :]}


def cub_foreground(root: Path, photo: Path, size: int) -> Bool[Tensor, "s s"]:
    """Above half of white, of the resized mask; the first channel where there are several."""
    mask = root / "segmentations" / photo.parent.name / f"{photo.stem}.png"
    return resized_mask(mask, size) > 127.5


def cub_landmarks(root: Path, photographs: list[Path], size: int = 128) -> Float[Tensor, "n 15 2"]:
    """Back, beak, belly, ... of CUB's birds: (row, column) in pixels of an image of `size`, -1 where not visible."""
    file, ids = root / LANDMARK_FILE, {name: number for number, name in _photographs(root)}
    located = _locations(file)
    own = [located.get(ids.get(path.relative_to(root / "images").as_posix(), ""), {}) for path in photographs]
    if missing := [path for path, points in zip(photographs, own, strict=True) if len(points) != LANDMARKS]:
        raise missing_in_list(f"all {LANDMARKS} landmarks", missing, file, _AGAIN)
    rows = []
    for path, points in zip(photographs, own, strict=True):
        height, width = image_size(path, upright=False)
        xy = torch.tensor([points[part] for part in range(1, LANDMARKS + 1)], dtype=torch.float32)
        scaled = xy.flip(-1) * torch.tensor([size / height, size / width])
        rows.append(torch.where(xy.flip(-1) == MISSING, float(MISSING), scaled))
    return torch.stack(rows) if rows else torch.zeros(0, LANDMARKS, 2)


def _photographs(root: Path) -> list[tuple[str, str]]:
    """(id, path below images/) of every photograph, as images.txt lists them."""
    return [(words[0], words[-1]) for _, words in list_rows(root / "images.txt")]


def _locations(file: Path) -> dict[str, dict[int, tuple[float, float]]]:
    """Of every photograph's id its landmarks (x, y) by number; (-1, -1) = not visible."""
    found: dict[str, dict[int, tuple[float, float]]] = {}
    for number, words in list_rows(file):
        photograph, part, point = _location(file, number, words)
        own = found.setdefault(photograph, {})
        if part in own:
            what, which = f"a landmark that stands there twice, again in line {number}", f"part {part}"
            raise DataError(what, file=file, found=f"{which} of photograph {photograph}", mend=_AGAIN)
        own[part] = point
    return found


def _location(file: Path, number: int, words: list[str]) -> tuple[str, int, tuple[float, float]]:
    try:
        photograph, part, x, y, visible = words
        point = (float(x), float(y)) if int(visible) else (float(MISSING), float(MISSING))
        if 1 <= int(part) <= LANDMARKS and all(map(isfinite, point)):
            return photograph, int(part), point
    except ValueError:
        pass
    found, expected = " ".join(words)[:60], f"photograph, part (1 to {LANDMARKS}), x, y, visible (0 or 1)"
    raise DataError(f"line {number} is no landmark", file=file, found=found, expected=expected, mend=_AGAIN)
