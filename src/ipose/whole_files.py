"""The one writer: files and folders are written whole. A kill, a full disk or a power failure leaves the old one or the
new one, never a mixture.

The new one is written beside the old one, brought to the disk, and renamed into its place. What fails is a `WriteError`
that names the file. Text is UTF-8, whatever the locale. No torch in here.
"""

import errno
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from safetensors import SafetensorError

from ipose.errors import IposeError, WriteError

WAYS_OUT = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "Free some space or raise the quota, and run it again."),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "Change its permissions, or name another place."),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "A file is where a folder should be: move it, or name another."),
    errno.EISDIR: "A folder is where the file should be: move it, or name another.",
    errno.ENAMETOOLONG: "Name it shorter.",
    errno.EMFILE: "Too many files are open: raise the limit (ulimit -n).",
}
"""What to do, by the number of the system's error."""


@runtime_checkable
class Picture(Protocol):
    """What can save itself to a path, by its ending: an image of Pillow."""

    def save(self, fp: Path, /) -> object:
        """Write the file."""
        ...


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what a failing write raises, whichever library writes, into a `WriteError` that names `path`."""
    try:
        yield
    except IposeError:
        raise
    except (OSError, RuntimeError, SafetensorError) as error:  # torch tells of a full disk by a RuntimeError
        raise write_error(path, error) from error


def write_error(path: Path, error: Exception) -> WriteError:
    """The sentence for a write that failed."""
    found, number = str(error), getattr(error, "errno", None)
    if isinstance(error, OSError) and error.strerror:
        found = error.strerror
    elif "os error " in found:  # safetensors: "I/O error: File too large (os error 27)"
        number = int("".join(filter(str.isdigit, found.rpartition("os error ")[2])) or 0)
        found = os.strerror(number)
    mend = WAYS_OUT.get(number or 0, "Check the disk and the place, and run it again.")
    return WriteError("could not be written", file=path, found=found, mend=f"{mend} What was there is as it was.")


def write_whole(path: Path, write: Callable[[Path], object], *, sync: bool = True) -> None:
    """Let `write` fill a new file, and put it where `path` is. Folders above it are made.

    Args:
        path: the file to replace; it need not be there.
        write: fills the file that it is given, which is hidden and has the ending of `path`.
        sync: wait until the bytes are on the disk. False is for thousands of small files: a kill leaves each of them
            whole, a power failure may not.
    Raises:
        WriteError: it could not be written; the old file is as it was.
    """
    own = zlib.crc32(os.fsencode(path.name))  # short, as names have a limit; processes may write the same file
    beside = path.with_name(f".{own:08x}.{os.getpid()}{path.suffix}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(beside)
            if sync:
                fsync_file(beside)
            beside.replace(path)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)


def write_text_whole(path: Path, text: str) -> None:
    """`write_whole` for a text, as `utf8` encodes it."""
    write_whole(path, lambda beside: beside.write_bytes(utf8(text)))


def utf8(text: str) -> bytes:
    r"""A text in UTF-8. Of a file name that is none, each odd byte becomes `\udcXX`, which JSON reads back."""
    return text.encode("utf-8", "backslashreplace")


def save_whole(picture: Picture, path: Path) -> None:
    """`write_whole` for a picture, without waiting for the disk."""
    write_whole(path, picture.save, sync=False)


def read_json(path: Path) -> Any:
    """What a JSON file holds; UTF-8, with a byte order mark or without.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, or not in UTF-8.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise ValueError("brackets within brackets without end") from error


def append_text(path: Path, text: str) -> None:
    """Add a text to a file (UTF-8), at once: a crash leaves a part of it at most. Raises WriteError."""
    with writing(path), path.open("ab") as stream:
        stream.write(utf8(text))


def replace_folder(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a new folder, and put it where `target` is. Where `write` fails, `target` stays as it is.

    Readers of `target` begin with `recover_folder`. Two processes must not replace the same folder at one time.

    Args:
        target: the folder to replace; it need not be there.
        write: fills the empty folder that it is given.
    Raises:
        WriteError: it could not be written, or `target` is a file.
    """
    target = target.resolve()  # "." has no name
    recover_folder(target)
    beside = target.with_name(f".{target.name}.new")
    with writing(target):
        if target.exists() and not target.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
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


def save_tensors(tensors: Mapping[str, Any], path: Path) -> None:
    """Write a safetensors file, with the usual mode. Tensors on any device; none of them share memory."""
    from safetensors.torch import save_file

    save_file(dict(tensors), path)
    give_usual_mode(path)


def give_usual_mode(path: Path) -> None:
    """The mode that the umask gives to new files: safetensors writes files that only their owner can read."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def _set_aside(target: Path) -> Path:
    """Where the old folder waits while the new one takes its place."""
    return target.with_name(f".{target.name}.old")
