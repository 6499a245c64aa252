"""One process per run: a lock that the operating system drops when its holder dies, even by SIGKILL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipose.errors import RunError

try:
    import fcntl
except ImportError:  # Windows has no flock; there two processes on one run stay the user's own risk
    fcntl = None  # type: ignore[assignment]


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold `file` as a lock.

    Raises:
        RunError: another process (or this one, elsewhere) holds it; names its process id.
    """
    with file.open("a+", encoding="utf-8") as stream:
        if fcntl is not None:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                stream.seek(0)
                raise RunError(
                    "another process is training here",
                    file=file.parent,
                    found=f"process {stream.read().strip() or 'unknown'}",
                    mend="Wait for it, stop it, or choose another folder.",
                ) from error
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield
