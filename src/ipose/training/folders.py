"""Checks of a run's folder, words about what is in it, its lock, and who writes into it. Imports no torch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipose.data.file_lists import is_free, list_files
from ipose.errors import RunError


def are_several() -> bool:
    """Whether a launcher (`accelerate launch`, torchrun) started several processes, on this host or on others."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def writes() -> bool:
    """Whether this process writes the run: of several, the first one alone."""
    return os.environ.get("RANK", "0") == "0"


def refuse_taken(folder: Path) -> None:
    """Raises RunError where a new run cannot begin: the folder holds a run, or something else."""
    if (folder / "run.json").exists():
        mend = "Add --resume to go on with it, or choose another folder for a new one."
        raise RunError("there is a run here already", file=folder, mend=mend)
    if not is_free(folder):
        message = "the folder of a new run must be new or empty"
        raise RunError(message, file=folder, found=what_is(folder), mend="Choose another folder.")


def what_is(folder: Path) -> str:
    """What a path leads to, in a few words."""
    if not folder.exists():
        return "nothing"
    if not folder.is_dir():
        return "a file"
    names = sorted(path.name for path in folder.iterdir())
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "") if names else "an empty folder"


def nearby(folder: Path) -> str | None:
    """A hint where the run is, for a path that has none."""
    if (folder.parent / "run.json").is_file():
        return f"The run is one level up: {folder.parent}."
    if list_files(folder, ("_part.png",), depth=2, tell=False):
        return "These are supports: ipose supports check reads them."
    inside = sorted(path.parent for path in folder.glob("*/run.json")) if folder.is_dir() else []
    if inside:
        return f"There are runs inside: {', '.join(map(str, inside[:5]))}."
    return "Start one with ipose train, or give the folder that ipose train wrote."


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock of a run. The operating system frees it when the process ends, even by SIGKILL. `<file>.holder`
    gets this process's number.

    Raises:
        RunError: another process, or this one in another place, holds the lock. Names the process.
    """
    from filelock import FileLock, Timeout  # slow to import, and `ipose --help` imports this module

    lock, holder = FileLock(file), file.with_name(f"{file.name}.holder")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        found = f"process {holder.read_text(encoding='utf-8') if holder.is_file() else 'unknown'}"
        mend = "Wait for it, stop it, or choose another folder."
        raise RunError("another process is training here", file=file.parent, found=found, mend=mend) from error
    try:
        holder.write_text(str(os.getpid()), encoding="utf-8")
        yield
    finally:
        lock.release()
