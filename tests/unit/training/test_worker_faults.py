"""Worker processes that fail end a training in a sentence; it never waits for ever."""

from collections import namedtuple
from dataclasses import dataclass

import pytest
import torch

from helpers.failing_source import FailingSource
from ipose.errors import RunError
from ipose.training import worker_faults
from ipose.training.batches import batch_stream
from ipose.training.worker_faults import shared_memory_fault, tensor_bytes, worker_fault


@pytest.fixture
def impatient(monkeypatch):
    """Looks at its workers ten times a second; torch, too, where it waits for their end."""
    monkeypatch.setattr(worker_faults, "POLL_S", 0.1)
    monkeypatch.setattr(torch.utils.data._utils, "MP_STATUS_CHECK_INTERVAL", 0.1)


@pytest.mark.usefixtures("impatient")
class TestBatchStream:
    """batch_stream hears of workers that fail."""

    @pytest.mark.parametrize("how", ["killed", "exits"])
    def test_a_dead_worker_is_a_sentence(self, how):
        with pytest.raises(RunError, match=r"a worker process died: .*--workers 0"):
            list(batch_stream(FailingSource(how), batch_size=2, seed=0, start=0, stop=2, workers=1))

    def test_a_worker_that_stands_still_is_waited_for_a_limited_time(self, monkeypatch):
        monkeypatch.setattr(worker_faults, "LIMIT_S", 1.0)
        with pytest.raises(RunError, match="no batch from the worker processes for 1 seconds"):
            list(batch_stream(FailingSource("sleeps"), batch_size=2, seed=0, start=0, stop=2, workers=1))


class TestSharedMemoryFault:
    """A worker looks for room before it hands a batch over."""

    @pytest.mark.parametrize(("free", "fits"), [(3 << 20, True), ((3 << 20) - 1, False), (64 << 10, False)])
    def test_room_for_a_batch_of_each_worker_and_a_rest(self, free, fits, monkeypatch):
        usage = namedtuple("Usage", "free")(free)
        monkeypatch.setattr(worker_faults.shutil, "disk_usage", lambda _: usage)
        fault = shared_memory_fault([torch.zeros(1 << 18)], workers=2)
        assert (fault is None) == fits
        if not fits:
            assert "too little shared memory" in str(fault)
            assert "--shm-size" in str(fault)

    def test_systems_without_the_folder_have_no_limit(self, monkeypatch, tmp_path):
        monkeypatch.setattr(worker_faults, "SHARED", tmp_path / "none")
        assert shared_memory_fault([torch.zeros(9)], workers=2) is None

    def test_tensors_are_counted_wherever_they_are(self):
        @dataclass
        class Batch:
            image: torch.Tensor
            rest: dict

        assert tensor_bytes(Batch(torch.zeros(2), {"a": (torch.zeros(3, dtype=torch.uint8), "word")})) == 11


class TestWorkerFault:
    """What torch and the system say, in a sentence."""

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (RuntimeError("DataLoader timed out after 300 seconds"), "no batch"),
            (RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus error."), "died"),
            (RuntimeError("received 0 items of ancdata"), "died"),
            (OSError(24, "Too many open files"), "could not be started.*Too many open files"),
            (EOFError(), "could not be started or reached: found EOFError"),
        ],
    )
    def test_says_what_to_do(self, error, words):
        assert worker_fault(error) is not None
        with pytest.raises(RunError, match=f"{words}.*--workers 0"):
            raise worker_fault(error)

    @pytest.mark.parametrize("error", [RuntimeError("shapes differ"), OSError("Caught OSError in DataLoader worker")])
    def test_other_errors_are_not_of_workers(self, error):
        assert worker_fault(error) is None
