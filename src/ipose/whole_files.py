"""Files and folders are written whole: a kill or a power failure leaves the old one or the new one, never a mixture.

The new one is written beside the old one, brought to the disk, and renamed into its place. No torch in here.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], object], *, sync: bool = True) -> None:
    """Let `write` fill a new file, and put it where `path` is.

    Args:
        path: the file to replace; it need not be there.
        write: fills the file that it is given, which is hidden and has the ending of `path`.
        sync: wait until the bytes are on the disk. False is for thousands of small files: a kill leaves each of them
            whole, a power failure may not.
    """
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")  # processes may write the same file
    try:
        write(beside)
        if sync:
            fsync_file(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text_whole(path: Path, text: str) -> None:
    """`write_whole` for a text (UTF-8)."""
    write_whole(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def replace_folder(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a new folder, and put it where `target` is. Where `write` fails, `target` stays as it is.

    Readers of `target` begin with `recover_folder`. Two processes must not replace the same folder at one time.

    Args:
        target: the folder to replace; it need not be there.
        write: fills the empty folder that it is given.
    """
    target = target.resolve()  # "." has no name
    recover_folder(target)
    beside = target.with_name(f".{target.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        write(beside)
        fsync_tree(beside)
        put_in_place(beside, target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def put_in_place(source: Path, target: Path) -> Path:
    """Rename the finished folder `source` to `target`. A folder that stands there is set aside first, then removed.

    A kill between the two renames leaves the old folder set aside; `recover_folder` puts it back.

    Returns:
        `target`.
    """
    source.stat()  # a source that is not there must not cost the old folder its place
    place = target.resolve()
    old = _set_aside(place)
    for last_try in (False, True):  # a reader may put the old folder back between the renames
        recover_folder(place)
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
            place.rename(old)
        try:
            source.rename(place)
            break
        except OSError:
            recover_folder(place)
            if last_try:
                raise
    fsync_folder(place.parent)
    shutil.rmtree(old, ignore_errors=True)
    return target


def recover_folder(target: Path) -> None:
    """Put the old copy of a folder back where a kill between two renames left no folder at all."""
    target = target.resolve()
    if not target.exists():
        with suppress(OSError):  # there is none; or this place cannot be written, and the reader finds no folder
            _set_aside(target).rename(target)


def fsync_file(path: Path) -> None:
    """Wait until the file's bytes are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_folder(path: Path) -> None:
    """Wait until the names in the folder are on the disk (not on Windows, which cannot say so)."""
    if os.name == "posix":
        fsync_file(path)


def fsync_tree(folder: Path) -> None:
    """Wait until all files in a folder and below, and their names, are on the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            fsync_file(path)
        elif path.is_dir():
            fsync_folder(path)
    fsync_folder(folder)


def give_usual_mode(path: Path) -> None:
    """The mode that the umask gives to new files: safetensors writes files that only their owner can read."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def _set_aside(target: Path) -> Path:
    """Where the old folder waits while the new one takes its place."""
    return target.with_name(f".{target.name}.old")
