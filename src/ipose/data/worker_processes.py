"""What every worker process of the package does first."""

import multiprocessing
import os
import signal
import threading


def begin_worker() -> None:
    """Leave Ctrl-C, which goes to every process of the terminal, to the main process; and end when that one is gone.

    A worker that waits for work does not notice that its main process was killed outright, and would wait for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
