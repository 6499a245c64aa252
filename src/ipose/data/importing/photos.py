"""Which photograph an annotation file means: by its path, or else by its name anywhere below the folder."""

from collections import defaultdict
from pathlib import Path

from ipose.data.file_lists import PHOTO_ENDINGS, list_files
from ipose.data.png import image_size
from ipose.errors import DataError


class Photos:
    """The photographs below a folder.

    Args:
        root: of the photographs.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DataError("no folder of photographs", file=root, mend="Name it with --images.")
        self.root = root
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for path in list_files(root, PHOTO_ENDINGS, tell=False):
            self._by_name[path.name].append(path)

    def find(self, named: str) -> Path | None:
        """The photograph of this path or name; None = there is none, or there are several."""
        direct = self.root / named
        if direct.is_file():
            return direct
        known = self._by_name.get(Path(named.replace("\\", "/")).name, [])
        return known[0] if len(known) == 1 else None

    @property
    def all(self) -> list[Path]:
        """Every photograph, sorted."""
        return sorted(path for paths in self._by_name.values() for path in paths)


def size_of(photo: Path) -> tuple[int, int]:
    """(height, width) in pixels. Raises DataError for a file that is no image."""
    return image_size(photo)
