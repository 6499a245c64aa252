"""Where a saved model lies, and what its config.json says, for every system that saves one. No torch in here."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ipose.errors import RunError


def model_folder(path: str | Path) -> Path:
    """The folder that holds config.json: `path` itself, or the `model/` of a run. Raises RunError if neither does."""
    path = Path(path)
    for folder in (path, path / "model"):
        if (folder / "config.json").is_file():
            return folder
    if not path.exists():
        raise RunError("no such run or model folder", file=path, mend="Train one (ipose train), or check the path.")
    raise RunError(
        "no model in here",
        file=path,
        found="no config.json" + (", but a run that has saved no model yet" if (path / "run.json").is_file() else ""),
        expected="a run folder or its model/",
        mend="Let the run reach its first checkpoint, or name another folder.",
    )


def read_config(folder: Path) -> dict[str, Any]:
    """The config.json of a model folder, of any system. Raises OSError, ValueError."""
    return dict(json.loads((folder / "config.json").read_text(encoding="utf-8")))


def read_model_config(path: Path, format: str, *, name: str, command: str) -> tuple[Path, dict[str, Any]]:
    """The model folder of a run, or the folder itself, and its config.json.

    Args:
        path: a run, or its model/.
        format: what config.json calls its kind.
        name: of the kind, for people.
        command: that trains one.
    Raises:
        RunError: no model there, a config.json that cannot be read, or one of another kind.
    """
    folder = _model_folder(path, name, command)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        found = config.get("format")
    except (OSError, ValueError, AttributeError) as error:
        raise RunError(f"config.json cannot be read ({error})", file=folder, mend="Copy the folder again.") from error
    if found != format:
        raise RunError(
            "a model of another system",
            file=folder,
            found=found,
            expected=format,
            mend=f"Name a run of {command}.",
        )
    return folder, dict(config)


def model_format(path: Path) -> str | None:
    """What config.json of a run's model, or of a model folder, calls its kind; None where nothing can be read."""
    for folder in (path, path / "model"):
        try:
            return str(json.loads((folder / "config.json").read_text(encoding="utf-8"))["format"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _model_folder(path: Path, name: str, command: str) -> Path:
    for folder in (path, path / "model"):
        if (folder / "config.json").is_file():
            return folder
    found = "a run that has saved no model yet" if (path / "run.json").is_file() else "no config.json"
    raise RunError(
        f"no {name} here",
        file=path,
        found=found if path.exists() else "no such folder",
        expected="a run folder or its model/",
        mend=f"Train one with {command}, or check the path.",
    )


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
