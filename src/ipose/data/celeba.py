"""CelebA (photographs of faces), in the wild and aligned, as downloaded: splits by GANSeg's protocol, five landmarks.

img_celeba/                       photographs in the wild; img_align_celeba/: the aligned ones
list_eval_partition.txt           name number: 0 = CelebA's training list
list_bbox_celeba.txt              boxes of the faces in the wild
list_landmarks_celeba.txt         landmarks in the wild; list_landmarks_align_celeba.txt: of the aligned ones
training.txt, testing.txt         MAFL's lists of names

Splits: to train on, CelebA's training list without MAFL's test list; to fit the landmark regression on, MAFL's training
list; to test on, MAFL's test list. In the wild, small faces are dropped from each (GANSeg sec. 4.1).
"""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ipose.data.parallel import in_parallel
from ipose.data.photo_files import list_rows, missing_in_list
from ipose.data.png import image_size
from ipose.errors import DataError

LEAST_FACE = 0.3
"""Share of the photograph that a face's box must cover (GANSeg app. B.1)."""

LISTED = {"train": 161_962, "regression": 19_000, "test": 1_000}
"""Names in each split before small faces are dropped. GANSeg prints 160k, 19k and 1k for the aligned photographs."""

IN_THE_WILD = {"train": 45_609, "regression": 5_379, "test": 283}
"""Photographs in the wild with a large face (GANSeg sec. 4.1)."""

_AGAIN = "Get the list again."


def celeba_names(root: Path) -> dict[str, list[str]]:
    """Names of the photographs of each split, before small faces are dropped."""
    training, testing = ([words[0] for _, words in list_rows(root / f"{n}.txt")] for n in ("training", "testing"))
    partition, tested = (words for _, words in list_rows(root / "list_eval_partition.txt")), set(testing)
    train = [name for name, number in partition if number == "0" and name not in tested]
    return {"train": train, "regression": training, "test": testing}


def aligned_splits(root: Path) -> dict[str, list[Path]]:
    """All aligned photographs of the lists."""
    folder = root / "img_align_celeba"
    return {split: [folder / name for name in names] for split, names in celeba_names(root).items()}


def wild_splits(root: Path) -> dict[str, list[Path]]:
    """Photographs in the wild whose face's box covers 30 % or more. Reads the size of each photograph."""
    listed, file = celeba_names(root), root / "list_bbox_celeba.txt"
    boxes, splits = _table(file, {name for names in listed.values() for name in names}), {}
    for split, names in listed.items():
        paths = [root / "img_celeba" / name for name in names]
        if missing := [path for path, name in zip(paths, names, strict=True) if name not in boxes]:
            raise missing_in_list("a box", missing, file, _AGAIN)
        sizes = in_parallel(partial(image_size, upright=False), paths, f"reading sizes of {split}")
        areas = ((path, boxes[name], size) for path, name, size in zip(paths, names, sizes, strict=True))
        splits[split] = [path for path, box, (h, w) in areas if box[2] * box[3] >= LEAST_FACE * h * w]
    return splits


def wild_landmarks(root: Path, photographs: list[Path], size: int = 128) -> Float[Tensor, "n 5 2"]:
    """Eyes, nose and corners of the mouth: (row, column) in pixels of an image of `size`."""
    return _landmarks(root / "list_landmarks_celeba.txt", photographs, size)


def aligned_landmarks(root: Path, photographs: list[Path], size: int = 128) -> Float[Tensor, "n 5 2"]:
    """The same for the aligned photographs, which have a list of their own."""
    return _landmarks(root / "list_landmarks_align_celeba.txt", photographs, size)


def _landmarks(file: Path, photographs: list[Path], size: int) -> Float[Tensor, "n 5 2"]:
    table, rows = _table(file, {path.name for path in photographs}), []
    if missing := [path for path in photographs if path.name not in table]:
        raise missing_in_list("landmarks", missing, file, _AGAIN)
    for path in photographs:
        height, width = image_size(path, upright=False)
        points = np.asarray(table[path.name]).reshape(5, 2)[:, ::-1]  # x, y there
        rows.append(points * (size / height, size / width))
    return torch.from_numpy(np.stack(rows)).float()


def _table(file: Path, wanted: set[str]) -> dict[str, list[float]]:
    """The numbers of the wanted names in a list of CelebA's: a count, a header, then a name and numbers a line."""
    try:
        return {name: list(map(float, row)) for _, (name, *row) in list_rows(file)[2:] if name in wanted}
    except ValueError as error:
        raise DataError("a list of CelebA that cannot be read", file=file, found=str(error)) from error
