"""SIGKILL at the worst moments: a resumed run ends with the very weights of an undisturbed one."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from ipose.testing.tiny_system import TinySource, TinySystem, everything
from ipose.training.checkpoint import latest_checkpoint
from ipose.training.checkpoint_files import UNFINISHED
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.run import Run

STEPS = 60

SCRIPT = """
import pathlib, sys, time
import ipose.training.checkpoint as checkpoint
from ipose.testing.tiny_system import TinySource, TinySystem
from ipose.training.run import Run
from ipose.training.config import TrainConfig
from ipose.training.loop import train

def stalled(folder, step):
    if step == 8:
        (pathlib.Path(sys.argv[1]) / "saving").touch()
        time.sleep(60)
    written(folder, step)

if __name__ == "__main__":
    folder, moment, workers = sys.argv[1:]
    written = checkpoint.write_manifest
    if moment == "saving":
        checkpoint.write_manifest = stalled
    config = TrainConfig(
        steps=60, batch_size=4, checkpoint_every=4, log_every=1, workers=int(workers), tensorboard=False
    )
    run = Run.create(folder, kind="tiny", config={}, train=config)
    train(TinySystem(), TinySource(seconds=0.005), run, config, device="cpu", progress=False)
"""


def config(workers: int = 0) -> TrainConfig:
    return TrainConfig(steps=STEPS, batch_size=4, checkpoint_every=4, log_every=1, workers=workers, tensorboard=False)


def finish(folder: Path, *, workers: int, resume: bool) -> TinySystem:
    system = TinySystem()
    run = Run.begin(folder, resume=resume, kind="tiny", config={}, train=config(workers))
    result = train(system, TinySource(), run, config(workers), resume=resume, device="cpu", progress=False)
    assert result.step == STEPS
    return system


def killed(tmp_path: Path, moment: str, workers: int) -> Path:
    """A run folder whose process was killed while `moment`."""
    (tmp_path / "script.py").write_text(SCRIPT)
    folder = tmp_path / "killed"
    ready = folder / ("saving" if moment == "saving" else "checkpoints/step-8")
    process = subprocess.Popen([sys.executable, tmp_path / "script.py", folder, moment, str(workers)])
    try:
        deadline = time.monotonic() + 120
        while not ready.exists():
            assert process.poll() is None, "the training ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> TinySystem:
    return finish(tmp_path_factory.mktemp("undisturbed") / "run", workers=0, resume=False)


class TestKilledRun:
    """SIGKILL costs the steps since the last checkpoint and nothing else."""

    @pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
    @pytest.mark.parametrize("moment", ["training", "saving"])
    def test_resumed_it_ends_bit_identical_to_an_undisturbed_one(self, tmp_path, undisturbed, moment, workers):
        folder = killed(tmp_path, moment, workers)
        left = latest_checkpoint(folder / "checkpoints")
        assert left is not None
        assert left.step < STEPS
        if moment == "saving":
            assert left.step == 4
            assert list((folder / "checkpoints").glob(f"{UNFINISHED}*"))
        resumed = everything(finish(folder, workers=workers, resume=True))
        expected = everything(undisturbed)
        assert resumed.keys() == expected.keys()
        assert all(torch.equal(resumed[key], expected[key]) for key in expected)
        assert not list((folder / "checkpoints").glob(f"{UNFINISHED}*"))
