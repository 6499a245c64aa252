"""Writing the pairs of items into a part tree: in parallel, whole files only, and never over other ones."""

import multiprocessing
import os
import re
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import torch

from ipose.data.faults import Fault
from ipose.data.part_palette import PART_COLORS
from ipose.data.part_sources.journal import ItemResult
from ipose.data.part_sources.source import ItemReader, SourceItem
from ipose.data.png import write_index
from ipose.errors import DataError, IposeError, RunError
from ipose.types import PartPair

WORTH_A_PROCESS = 32
"""Items for which starting one more process, which loads torch, pays."""

LARGEST_CHUNK = 32
"""Items that go to a process at one time, at most."""


def build_items(
    reader: ItemReader, out: Path, items: Sequence[SourceItem], workers: int | None = None
) -> Iterator[ItemResult]:
    """`build_item` for all of them, in their order.

    Args:
        reader: of the items.
        out: the part tree.
        items: to read.
        workers: processes; None = one a core, as far as there is work for them.
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
            yield from pool.map(work, items, chunksize=chunk)
        except BrokenProcessPool as error:
            raise RunError(
                "a worker process died", file=out, expected="memory for all of them",
                mend="Run it again, with fewer --workers; it goes on where it stopped.",
            ) from error  # fmt: skip
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that keeps the journal
    torch.set_num_threads(1)


def build_item(reader: ItemReader, out: Path, item: SourceItem) -> ItemResult:
    """Read one item and write its pairs; an item that cannot be used is left out as a whole.

    Returns:
        how many pairs it gave, or its fault.
    """
    counts: dict[str, int] = {}
    try:
        for pair in reader.read(item):
            add_pair(pair, out, item.split)
            counts[pair.category] = counts.get(pair.category, 0) + 1
    except IposeError as error:
        return ItemResult(item.name, item.split, fault=str(Fault.of(error, item.name)))
    return ItemResult(item.name, item.split, counts)


def add_pair(pair: PartPair, root: Path, split: str) -> None:
    """Write `<root>/<category>/<split>/<name>_part.png`, and `_label.png` where the parts do not cover the shape.

    Raises:
        DataError: there is another pair of this name; it stays as it is.
    """
    folder = root / pair.category / split
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "_", pair.name) or "object"
    if not torch.equal(pair.shape, pair.part_map > 0):
        _write(folder, f"{stem}_label", pair.shape.to(torch.uint8) * 255)
    _write(folder, f"{stem}_part", pair.part_map, PART_COLORS)


def _write(folder: Path, name: str, ids: torch.Tensor, colors: tuple[tuple[int, int, int], ...] | None = None) -> None:
    beside, target = folder / f".{name}.new.png", folder / f"{name}.png"
    write_index(beside, ids, colors=colors)
    if target.exists() and target.read_bytes() != beside.read_bytes():
        beside.unlink()
        raise DataError(
            "there is another file of this name", file=target, mend="Build into a new folder; this one stays as it is."
        )
    beside.replace(target)
