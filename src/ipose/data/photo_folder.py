"""Photographs without any annotation: every image of a folder, at one square size."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, overload

from jaxtyping import UInt8
from torch import Tensor

from ipose.data.data_config import PhotoConfig
from ipose.data.faults import Fault, or_fault, raise_faults
from ipose.data.file_lists import PHOTO_ENDINGS, list_files
from ipose.data.object_photos import ObjectPhotos
from ipose.data.open_data import open_scenes
from ipose.data.parallel import in_parallel, progress_bar
from ipose.data.photo_files import ADVISED, refuse_label_maps, refuse_other_folder, resized_photo
from ipose.data.photo_layouts import photo_layout
from ipose.data.png import read_photo
from ipose.errors import DataError

KEPT_BYTES = 4 * 2**30
"""The most memory that photographs are held in, at the size that they are trained at."""

Image = TypeVar("Image")


def find_photographs(root: Path, split: str = "train") -> list[Path]:
    """The photographs of a split.

    Of a published set (`photo_layouts`) as its protocol says; else by name: of `<split>_img/` in a scene folder, of
    `<split>/` where there is one, or all images below the folder (then there is but one split, "train").

    Raises:
        DataError: no such folder, a run's or one of supports, or none of its files is an image.
    """
    if not root.is_dir():
        raise DataError("no such folder of photographs", file=root, mend="Check the path.")
    if (layout := photo_layout(root)) is not None:
        return list(layout.splits(root).get(split, []))
    refuse_other_folder(root)
    places = [root / f"{split}_img", root / split]
    if any((root / name).is_dir() for name in ("train_img", "val_img", "train", "val")):
        root = next((place for place in places if place.is_dir()), places[0])
    elif split != "train":
        return []
    found = list_files(root, PHOTO_ENDINGS)
    if not found and split == "train":
        expected = f"files ending in {', '.join(PHOTO_ENDINGS)}"
        raise DataError("no photographs in this folder", file=root, expected=expected)
    return found


def check_photographs(paths: Sequence[Path], *, progress: bool = False) -> None:
    """Read every photograph once, before work begins that one broken file would stop halfway.

    Raises:
        DataError: lists the files that are no photographs.
    """
    for _ in _read_all(read_photo, paths, progress):
        pass


def _read_all(read: Callable[[Path], Image], paths: Sequence[Path], progress: bool) -> Iterator[Image]:
    """What `read` makes of every photograph; raises DataError for all files at fault, once the last one is read."""
    faults = list[Fault]()
    for found in in_parallel(or_fault(read), paths, "reading photographs", progress=progress):
        if isinstance(found, Fault):
            faults.append(found)
        else:
            yield found
    raise_faults(faults, "the photographs")


class PhotoFolder(Sequence[Tensor]):
    """Photographs as uint8 (3, size, size), resized without keeping the aspect (GANSeg's protocol; bilinear).

    They are held in memory where they fit into `KEPT_BYTES`; else each is read anew whenever it is asked for.

    Args:
        upright: as in `ipose.data.png.read_photo`; False for published sets.
    Raises:
        DataError: lists the files that are no photographs; every file has been read by then.
    """

    def __init__(self, paths: Sequence[Path], size: int, *, progress: bool = True, upright: bool = True) -> None:
        self.paths, self.size, self.upright = list(paths), size, upright
        fit = len(self.paths) * 3 * size * size <= KEPT_BYTES
        self._kept = [photo for photo in _read_all(self._photo, self.paths, progress) if fit]

    @property
    def names(self) -> list[str]:
        """File names."""
        return [path.name for path in self.paths]

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...

    @overload
    def __getitem__(self, index: slice) -> list[Tensor]: ...

    def __getitem__(self, index: int | slice) -> Tensor | list[Tensor]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._kept[index] if self._kept else self._photo(self.paths[index])

    def _photo(self, path: Path) -> UInt8[Tensor, "3 s s"]:
        return resized_photo(path, self.size, upright=self.upright)


@dataclass(frozen=True, eq=False)
class Photographs:
    """Photographs of one size, uint8 (3, s, s), with their names."""

    images: Sequence[Tensor]
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.images)


def open_photographs(config: PhotoConfig, split: str, size: int, *, least: int = 1) -> Photographs:
    """The photographs of a split, every one of them read; or, with crops, its objects.

    Args:
        size: side in pixels; the aspect is not kept.
        least: how many there must be.
    Raises:
        DataError: no folder of photographs, too few, label maps, or files at fault. With crops, as `ObjectPhotos`.
    """
    if config.crops:
        objects = ObjectPhotos(config, split, size)
        _require(least, len(objects), config)
        return Photographs(objects, objects.names)
    if config.is_partworld:
        scenes = open_scenes(config.scenes_config(), split, (size, size))
        _require(least, len(scenes), config)
        drawn = list(progress_bar(scenes, "drawing scenes", total=len(scenes)))
        images = [scene.image for scene in drawn if scene.image is not None]
        return Photographs(images, [scene.name for scene in drawn])
    paths = find_photographs(Path(config.data), split)
    _require(least, len(paths), config)
    refuse_label_maps(Path(config.data), paths)
    folder = PhotoFolder(paths, size, upright=photo_layout(Path(config.data)) is None)
    return Photographs(folder, folder.names)


def _require(least: int, found: int, config: PhotoConfig) -> None:
    if found < least:
        expected = f"{least} or more (one batch; the paper asks for more than {ADVISED:,})"
        mend = "Add photographs, or train in smaller batches (--batch-size)."
        raise DataError("too few photographs", file=config.data, found=found, expected=expected, mend=mend)
