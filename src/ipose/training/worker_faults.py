"""What goes wrong with worker processes, as sentences: too little shared memory, a dead worker, no answer.

A worker hands its batches over in shared memory. Where there is too little of it (a container has 64 MB), the batch is
lost and nobody is told, so that the main process would wait for ever. Each worker therefore looks before it hands over,
and the main process waits for a limited time.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ipose.errors import RunError

SHARED = Path("/dev/shm")
"""Where Linux keeps shared memory; other systems have no such limit."""

LEAST_SHARED = 1 << 20
"""Bytes of shared memory that must be free beside the batches."""

LIMIT_S = 300.0
"""Seconds that the main process waits for a batch of a worker."""

POLL_S = 5.0
"""Seconds between two looks whether the workers live."""

ADVICE = "Run it with --workers 0"


def shared_memory_fault(batch: Any, workers: int) -> RunError | None:
    """The error for a batch that does not fit into shared memory beside those of the other workers; None = it does."""
    if not SHARED.is_dir():
        return None
    needed, free = workers * tensor_bytes(batch) + LEAST_SHARED, shutil.disk_usage(SHARED).free
    if free >= needed:
        return None
    mend = f"{ADVICE}, or with more of it (docker run --shm-size=1g ...)."
    found, expected = f"{free / 1e6:.1f} MB free", f"{needed / 1e6:.1f} MB for {workers} workers"
    return RunError(
        "too little shared memory for worker processes", file=SHARED, found=found, expected=expected, mend=mend
    )


def tensor_bytes(value: Any) -> int:
    """Bytes of all tensors in a batch, whatever holds them."""
    if isinstance(value, Tensor):
        return value.nbytes
    return sum(map(tensor_bytes, _inside(value)))


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
    elif is_dataclass(value):
        yield from vars(value).values()


def is_late(error: Exception) -> bool:
    """Whether torch says no more than that no batch came in time."""
    return isinstance(error, RuntimeError) and str(error).startswith("DataLoader timed out")


def worker_fault(error: Exception) -> RunError | None:
    """The sentence for what torch raises when workers fail; None for an error of another kind."""
    said = str(error)
    if is_late(error):
        mend = f"{ADVICE} to see what is slow or stands still: the disk, or a network folder."
        return RunError(f"no batch from the worker processes for {LIMIT_S:.0f} seconds", mend=mend)
    if isinstance(error, OSError | EOFError) and "Caught " not in said:
        mend = f"{ADVICE}, or raise the limit that stops them."
        return RunError(
            "worker processes could not be started or reached", found=said or type(error).__name__, mend=mend
        )
    if said.startswith("DataLoader worker") or "ancdata" in said or "shared memory" in said:
        mend = f"{ADVICE}; memory was too small perhaps. A script of yours needs `if __name__ == '__main__':`."
        return RunError("a worker process died", found=said.splitlines()[0], mend=mend)
    return None
