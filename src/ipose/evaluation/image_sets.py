"""Images to compare, of a folder or of a data set, matched by name."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import UInt8
from torch import Tensor

from ipose.data.file_lists import PHOTO_ENDINGS, list_files, name_of
from ipose.data.png import read_photo
from ipose.errors import DataError
from ipose.types import Scene

_SEEDED = re.compile(r"(.+)_seed(\d+)$")


@runtime_checkable
class Pictured(Protocol):
    """An image that is read when it is needed."""

    @property
    def scene(self) -> str:
        """Name of the scene, the same for generated and real image."""
        ...

    @property
    def seed(self) -> int | None:
        """Seed of a generated image; None = it has none."""
        ...

    def pixels(self) -> UInt8[Tensor, "3 h w"]:
        """Read the image."""
        ...


AnyPictured = TypeVar("AnyPictured", bound=Pictured)


@dataclass(frozen=True)
class ImageFile:
    """An image file.

    Args:
        scene: name of the scene, the same for generated and real image.
        seed: of a file of `ipose generate`; None = the name has no seed.
    """

    scene: str
    seed: int | None
    path: Path

    def pixels(self) -> UInt8[Tensor, "3 h w"]:
        """Read the image. Raises DataError if it cannot be read."""
        return torch.from_numpy(read_photo(self.path)).permute(2, 0, 1).contiguous()


@dataclass(frozen=True, eq=False)
class ScenePhoto:
    """The photograph of a scene of a data set."""

    scenes: Sequence[Scene]
    index: int
    scene: str
    seed: int | None = None

    def pixels(self) -> UInt8[Tensor, "3 h w"]:
        """Read the photograph. Raises DataError if the scene has none."""
        image: Tensor | None = self.scenes[self.index].image
        if image is None:
            raise DataError("no photograph of this scene", file=self.scene, mend="Add the split's folder of images.")
        return image


def find_images(folder: Path) -> list[ImageFile]:
    """The images of a folder and of the folders within it (`ipose.data.file_lists`), by scene and seed.

    If files are called `<scene>_seed<number>`, as those of `ipose generate`, only these count: the others are part maps
    and sheets.

    Raises:
        DataError: no such folder, no image in it, or two files of one scene and seed.
    """
    if not folder.is_dir():
        raise DataError("no such folder of images", file=folder, mend="Check the path.")
    files = [(name_of(path, folder), path) for path in list_files(folder, PHOTO_ENDINGS)]
    seeded = [(match, path) for name, path in files if (match := _SEEDED.match(name))]
    found = [ImageFile(match[1], int(match[2]), path) for match, path in seeded] or [
        ImageFile(name, None, path) for name, path in files
    ]
    if not found:
        raise DataError("no images in this folder", file=folder, expected=", ".join(PHOTO_ENDINGS))
    counts = Counter((image.scene, image.seed) for image in found)
    if doubled := next((scene for (scene, _), count in counts.items() if count > 1), None):
        raise DataError("two images of one name", file=folder, found=doubled, mend="Keep one of the two files.")
    return sorted(found, key=lambda image: (image.scene, image.seed or 0))


def one_of_each(images: Sequence[AnyPictured]) -> list[AnyPictured]:
    """One image for each scene: the first one, which has the lowest seed."""
    first: dict[str, AnyPictured] = {}
    for image in images:
        first.setdefault(image.scene, image)
    return list(first.values())


def matched(generated: Sequence[ImageFile], others: Sequence[ImageFile], folder: Path) -> list[ImageFile]:
    """The image of `others` for each generated image, by scene. Both must have the same scenes.

    Raises:
        DataError: a scene that only one of them has.
    """
    by_scene = {image.scene: image for image in others}
    lonely = [image.scene for image in generated if image.scene not in by_scene]
    extra = sorted(set(by_scene) - {image.scene for image in generated})
    if lonely or extra:
        names = [*(f"no {name} here" for name in lonely), *(f"{name} here only" for name in extra)]
        what = "generated and real images do not pair by name"
        found = f"{', '.join(names[:4])}{' ...' if len(names) > 4 else ''} ({len(names)} in all)"
        mend = "Generate the whole validation set, or move the rest away."
        raise DataError(what, file=folder, found=found, expected="one image for each of the same name", mend=mend)
    return [by_scene[image.scene] for image in generated]
