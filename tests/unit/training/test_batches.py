"""Batches: f(seed, epoch, index), whatever the number of workers and wherever the run begins."""

import pickle
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError, DataError
from ipose.testing.claims import law
from ipose.testing.tiny_system import TinySource
from ipose.training.batches import Packed, batch_stream, batches_per_epoch, epoch_order


def feed(source, *, start=0, stop=6, batch_size=4, seed=0, **more):
    return list(batch_stream(source, batch_size=batch_size, seed=seed, start=start, stop=stop, **more))


def same(ones, others) -> bool:
    return len(ones) == len(others) and all(
        a.names == b.names and torch.equal(a.x, b.x) for a, b in zip(ones, others, strict=True)
    )


@dataclass
class Recorder:
    """Notes which items were asked for."""

    size: int = 10
    asked: list[int] | None = None

    def __len__(self) -> int:
        return self.size

    def item(self, index, generator):
        (self.asked if self.asked is not None else []).append(index)
        return index

    def collate(self, items, generator):
        return items


class TestEpochOrder:
    """epoch_order shuffles by (seed, epoch)."""

    @law(items=st.integers(1, 30), batch_size=st.integers(1, 12), seed=st.integers(0, 9), epoch=st.integers(0, 9))
    def test_fills_whole_batches_and_uses_items_as_evenly_as_can_be(self, items, batch_size, seed, epoch):
        order = epoch_order(items, batch_size, seed, epoch)
        assert len(order) == batches_per_epoch(items, batch_size) * batch_size
        counts = Counter(index for index, _ in order)
        assert set(counts) <= set(range(items))
        assert max(counts.values()) - min(counts.get(i, 0) for i in range(items)) <= 1

    @pytest.mark.parametrize(("items", "batches"), [(3, 1), (4, 1), (7, 1), (8, 2), (11, 2)])
    def test_items_that_do_not_fill_a_batch_of_4_are_left_out(self, items, batches):
        assert batches_per_epoch(items, 4) == batches

    def test_differs_between_epochs_and_seeds(self):
        orders = [epoch_order(50, 5, seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
        assert all(a != b for i, a in enumerate(orders) for b in orders[:i])

    def test_each_repetition_has_an_order_of_its_own(self):
        order = [index for index, _ in epoch_order(8, 24, seed=0, epoch=0)]
        assert len({tuple(order[first : first + 8]) for first in (0, 8, 16)}) == 3

    def test_fewer_items_than_a_batch_repeat_and_say_which_repetition(self):
        order = epoch_order(2, 4, 0, 0)
        assert [repetition for _, repetition in order] == [0, 0, 1, 1]
        assert sorted(order) == [(0, 0), (0, 1), (1, 0), (1, 1)]


class TestBatchStream:
    """batch_stream gives the batches of any stretch of steps."""

    def test_beginning_anywhere_gives_what_the_whole_run_gives_there(self):
        assert same(feed(TinySource(), start=3, stop=6), feed(TinySource())[3:])

    def test_beginning_anywhere_asks_for_nothing_before(self):
        source = Recorder(asked=[])
        feed(source, start=100, stop=101)
        assert len(source.asked) == 4

    @pytest.mark.parametrize("workers", [1, 2])
    def test_workers_change_nothing(self, workers):
        assert same(feed(TinySource(), workers=workers), feed(TinySource()))

    def test_a_source_may_hold_hundreds_of_tensors(self):  # handed over as shared memory, 256 are the end
        assert same(feed(TinySource(size=300), stop=1, workers=1), feed(TinySource(size=300), stop=1))

    def test_an_item_is_augmented_anew_each_epoch(self):
        epochs = [dict(batch) for batch in feed(Draws(), stop=3)]
        assert len({draw for batch in epochs for draw in batch.values()}) == 3 * 4

    def test_every_epoch_has_an_order_of_its_own(self):
        batches = feed(Recorder(size=40), batch_size=20, stop=6)
        epochs = [batches[i] + batches[i + 1] for i in (0, 2, 4)]
        assert all(sorted(epoch) == list(range(40)) for epoch in epochs)
        assert epochs[0] != epochs[1] != epochs[2] != epochs[0]

    def test_the_batch_as_a_whole_is_drawn_anew_too(self):
        assert len(set(feed(Moves(), stop=6))) == 6  # of three epochs, two batches each

    def test_each_process_draws_its_share_of_a_batch_apart(self):
        shares = [feed(Moves(), stop=2, rank=rank, world=2) for rank in range(2)]
        assert len(set(chain(*shares))) == 4

    def test_repetitions_in_a_batch_are_augmented_apart(self):
        (batch,) = feed(TinySource(size=1), stop=1)
        assert len(batch.x) == 4
        assert len(batch.x.unique(dim=0)) == 4

    def test_an_item_looks_the_same_whatever_batch_size_it_comes_in(self):
        alone = feed(Draws(), batch_size=1, stop=4)
        together = feed(Draws(), batch_size=4, stop=1)
        assert sorted(chain(*alone)) == sorted(together[0])

    def test_another_seed_gives_other_batches(self):
        assert not same(feed(TinySource(), seed=0), feed(TinySource(), seed=1))

    @pytest.mark.parametrize("world", [2, 4])
    def test_processes_share_each_batch_out_without_overlap(self, world):
        whole = feed(Recorder())
        shares = [feed(Recorder(), rank=rank, world=world) for rank in range(world)]
        for batch, *parts in zip(whole, *shares, strict=True):
            assert sorted(batch) == sorted(chain(*parts))

    def test_leaves_the_global_random_state_alone(self):
        before = torch.get_rng_state()
        feed(TinySource())
        assert torch.equal(torch.get_rng_state(), before)

    def test_an_empty_source_is_refused(self):
        with pytest.raises(ConfigError, match="nothing to train on"):
            feed(TinySource(size=0))

    def test_a_batch_that_cannot_be_shared_out_is_refused(self):
        with pytest.raises(ConfigError, match=r"batch_size.*found 4.*multiple of 3"):
            feed(TinySource(), world=3)

    @pytest.mark.parametrize("workers", [0, 1])
    def test_a_bad_file_is_named_in_one_sentence_with_workers_too(self, workers):
        with pytest.raises(DataError) as caught:
            feed(TinySource(broken=True), workers=workers)
        assert str(caught.value).endswith("[point] no such point. Mend it.")


ENDLESS = """
import multiprocessing
from time import sleep

from ipose.training.batches import batch_stream


class Numbers:
    def __len__(self):
        return 8

    def item(self, index, generator):
        return index

    def collate(self, items, generator):
        return items


if __name__ == "__main__":
    stream = batch_stream(Numbers(), batch_size=2, seed=0, start=0, stop=1000, workers=1)
    next(stream)
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_when_their_main_process_is_killed(tmp_path):
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as main:
        (worker,) = map(int, main.stdout.readline().split())
        assert Path(f"/proc/{worker}").exists()
        main.kill()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{worker}").exists()


class Moves(Recorder):
    """A batch is what its generator draws."""

    def collate(self, items, generator):
        return torch.rand((), generator=generator).item()


class Draws(Recorder):
    """An item is what its generator draws."""

    size = 4

    def __init__(self):
        super().__init__(size=4)

    def item(self, index, generator):
        return index, torch.rand((), generator=generator).item()


class TestPacked:
    """Packed brings a value to another process as it is."""

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.bool, torch.int64, torch.float32, torch.bfloat16])
    @pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
    def test_tensors_of_any_kind_arrive_unchanged_and_can_be_written_to(self, dtype, shape):
        tensor = torch.arange(max(torch.Size(shape).numel(), 1))[: torch.Size(shape).numel()].view(shape).to(dtype)
        (arrived,) = pickle.loads(pickle.dumps(Packed((tensor,)))).value
        assert (arrived.dtype, arrived.shape) == (tensor.dtype, tensor.shape)
        assert torch.equal(arrived, tensor)
        arrived.zero_()

    def test_a_view_arrives_without_what_it_is_a_view_of(self):
        view = torch.zeros(1_000_000)[:3]
        assert len(pickle.dumps(Packed(view))) < 1000

    def test_gradients_wanted_are_wanted_there_too(self):
        assert pickle.loads(pickle.dumps(Packed(torch.zeros(2, requires_grad=True)))).value.requires_grad
