"""Long work on many items: a progress bar, several threads, and what every worker process does first."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tqdm.auto import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")


def progress_bar(items: Iterable[Item], what: str, *, shown: bool = True, total: int | None = None) -> Iterable[Item]:
    """`items` one after the other, with a progress bar on standard error.

    Args:
        shown: False hides the bar. True shows it on a terminal only, so that files and pipes hold no fragments of it.
        total: number of items. None = their length, where they have one.
    """
    return tqdm(items, desc=what, unit="scene", total=total, disable=None if shown else True, leave=False)


def in_parallel(
    work: Callable[[Item], Result], items: Sequence[Item], what: str, *, progress: bool = True
) -> Iterator[Result]:
    """`map` over as many threads as cores, in order, with a progress bar. While one decodes an image, others run."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            yield from progress_bar(pool.map(work, items), what, shown=progress, total=len(items))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)  # after an error, do not read on


def begin_worker() -> None:
    """Prepare a worker process: it ignores Ctrl-C, and it ends when the main process is gone.

    Ctrl-C goes to every process of the terminal; the main process ends its workers itself. A worker that waits for work
    does not notice that its main process was killed, and would wait for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
