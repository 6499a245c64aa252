"""From a `PhotoConfig` to photographs at one size."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ipose.data.open_data import open_scenes
from ipose.data.photo_checks import refuse_label_maps
from ipose.data.photo_config import PhotoConfig
from ipose.data.photo_folder import PhotoFolder, find_photographs
from ipose.data.progress_bar import progress_bar
from ipose.errors import DataError


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
