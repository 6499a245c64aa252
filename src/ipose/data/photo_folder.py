"""Photographs without any annotation: every image of a folder, at one square size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from jaxtyping import UInt8
from torch import Tensor

from ipose.data.data_config import PhotoConfig
from ipose.data.faults import Fault, raise_faults
from ipose.data.open_data import open_scenes
from ipose.data.parallel import in_parallel, progress_bar
from ipose.data.photo_files import refuse_label_maps, refuse_other_folder, resized_photo
from ipose.data.photo_layouts import photo_layout
from ipose.data.png import read_photo
from ipose.errors import DataError, IposeError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
KEPT_BYTES = 4 * 2**30
"""Photographs are kept in memory up to here, at the size that they are trained at; beyond, they are read each time."""


def is_image(path: Path) -> bool:
    """Whether a file is an image by its name, and not a hidden one (macOS leaves `._name.jpg` beside `name.jpg`)."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def images_below(root: Path) -> Iterator[Path]:
    """The images in a folder and below, in no order; none that is hidden, or in a hidden folder."""
    for path in root.rglob("*"):
        if is_image(path) and path.is_file() and not any(p.startswith(".") for p in path.relative_to(root).parts):
            yield path


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
    found = sorted(images_below(root))
    if not found and split == "train":
        raise DataError("no photographs in this folder", file=root, expected=f"files ending in {', '.join(SUFFIXES)}")
    return found


def check_photographs(paths: Sequence[Path], *, progress: bool = False) -> None:
    """Read every photograph once, before work begins that one broken file would stop halfway.

    Raises:
        DataError: lists the files that are no photographs.
    """

    def fault(path: Path) -> Fault | None:
        try:
            read_photo(path)
        except IposeError as error:
            return Fault.of(error, path)
        return None

    found = in_parallel(fault, paths, "reading photographs", progress=progress)
    raise_faults([one for one in found if one is not None], "the photographs")


class PhotoFolder(Sequence[Tensor]):
    """Photographs as uint8 (3, size, size), resized without keeping the aspect (GANSeg's protocol; bilinear).

    Args:
        paths: of the photographs.
        size: side in pixels.
        keep: hold them in memory; None = where they fit into 4 GB.
        progress: a bar while they are read for the first time.
    Raises:
        DataError: lists the files that are no photographs; every file has been read by then.
    """

    def __init__(self, paths: Sequence[Path], size: int, *, keep: bool | None = None, progress: bool = True) -> None:
        self.paths, self.size = list(paths), size
        fits = len(self.paths) * 3 * size * size <= KEPT_BYTES
        self._kept: list[Tensor] | None = None
        kept, faults = list[Tensor](), list[Fault]()
        for read in in_parallel(self._read_or_fault, self.paths, "reading photographs", progress=progress):
            if isinstance(read, Fault):
                faults.append(read)
            elif keep or (keep is None and fits):
                kept.append(read)
        raise_faults(faults, "the photographs")
        self._kept = kept if len(kept) == len(self.paths) else None

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
        return self._kept[index] if self._kept is not None else self._read(self.paths[index])

    def _read(self, path: Path) -> UInt8[Tensor, "3 s s"]:
        return resized_photo(path, self.size)

    def _read_or_fault(self, path: Path) -> Tensor | Fault:
        try:
            return self._read(path)
        except IposeError as error:
            return Fault.of(error, path)


@dataclass(frozen=True, eq=False)
class Photographs:
    """Photographs of one size, uint8 (3, s, s), with their names."""

    images: Sequence[Tensor]
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.images)


def open_photographs(config: PhotoConfig, split: str, size: int, *, least: int = 1) -> Photographs:
    """The photographs of a split, every one of them read.

    Args:
        config: which data.
        split: "train" or "val".
        size: side in pixels; the aspect is not kept.
        least: how many there must be.
    Raises:
        DataError: no folder of photographs, files at fault, label maps, or too few photographs.
    """
    if config.is_partworld:
        scenes = open_scenes(config.scenes_config(), split, (size, size))
        drawn = list(progress_bar(scenes, "drawing scenes", total=len(scenes)))
        images = [scene.image for scene in drawn if scene.image is not None]
        found = Photographs(images, [scene.name for scene in drawn])
    else:
        paths = find_photographs(Path(config.data), split)
        refuse_label_maps(Path(config.data), paths)
        folder = PhotoFolder(paths, size)
        found = Photographs(folder, folder.names)
    if len(found) < least:
        raise DataError(
            "too few photographs",
            file=config.data,
            found=len(found),
            expected=f"{least} or more (one batch; the paper asks for more than 5,000)",
            mend="Add photographs, or train in smaller batches (--batch-size).",
        )
    return found
