"""What `ipose demo` does.

tour        a page of what the bundled model makes
training    with --train: the same system trained in minutes, and its page
"""

from pathlib import Path

from ipose.data.file_lists import is_free
from ipose.errors import RunError


def check_new(folder: Path) -> None:
    """Raises RunError if the folder holds anything."""
    if not is_free(folder):
        mend = "Name another one with --out, or remove this one."
        raise RunError("the demo needs a new folder", file=folder, mend=mend)
