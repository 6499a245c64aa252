"""Files and folders that appear whole or not at all, also when the power fails. No torch in here."""

import os
import shutil
from pathlib import Path


def fsync_file(path: Path) -> None:
    """Wait until the file's bytes are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_folder(path: Path) -> None:
    """Wait until the names in the folder are on the disk (where the system can say so: not on Windows)."""
    if os.name == "posix":
        fsync_file(path)


def fsync_tree(folder: Path) -> None:
    """Wait until all files of a flat folder, and their names, are on the disk."""
    for path in sorted(folder.iterdir()):
        fsync_file(path)
    fsync_folder(folder)


def replace_folder(source: Path, target: Path) -> Path:
    """Rename `source` to `target`; a folder that stands there moves out of the way first and is then removed."""
    old = target.with_name(f".unfinished-old-{target.name}")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    source.rename(target)
    fsync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)
    return target


def write_text_whole(path: Path, text: str) -> None:
    """Write a small file so that a reader, or a kill, finds the old text or the new one."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    fsync_file(beside)
    beside.replace(path)
