"""Published sets of photographs that GANSeg is measured on, as downloaded: splits, true foregrounds, landmarks.

Source: GANSeg sec. 4, app. B.1, and its release. Flowers-102 and CUB-200-2011 come with foreground masks, CelebA in the
wild with five landmarks, Taichi and (with its folder `parts/`) CUB with both. Coordinates are (row, column).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ipose.data import cub
from ipose.data.photo_files import list_lines, missing_in_list, resized_photo
from ipose.data.png import image_size
from ipose.data.taichi import taichi_foreground, taichi_landmarks, taichi_splits
from ipose.errors import DataError

Splits = Mapping[str, list[Path]]

LEAST_FACE = 0.3
"""Share of the image that a face's box must cover (GANSeg app. B.1)."""


@dataclass(frozen=True)
class PhotoLayout:
    """A published layout.

    Args:
        name: as people call the data set.
        marks: files and folders by which it is known.
        splits: photographs of "train", "test" and more.
        foreground: of (root, photograph, size) the true foreground, bool (size, size); None where there is no truth.
        landmarks: of (root, photographs, size) their landmarks (row, column), float (n, l, 2); None where there are
            none; `MISSING` for one that cannot be seen.
        fitted_on: the split that landmarks are fitted on; they are judged on "test".
        landmark_file: without this file the set has no landmarks, and is whole all the same; "" = it belongs to it.
        landmarks_in_image: landmarks are in pixels of an image of the size that is asked for, so they lie in it.
        needs: what more belongs to it: lists, and folders of masks.
        masked: splits whose photographs have a true foreground.
        published: photographs of each split in the published set, where the split is read from it as it is.
    """

    name: str
    marks: tuple[str, ...]
    splits: Callable[[Path], Splits]
    foreground: Callable[[Path, Path, int], Bool[Tensor, "s s"]] | None = None
    landmarks: Callable[[Path, list[Path], int], Float[Tensor, "n l 2"]] | None = None
    fitted_on: str = "regression"
    landmark_file: str = ""
    landmarks_in_image: bool = False
    needs: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    published: Mapping[str, int] = field(default_factory=dict)

    def has_landmarks(self, root: Path) -> bool:
        """Whether landmarks belong to the set in `root`; not whether they can be read."""
        return self.landmarks is not None and (not self.landmark_file or (root / self.landmark_file).is_file())


def photo_layout(root: Path) -> PhotoLayout | None:
    """The published layout of a folder; None for any other."""
    return next((layout for layout in PHOTO_LAYOUTS if all((root / mark).exists() for mark in layout.marks)), None)


def _flowers_splits(root: Path) -> Splits:
    """Train = the official test list, test = the official training list: so GANSeg, as the first is the larger."""
    from scipy.io.matlab import MatReadError, loadmat

    try:
        lists = loadmat(root / "setid.mat")
        numbers = {split: lists[key].ravel().tolist() for split, key in _FLOWERS_LISTS.items()}
    except (OSError, ValueError, KeyError, TypeError, MatReadError) as error:
        raise DataError("setid.mat cannot be read", file=root / "setid.mat", found=repr(error)) from error
    return {split: [root / "jpg" / f"image_{n:05d}.jpg" for n in ids] for split, ids in numbers.items()}


_FLOWERS_LISTS = {"train": "tstid", "val": "valid", "test": "trnid"}


def _flowers_foreground(root: Path, photo: Path, size: int) -> Bool[Tensor, "s s"]:
    """All but blue: not (R = 0 or G = 0 or B = 254), of the resized mask image."""
    number = photo.stem.removeprefix("image_")
    red, green, blue = resized_photo(root / "segmim" / f"segmim_{number}.jpg", size)
    background: Tensor = (red == 0) | (green == 0) | (blue == 254)
    return ~background


def _celeba_splits(root: Path) -> Splits:
    """Train = CelebA's training list without MAFL, regression and test = MAFL's; faces that fill 30 % of the image."""
    mafl = {name: _names(root / f"{name}.txt") for name in ("training", "testing")}
    partition = (line.split() for line in list_lines(root / "list_eval_partition.txt") if line.strip())
    taken = {*mafl["training"], *mafl["testing"]}
    train = [name for name, number in partition if number == "0" and name not in taken]
    boxes = _table(root / "list_bbox_celeba.txt")

    def large(names: list[str]) -> list[Path]:
        paths = [(name, root / "img_celeba" / name) for name in names]
        if missing := [name for name in names if name not in boxes]:
            file = root / "list_bbox_celeba.txt"
            raise missing_in_list("a box", [root / name for name in missing], file, "Get the list again.")
        return [path for name, path in paths if _face_share(path, boxes[name]) >= LEAST_FACE]

    return {"train": large(train), "regression": large(mafl["training"]), "test": large(mafl["testing"])}


def _face_share(path: Path, box: list[float]) -> float:
    height, width = image_size(path)
    return box[2] * box[3] / (height * width)


def celeba_landmarks(root: Path, photographs: list[Path], size: int = 128) -> Float[Tensor, "n 5 2"]:
    """Eyes, nose and corners of the mouth of CelebA's photographs: (row, column) in pixels of an image of `size`.

    Raises:
        DataError: the list cannot be read, or lacks a photograph.
    """
    file, rows = root / "list_landmarks_celeba.txt", []
    table = _table(file)
    if missing := [path for path in photographs if path.name not in table]:
        raise missing_in_list("landmarks", missing, file, "Get the list again.")
    for path in photographs:
        height, width = image_size(path)
        points = np.asarray(table[path.name]).reshape(5, 2)[:, ::-1]  # x, y there
        rows.append(points * (size / height, size / width))
    return torch.from_numpy(np.stack(rows)).float()


def _table(file: Path) -> dict[str, list[float]]:
    """A list of CelebA's: a count, a header, then a name and numbers a line."""
    try:
        rows = [line.split() for line in list_lines(file)[2:] if line.strip()]
        return {name: [float(value) for value in values] for name, *values in rows}
    except ValueError as error:
        raise DataError("a list of CelebA that cannot be read", file=file, found=str(error)) from error


def _names(file: Path) -> list[str]:
    return [line.split()[0] for line in list_lines(file) if line.strip()]


PHOTO_LAYOUTS = (
    PhotoLayout(
        "Flowers-102",
        ("jpg", "setid.mat"),
        _flowers_splits,
        _flowers_foreground,
        needs=("segmim",),
        masked=("train", "val", "test"),
        published={"train": 6149, "val": 1020, "test": 1020},
    ),
    PhotoLayout(
        "CUB-200-2011",
        ("images", "images.txt"),
        cub.cub_splits,
        cub.cub_foreground,
        cub.cub_landmarks,
        fitted_on="train",
        landmark_file=cub.LANDMARK_FILE,
        landmarks_in_image=True,
        needs=("segmentations",),
        masked=("train", "val", "test"),
        published={"train": cub.TRAIN, "val": cub.ALL - cub.TRAIN - cub.TEST, "test": cub.TEST},
    ),
    PhotoLayout(
        "CelebA in the wild",
        ("img_celeba", "list_bbox_celeba.txt"),
        _celeba_splits,
        landmarks=celeba_landmarks,
        needs=("list_landmarks_celeba.txt", "list_eval_partition.txt", "training.txt", "testing.txt"),
        published={"train": 45_609, "regression": 5_379, "test": 283},
    ),
    PhotoLayout(
        "Taichi",
        ("regression", "landmarks.csv"),
        taichi_splits,
        taichi_foreground,
        taichi_landmarks,
        needs=("train", "test", "masks"),
        masked=("test",),
        published={"regression": 5_000, "test": 300},
    ),
)
