"""Which code made a run: versions and, in a checkout, the commit. No torch in here."""

import platform
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import ipose

PACKAGE = Path(__file__).resolve().parents[1]


def command_line() -> str:
    """What was typed, to be typed again: of `python -m package`, which Python turns into the path of a file, too."""
    program, *rest = sys.argv
    started = [program]
    if Path(program).name == "__main__.py":
        started = [sys.executable, "-m", Path(program).parent.name]
    return shlex.join([*started, *rest])


def versions() -> dict[str, str]:
    """Of ipose, Python, and the libraries that a result can depend on."""
    found = {"ipose": ipose.__version__, "python": platform.python_version()}
    for name in ("torch", "torchvision", "accelerate", "numpy"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def git_commit(package: Path = PACKAGE) -> str | None:
    """Commit of the checkout that holds the package's source, "-dirty" behind it where tracked files were changed; None
    for an installed package (a surrounding repository of the user's is not meant), or without git."""
    if shutil.which("git") is None:
        return None
    top = _git(package, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() / "src" / "ipose" != package:
        return None
    commit = _git(package, "rev-parse", "HEAD")
    changed = _git(package, "status", "--porcelain", "--untracked-files=no", "--", str(package))
    return commit and commit + ("-dirty" if changed else "")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
