"""The one lister of files: photographs, maps, parts, supports, trees and published layouts are all found by it.

One rule for every command:

- A folder is read with the folders within it.
- Endings count in any case (`a.PNG`). Names in the two forms that Unicode has for one letter are one name.
- Hidden files and folders, and what desktops leave (`._a.png`, Thumbs.db, desktop.ini, __MACOSX), are passed over.
- Links are followed. A folder that several links lead to is read once, so a loop ends.
- What is passed over is counted and said (a warning of this module's logger, once for each folder).

Imports no torch.
"""

import logging
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ipose.errors import DataError

log = logging.getLogger(__name__)

PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
"""What the files of photographs end in."""

DESKTOP_FILES = frozenset(
    ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "$recycle.bin", "lost+found")
)
"""Names that desktops and file servers leave beside people's files; Windows' and macOS' mean the same in any case."""

_HALF = re.compile(r"\..+\.\d+(\.\w+)?$")
"""Names of files that are not yet in their place (`ipose.whole_files`)."""

HIDDEN, READ_ALREADY, NO_FILE = "hidden or left by a desktop", "links to a folder that is read already", "no plain file"
OTHER, TOO_DEEP = "of another ending", "in another depth of folders"


class _Found(NamedTuple):
    """A path below the listed folder, and why it is passed over ("" = it is not)."""

    parts: tuple[str, ...]
    reason: str


def is_left_over(name: str) -> bool:
    """Whether a file or folder is hidden, or one that a desktop leaves."""
    return name.startswith((".", "~$")) or name.lower() in DESKTOP_FILES


def list_files(
    root: Path,
    endings: Sequence[str],
    *,
    depth: int | None = None,
    beside: Sequence[str] = (),
    skip: Path | None = None,
    tell: bool = True,
) -> list[Path]:
    """The files in a folder and below whose names end so, sorted by folder and name. Reads no file.

    A link to nowhere is among them: whoever reads it says what is wrong.

    Args:
        root: the folder. If there is none, there are no files.
        endings: in lower case, such as ".png" or "_part.png".
        depth: how many folders and names below `root` a file's path has; 1 = in `root` itself. None = any number.
        beside: endings of files that belong there and are not meant; they are not counted.
        skip: a folder below `root` that is no input, such as the one to write to.
        tell: say what is passed over. False is for looking at what a folder may hold.
    Raises:
        DataError: a folder that cannot be read.
    """
    kept: list[tuple[str, ...]] = []
    passed: dict[str, list[str]] = {}
    for parts, reason in _walk(root, depth, skip.resolve() if skip is not None else None):
        name = parts[-1].lower() if parts else ""
        if not reason and name.endswith(tuple(endings)):
            reason = TOO_DEEP if depth is not None and len(parts) < depth else ""
        elif not reason:
            if beside and name.endswith(tuple(beside)):
                continue
            reason = OTHER
        if reason:
            passed.setdefault(reason, []).append("/".join(parts))
        else:
            kept.append(parts)
    if passed and tell:
        _say(str(root), tuple((reason, len(names), min(names)) for reason, names in sorted(passed.items())))
    return [root.joinpath(*parts) for parts in sorted(kept, key=lambda parts: [*map(one_form, parts)])]


def one_form(name: str) -> str:
    """A name in the form that all systems can compare: macOS writes letters with marks as two characters (NFD)."""
    return unicodedata.normalize("NFC", name)


def key_of(path: Path, root: Path, ending: str) -> str:
    """What the files of one scene share: the path below `root` without the ending, "city/a", in one form."""
    return one_form(path.relative_to(root).as_posix()[: -len(ending)])


def name_of(path: Path, root: Path, ending: str | None = None) -> str:
    """The name of what a file shows: its stem; for a file in a folder within `root`, "folder_stem".

    Args:
        root: the folder that was listed, or the file itself.
        ending: what the name is rid of. None = the suffix.
    """
    if path == root:
        return one_form(path.stem)
    return key_of(path, root, path.suffix if ending is None else ending).replace("/", "_")


def files_by_name(root: Path, endings: Sequence[str], what: str, *, skip: Path | None = None) -> dict[str, Path]:
    """The files of a folder by their names (`name_of`), in order.

    Args:
        what: the files are, in the plural.
    Raises:
        DataError: two files of one name.
    """
    found: dict[str, Path] = {}
    for path in list_files(root, endings, skip=skip):
        if (other := found.setdefault(name_of(path, root), path)) is not path:
            names = ", ".join(file.relative_to(root).as_posix() for file in (other, path))
            raise DataError(f"two {what} of one name", file=root, found=names, mend="Rename one of them.")
    return found


def named_file(folder: Path, *names: str) -> Path | None:
    """The file of one of these names in a folder, whatever the form and case that the name is written in."""
    for name in names:
        if (folder / name).is_file():
            return folder / name
    table = _names_below(folder, folder.stat().st_mtime_ns) if folder.is_dir() else {}
    return next((table[key] for name in names if (key := one_form(name).lower()) in table), None)


@lru_cache(maxsize=8)
def _names_below(folder: Path, _changed_ns: int) -> dict[str, Path]:
    """Name and ending in lower case, to path."""
    return {f"{name_of(path, folder)}{path.suffix}".lower(): path for path in list_files(folder, ("",))}


def names_in(folder: Path) -> str:
    """What lies in a folder, for messages: eight names at most."""
    return ", ".join(sorted(item.name for item in folder.iterdir() if not is_left_over(item.name))[:8]) or (
        "an empty folder"
    )


def is_free(place: Path) -> bool:
    """Whether something new may be written to a folder: there is none, or nothing in it but what desktops leave, and
    what a killed `whole_files.write_whole` left."""
    if not place.exists():
        return not place.is_symlink()
    own = (item.name for item in place.iterdir()) if place.is_dir() else iter("a file")
    return all(
        name.lower() in DESKTOP_FILES or name.startswith(("._", ".DS_Store")) or _HALF.match(name) for name in own
    )


def folders_in(root: Path) -> list[Path]:
    """The folders in a folder, sorted; links to folders are among them, hidden ones are not."""
    found = root.iterdir() if root.is_dir() else ()
    return sorted(path for path in found if path.is_dir() and not is_left_over(path.name))


def _walk(root: Path, depth: int | None, skip: Path | None) -> Iterator[_Found]:
    """What lies below a folder, to a depth. Folders come before links: a folder is found under its own name."""
    waiting: list[tuple[str, ...]] = [()] if root.is_dir() else []
    links: list[tuple[str, ...]] = []
    seen: set[tuple[int, int]] = set()
    while waiting or links:
        parts = waiting.pop() if waiting else links.pop(0)
        place = root.joinpath(*parts)
        try:
            status = place.stat()
            if (status.st_dev, status.st_ino) in seen:
                yield _Found(parts, READ_ALREADY)
                continue
            seen.add((status.st_dev, status.st_ino))
            if parts and skip is not None and skip == place.resolve():
                continue
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            raise DataError("folder cannot be read", file=place, found=error.strerror, mend="Check it.") from error
        for entry in entries:
            below = (*parts, entry.name)
            if is_left_over(entry.name):
                yield _Found(below, HIDDEN)
            elif depth is not None and len(below) >= depth and _is_folder(entry):
                yield _Found(below, TOO_DEEP)
            elif _is_folder(entry):
                (links if entry.is_symlink() else waiting).append(below)
            else:
                yield _Found(below, "" if entry.is_symlink() or entry.is_file() else NO_FILE)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that lead to one another
        return False


@lru_cache(maxsize=1024)
def _say(root: str, passed: tuple[tuple[str, int, str], ...]) -> None:
    """Say once what a folder has and is not read."""
    said = "; ".join(f"{count} {reason} ({first}{', ...' if count > 1 else ''})" for reason, count, first in passed)
    log.warning("%s: passed over: %s", root, said)
