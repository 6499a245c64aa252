"""Published sets of photographs that GANSeg is measured on, as downloaded: splits, true foregrounds, landmarks.

Source: GANSeg sec. 4, app. B.1, and its release. Flowers-102 and CUB-200-2011 come with foreground masks, CelebA with
five landmarks, Taichi and (with its folder `parts/`) CUB with both. Coordinates are (row, column).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jaxtyping import Bool, Float
from torch import Tensor

from ipose.data import celeba, cub
from ipose.data.photo_files import resized_photo
from ipose.data.taichi import taichi_foreground, taichi_landmarks, taichi_splits
from ipose.errors import DataError

Splits = Mapping[str, list[Path]]


@dataclass(frozen=True)
class PhotoLayout:
    """A published layout.

    Args:
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
        listed: of (root), names of each split in the lists, where not all of them are used. None = all are.
        published_lists: number of these names in the published set.
        split_file: without this file the splits are our own, and the set is whole all the same; "" = it needs none.
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
    listed: Callable[[Path], Mapping[str, list[str]]] | None = None
    published_lists: Mapping[str, int] = field(default_factory=dict)
    split_file: str = ""

    def has_landmarks(self, root: Path) -> bool:
        """Whether landmarks belong to the set in `root`; not whether they can be read."""
        return self.landmarks is not None and (not self.landmark_file or (root / self.landmark_file).is_file())

    def own_splits(self, root: Path) -> str:
        """A sentence if the splits are our own, as the published list of them is missing; else ""."""
        if not self.split_file or (root / self.split_file).is_file():
            return ""
        return f"splits of our own, as {self.split_file} is missing: published numbers compare only about so"


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
    red, green, blue = resized_photo(root / "segmim" / f"segmim_{number}.jpg", size, upright=False)
    background: Tensor = (red == 0) | (green == 0) | (blue == 254)
    return ~background


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
        split_file=cub.SPLIT_FILE,
    ),
    PhotoLayout(
        "CelebA in the wild",
        ("img_celeba", "list_bbox_celeba.txt"),
        celeba.wild_splits,
        landmarks=celeba.wild_landmarks,
        needs=("list_landmarks_celeba.txt", "list_eval_partition.txt", "training.txt", "testing.txt"),
        published=celeba.IN_THE_WILD,
        listed=celeba.celeba_names,
        published_lists=celeba.LISTED,
    ),
    PhotoLayout(
        "CelebA aligned",
        ("img_align_celeba", "list_landmarks_align_celeba.txt"),
        celeba.aligned_splits,
        landmarks=celeba.aligned_landmarks,
        landmarks_in_image=True,
        needs=("list_eval_partition.txt", "training.txt", "testing.txt"),
        published=celeba.LISTED,
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
