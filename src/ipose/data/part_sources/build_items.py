"""From the items of a source to pairs in a part tree, in several processes.

Threads would wait for one another: finding and cropping the objects of an image is Python and small tensors.

A journal, `<out>/.build/<kind>.jsonl`, says which items are done: one line an item, written when all its pairs are
written. So a build that is stopped loses nothing, and goes on when run again. An item that was left out is read again
the next time. A kill may cut the last line short; such a line does not count.
"""

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch

from ipose.data.faults import Fault
from ipose.data.parallel import begin_worker
from ipose.data.part_pairs import write_pair
from ipose.data.part_sources.source import ItemReader, SourceItem
from ipose.errors import DataError, IposeError, RunError
from ipose.whole_files import append_text, write_text_whole

JOURNAL_FOLDER = ".build"


@dataclass(frozen=True)
class ItemResult:
    """What became of an item.

    Args:
        fault: why it was left out, a sentence; None where it was not.
    """

    name: str
    split: str
    pairs: Mapping[str, int] = field(default_factory=dict)
    fault: str | None = None


class Journal:
    """The journal of one source in the folder that is built from it."""

    def __init__(self, out: Path, kind: str) -> None:
        self.path = out / JOURNAL_FOLDER / f"{kind}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = self.path.read_text(encoding="utf-8-sig") if self.path.is_file() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            write_text_whole(self.path, whole)
        try:
            results = [ItemResult(**json.loads(line)) for line in whole.splitlines()]
        except (ValueError, TypeError) as error:
            mend = "Remove it and run again: all is read anew, and what is there stays."
            raise DataError(f"damaged journal ({error})", file=self.path, mend=mend) from error
        self.results = {result.name: result for result in results}

    def done(self, name: str) -> bool:
        """Whether an item needs no more reading."""
        return name in self.results and self.results[name].fault is None

    def add(self, results: Iterable[ItemResult]) -> Iterator[ItemResult]:
        """Note results as they come in, and hand them on."""
        for result in results:
            self.results[result.name] = result
            line = {key: value for key, value in vars(result).items() if value is not None}
            append_text(self.path, json.dumps(line, ensure_ascii=False) + "\n")
            yield result

    def remove(self) -> None:
        """Forget all, as if nothing had been read."""
        self.path.unlink(missing_ok=True)
        if not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()


WORTH_A_PROCESS = 32
"""Items for which starting one more process, which loads torch, pays."""

LARGEST_CHUNK = 32
"""Items that go to a process at one time, at most."""


def build_items(
    reader: ItemReader, out: Path, items: Sequence[SourceItem], workers: int | None = None
) -> Iterator[ItemResult]:
    """`build_item` for all of them, in their order.

    Raises:
        RunError: a process died.
    """
    processes = workers or min(os.cpu_count() or 1, len(items) // WORTH_A_PROCESS)
    processes = max(1, min(processes, len(items)))
    work = partial(build_item, reader, out)
    if processes == 1:
        yield from map(work, items)
        return
    chunk = max(1, min(LARGEST_CHUNK, len(items) // (8 * processes)))
    context = multiprocessing.get_context("spawn")  # a fork of a process that has used torch may hang
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin_worker) as pool:
        try:
            with _interrupts_ignored():  # what the processes inherit: Ctrl-C is for the one that keeps the journal
                results = pool.map(work, items, chunksize=chunk)
            yield from results
        except BrokenProcessPool as error:
            what, mend = "a worker process died, of too little memory perhaps", "Run it again, with fewer --workers; "
            raise RunError(what, file=out, mend=mend + "it goes on where it stopped.") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def build_item(reader: ItemReader, out: Path, item: SourceItem) -> ItemResult:
    """Read one item and write its pairs; an item that cannot be read is left out as a whole.

    Returns:
        how many pairs it gave, or its fault.
    """
    counts: dict[str, int] = {}
    try:
        for pair in reader.read(item):
            write_pair(pair, out, item.split)
            counts[pair.category] = counts.get(pair.category, 0) + 1
    except IposeError as error:
        return ItemResult(item.name, item.split, fault=str(Fault.of(error, item.name)))
    return ItemResult(item.name, item.split, counts)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only that one may say what signals do
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin_worker() -> None:
    begin_worker()
    torch.set_num_threads(1)
