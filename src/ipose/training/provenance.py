"""Which code made a run: versions, command line and git commit. Imports no torch."""

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
    """The command line of this process, as one can type it again; `python -m package` included."""
    program, *rest = sys.argv
    started = [program]
    if Path(program).name == "__main__.py":
        started = [sys.executable, "-m", Path(program).parent.name]
    return shlex.join([*started, *rest])


def versions() -> dict[str, str]:
    """Versions of ipose, Python, and the libraries that results can depend on."""
    found = {"ipose": ipose.__version__, "python": platform.python_version()}
    for name in ("torch", "torchvision", "accelerate", "numpy"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def git_commit(package: Path = PACKAGE) -> str | None:
    """Commit of the git checkout that holds the package's source, with "-dirty" if tracked files were changed.

    None for an installed package, even inside another repository, and None without git.
    """
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
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
