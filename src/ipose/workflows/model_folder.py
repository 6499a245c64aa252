"""A model folder that is whole at every moment: written beside, renamed into place."""

import shutil
from collections.abc import Callable
from pathlib import Path


def replace_folder(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a new folder, then put it where `target` is. A reader finds the old one or the new one, whole.

    Args:
        target: the folder to replace; need not be there yet.
        write: fills the folder that it is given.
    """
    beside, old = (target.with_name(f"{target.name}.{word}") for word in ("new", "old"))
    for leftover in (beside, old):
        shutil.rmtree(leftover, ignore_errors=True)
    write(beside)
    if target.exists():
        target.rename(old)
    beside.rename(target)
    shutil.rmtree(old, ignore_errors=True)
