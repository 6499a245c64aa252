"""Batches in an order that depends on (seed, epoch) alone, so that a run can go on anywhere with any number of workers.

A batch is built whole, in one place (this process or a worker), from a `BatchKey`. Starting at step n builds nothing of
the steps before it.
"""

import multiprocessing
import signal
from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from ipose.data.parallel import begin_worker
from ipose.errors import ConfigError, IposeError
from ipose.seeds import generator_of, seed_of
from ipose.training.packing import Packed


@runtime_checkable
class BatchSource(Protocol):
    """What a data set owes the loop. With workers it travels to other processes, so it must pickle."""

    def __len__(self) -> int:
        """Items in an epoch."""
        ...

    def item(self, index: int, generator: torch.Generator) -> Any:
        """Item `index`; augmentation draws from `generator`, seeded f(seed, epoch, index)."""
        ...

    def collate(self, items: Sequence[Any], generator: torch.Generator) -> Any:
        """A batch of items; has `.to(device)`, and `.names` for messages. `generator`: f(seed, epoch, batch number)."""
        ...


class BatchKey(NamedTuple):
    """Which batch: the share `rank` of batch `number` of an epoch, made of items (index, repetition in that epoch)."""

    epoch: int
    number: int
    rank: int
    items: tuple[tuple[int, int], ...]


def batches_per_epoch(items: int, batch_size: int) -> int:
    """Whole batches in an epoch; what is left over sits out that epoch. Fewer items than a batch repeat to fill one."""
    return max(items // batch_size, 1)


def epoch_order(items: int, batch_size: int, seed: int, epoch: int) -> list[tuple[int, int]]:
    """The items of an epoch in order: (index, repetition), each index once before any comes twice."""
    needed = batches_per_epoch(items, batch_size) * batch_size
    order: list[tuple[int, int]] = []
    while len(order) < needed:
        repetition = len(order) // items
        shuffled = torch.randperm(items, generator=generator_of(seed, "order", epoch, repetition))
        order += [(index, repetition) for index in shuffled.tolist()]
    return order[:needed]


class _Keys(Sampler[BatchKey]):
    """The keys of steps [start, stop), for one of `world` processes."""

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


class _Failure(NamedTuple):
    """An error with a way out, carried home from a worker as it is, without torch's wrapping."""

    error: IposeError


class _Batches(Dataset[Any]):
    """Batches by key."""

    def __init__(self, source: BatchSource, seed: int) -> None:
        self.packed, self.seed = Packed(source), seed

    def __getitem__(self, key: BatchKey) -> Any:
        source = self.packed.value
        try:
            items = [
                source.item(index, generator_of(self.seed, "item", key.epoch, index, repetition))
                for index, repetition in key.items
            ]
            return source.collate(items, generator_of(self.seed, "batch", key.epoch, key.number, key.rank))
        except IposeError as error:
            return _Failure(error)


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
        batch_size: items over all processes; fewer items than that in the source repeat to fill a batch.
        workers: processes that prepare batches. They start fresh (no fork of a process that runs torch), so `source`
            must pickle, and a script that trains needs the usual `if __name__ == "__main__":`.
        rank, world: this process of how many; each gets its share of the same batch.
    Raises:
        ConfigError: the source is empty, or the batch cannot be shared out evenly.
    """
    if len(source) == 0:
        raise ConfigError("nothing to train on", found="an empty data set", mend="Check the folder and the split.")
    if batch_size % world:
        raise ConfigError(
            "the batch cannot be shared out", field="batch_size", found=batch_size, expected=f"a multiple of {world}"
        )
    loader = DataLoader(
        _Batches(source, seed),
        batch_size=None,
        sampler=_Keys(len(source), batch_size, seed, start, stop, rank, world),
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=_calm_worker,
        multiprocessing_context=_start_method() if workers else None,
        generator=torch.Generator().manual_seed(seed_of(seed, "loader")),
    )
    for batch in loader:
        if isinstance(batch, _Failure):
            raise batch.error
        yield batch


def _start_method() -> str:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return "spawn"
    multiprocessing.set_forkserver_preload(["ipose.training.batches"])
    return "forkserver"
