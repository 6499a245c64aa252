"""Batches in an order that depends only on (seed, epoch), so that a run can resume with any number of workers.

One process, this one or a worker, builds a whole batch from a `BatchKey`. A run that starts at step n does not build
the batches of earlier steps.
"""

import io
import multiprocessing
import pickle
import signal
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from ipose.data.parallel import begin_worker
from ipose.errors import ConfigError, IposeError
from ipose.seeds import generator_of, seed_of
from ipose.training import worker_faults
from ipose.training.worker_faults import is_late, shared_memory_fault, worker_fault

T = TypeVar("T")


@runtime_checkable
class BatchSource(Protocol):
    """What the loop needs of a data set. It must pickle, because workers are other processes."""

    def __len__(self) -> int:
        """Number of items in an epoch."""
        ...

    def item(self, index: int, generator: torch.Generator) -> Any:
        """One item. Augmentation draws from `generator`, whose seed is f(seed, epoch, index)."""
        ...

    def collate(self, items: Sequence[Any], generator: torch.Generator) -> Any:
        """A batch, with `.to(device)`, and `.names` for messages. Seed of `generator`: f(seed, epoch, number)."""
        ...


class BatchKey(NamedTuple):
    """Names one batch of one process.

    Args:
        epoch: from 0.
        number: of the batch in the epoch, from 0.
        rank: of the process. Each process has its own share of the batch.
        items: of this share: (index in the data set, repetition in this epoch).
    """

    epoch: int
    number: int
    rank: int
    items: tuple[tuple[int, int], ...]


def batches_per_epoch(items: int, batch_size: int) -> int:
    """Whole batches in an epoch, at least one.

    Items that do not fill a batch are left out of the epoch. A data set smaller than a batch repeats its items.
    """
    return max(items // batch_size, 1)


def epoch_order(items: int, batch_size: int, seed: int, epoch: int) -> list[tuple[int, int]]:
    """The items of an epoch in order: (index, repetition). An index comes again only after all others."""
    needed = batches_per_epoch(items, batch_size) * batch_size
    order: list[tuple[int, int]] = []
    while len(order) < needed:
        repetition = len(order) // items
        shuffled = torch.randperm(items, generator=generator_of(seed, "order", epoch, repetition))
        order += [(index, repetition) for index in shuffled.tolist()]
    return order[:needed]


class _Keys(Sampler[BatchKey]):
    """The keys of steps start, ..., stop - 1 for process `rank` of `world`."""

    def __init__(self, items: int, batch_size: int, seed: int, start: int, stop: int, rank: int, world: int) -> None:
        self.items, self.batch_size, self.seed = items, batch_size, seed
        self.start, self.stop, self.rank, self.world = start, stop, rank, world

    def __len__(self) -> int:
        return max(self.stop - self.start, 0)

    def __iter__(self) -> Iterator[BatchKey]:
        per_epoch = batches_per_epoch(self.items, self.batch_size)
        known, order = -1, list[tuple[int, int]]()
        for step in range(self.start, self.stop):
            epoch, number = divmod(step, per_epoch)
            if epoch != known:
                known, order = epoch, epoch_order(self.items, self.batch_size, self.seed, epoch)
            whole = order[number * self.batch_size : (number + 1) * self.batch_size]
            yield BatchKey(epoch, number, self.rank, tuple(whole[self.rank :: self.world]))


class Packed(Generic[T]):
    """Carries `value` to another process as bytes: `Packed(value).value` is the same in both.

    torch would send each tensor as its own piece of shared memory. A data set of a few hundred tensors then needs more
    file descriptors than a process may have.
    """

    def __init__(self, value: T) -> None:
        self.value = value

    def __getstate__(self) -> bytes:
        stream = io.BytesIO()
        _Pickler(stream, protocol=pickle.HIGHEST_PROTOCOL).dump(self.value)
        return stream.getvalue()

    def __setstate__(self, state: bytes) -> None:
        self.value = pickle.loads(state)


class _Pickler(pickle.Pickler):
    """Writes plain tensors as arrays, which is tens of times faster than torch's way for many small ones."""

    def reducer_override(self, value: Any) -> Any:
        plain = type(value) is Tensor and value.device.type == "cpu" and value.layout == torch.strided
        if not plain or value.requires_grad:
            return NotImplemented
        try:
            return torch.from_numpy, (value.numpy(),)
        except TypeError:  # numpy has no bfloat16
            return NotImplemented


class _Failure(NamedTuple):
    """An IposeError from a worker. It travels as a value, because torch would wrap a raised error."""

    error: IposeError


class _Batches(Dataset[Any]):
    """Maps a key to its batch."""

    def __init__(self, source: BatchSource, seed: int, workers: int) -> None:
        self.packed, self.seed, self.workers = Packed(source), seed, workers

    def __getitem__(self, key: BatchKey) -> Any:
        source = self.packed.value
        try:
            items = [
                source.item(index, generator_of(self.seed, "item", key.epoch, index, repetition))
                for index, repetition in key.items
            ]
            batch = source.collate(items, generator_of(self.seed, "batch", key.epoch, key.number, key.rank))
        except IposeError as error:
            return _Failure(error)
        fault = shared_memory_fault(batch, self.workers) if self.workers else None
        return batch if fault is None else _Failure(fault)


def _as_it_is(batch: Any) -> Any:
    return batch


def _calm_worker(_: int) -> None:
    begin_worker()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def batch_stream(
    source: BatchSource,
    *,
    batch_size: int,
    seed: int,
    start: int,
    stop: int,
    workers: int = 0,
    rank: int = 0,
    world: int = 1,
) -> Generator[Any, None, None]:
    """The batches of steps start, ..., stop - 1, on the CPU.

    Args:
        batch_size: items in a batch, over all processes. A smaller source repeats its items to fill a batch.
        workers: number of processes that prepare batches. They are new processes, not forks. So `source` must pickle,
            and a script that trains needs `if __name__ == "__main__":`.
    Raises:
        ConfigError: the source is empty, or the batch size is no multiple of `world`.
        RunError: a worker died, shared memory is too small, or no batch came within `worker_faults.LIMIT_S` seconds.
    """
    if len(source) == 0:
        raise ConfigError("nothing to train on", found="an empty data set", mend="Check the folder and the split.")
    if batch_size % world:
        message = "the processes cannot share a batch evenly"
        raise ConfigError(message, field="batch_size", found=batch_size, expected=f"a multiple of {world}")
    loader = DataLoader(
        _Batches(source, seed, workers),
        batch_size=None,
        sampler=_Keys(len(source), batch_size, seed, start, stop, rank, world),
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=_calm_worker,
        timeout=worker_faults.POLL_S if workers else 0,
        multiprocessing_context=_start_method() if workers else None,
        generator=torch.Generator().manual_seed(seed_of(seed, "loader")),
    )
    for batch in _faults_in_words(loader) if workers else loader:
        if isinstance(batch, _Failure):
            raise batch.error
        yield batch


def _faults_in_words(loader: DataLoader[Any]) -> Iterator[Any]:
    """The batches; what fails in the workers themselves is raised as RunError."""
    batches: Iterator[Any] | None = None
    begun = time.monotonic()
    while True:
        try:
            batches = iter(loader) if batches is None else batches
            batch = next(batches)
        except StopIteration:
            return
        except (RuntimeError, OSError, EOFError) as error:
            if is_late(error) and time.monotonic() - begun < worker_faults.LIMIT_S:
                continue  # torch has seen that the workers live
            fault = worker_fault(error)
            raise (error if fault is None else fault) from error.__cause__
        yield batch
        begun = time.monotonic()


def _start_method() -> str:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return "spawn"
    multiprocessing.set_forkserver_preload(["ipose.training.batches"])
    return "forkserver"
