"""Sentences about a folder that should be a run's. No torch in here."""

import time
from pathlib import Path

from ipose.errors import RunError


def refuse_taken(folder: Path) -> None:
    """Raises RunError where a new run cannot start: there is one already, or something else."""
    if (folder / "run.json").exists():
        raise RunError(
            "there is a run here already",
            file=folder,
            mend="Add --resume to go on with it, or choose another folder for a new one.",
        )
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise RunError(
            "the folder of a new run must be new or empty",
            file=folder,
            found=what_is(folder),
            mend="Choose another folder.",
        )


def what_is(folder: Path) -> str:
    """What a path leads to, in a few words."""
    if not folder.exists():
        return "nothing"
    if not folder.is_dir():
        return "a file"
    names = sorted(path.name for path in folder.iterdir())
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "") if names else "an empty folder"


def nearby(folder: Path) -> str | None:
    """Where a run is, if the path is only a little wrong."""
    if (folder.parent / "run.json").is_file():
        return f"The run is one level up: {folder.parent}."
    if any(folder.glob("*/*_part.png")):
        return "These are supports: ipose supports check reads them."
    inside = sorted(path.parent for path in folder.glob("*/run.json")) if folder.is_dir() else []
    if inside:
        return f"There are runs inside: {', '.join(map(str, inside[:5]))}."
    return "Start one with ipose train, or give the folder that ipose train wrote."


def wait_for(file: Path, seconds: float = 60.0) -> None:
    """Until another process has written `file`, or the time is up."""
    deadline = time.monotonic() + seconds
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
