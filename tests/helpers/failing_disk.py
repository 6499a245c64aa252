"""A disk that refuses: at the n-th change of a folder, or any file that grows beyond some bytes."""

import errno
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.link")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class FailingDisk:
    """Fails the n-th change below a folder. Python tells of every one that its own code asks for, before it happens.

    `reached`: whether the last work came to that change.
    """

    def __init__(self) -> None:
        self.folder, self.left, self.reached = "", 0, False
        sys.addaudithook(self)

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.left <= 0 or not (
            event in CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & WRITES)
        ):
            return
        if isinstance(args[0], str | Path) and str(args[0]).startswith(self.folder):
            self.left -= 1
            if self.left == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(args[0]))

    @contextmanager
    def failing_at(self, number: int, folder: Path) -> Iterator[None]:
        """The `number`-th change below `folder` fails, and no other one."""
        self.folder, self.left = str(folder), number
        try:
            yield
        finally:
            self.reached, self.left = self.left == 0, 0


DISK = FailingDisk()
"""The only one: Python never forgets such a listener."""


@contextmanager
def files_of(most_bytes: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, whichever library writes it (`ulimit -f`)."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def killed_at(number: int, work: Callable[[], object], *files: str) -> bool:
    """Do the work in a child process that is killed at the `number`-th line that it executes in these source files.

    Returns:
        whether the kill came before the work was done.
    """
    child = os.fork()
    if child == 0:
        left = [number]

        def trace(frame: Any, event: str, _: Any) -> Any:
            if frame.f_code.co_filename not in files:
                return None
            if event == "line":
                left[0] -= 1
                if left[0] == 0:
                    os._exit(9)
            return trace

        sys.settrace(trace)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
