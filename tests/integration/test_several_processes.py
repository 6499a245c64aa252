"""Two processes train as one: the same batches shared out, gradients averaged, one of them writes."""

import json
import os
import socket
import subprocess
import sys

import pytest
import torch

from ipose.testing.tiny_system import TinySource, TinySystem, everything
from ipose.training.checkpoint import latest_checkpoint
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.run import Run

SCRIPT = """
import os, sys
from ipose.testing.tiny_system import TinySource, TinySystem
from ipose.training.run import Run
from ipose.training.config import TrainConfig
from ipose.training.loop import train

class Plain(TinySystem):
    def fake(self, batch, generator):  # noise of its own would differ between the processes
        return self.generator(batch.x.flip(1))

if __name__ == "__main__":
    for steps, resume in ((3, False), (6, True)):
        config = TrainConfig(steps=steps, batch_size=4, log_every=1, tensorboard=False)
        system = Plain(dropout=0.0, norm=False, seed=int(os.environ["RANK"]))  # the main process's weights count
        run = Run.open(sys.argv[1])
        train(system, TinySource(jitter=0.0), run, config, resume=resume, device="cpu", progress=False)
"""


class Plain(TinySystem):
    def fake(self, batch, generator):
        return self.generator(batch.x.flip(1))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launch(script, folder) -> None:
    world = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    processes = [
        subprocess.Popen(
            [sys.executable, script, folder],
            env=os.environ | world | {"RANK": str(rank), "LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": "2"},
        )
        for rank in (0, 1)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]


class TestTwoProcesses:
    """Without batch norm and noise, two processes with half a batch each compute what one does with the whole."""

    @pytest.mark.skipif(not torch.distributed.is_available(), reason="torch was built without distributed")
    def test_end_where_one_does_and_write_once(self, tmp_path):
        (tmp_path / "script.py").write_text(SCRIPT)
        config = TrainConfig(steps=6, batch_size=4, log_every=1, tensorboard=False)
        alone = Plain(dropout=0.0, norm=False, seed=0)
        run = Run.create(tmp_path / "alone", kind="tiny", config={}, train=config)
        train(alone, TinySource(jitter=0.0), run, config, device="cpu", progress=False)
        Run.create(tmp_path / "two", kind="tiny", config={}, train=config)
        launch(tmp_path / "script.py", tmp_path / "two")  # three steps, then three more after resuming
        both = latest_checkpoint(tmp_path / "two" / "checkpoints")
        assert both is not None
        assert both.step == 6
        expected = everything(alone)
        for network, state in both.weights.items():
            for key, value in state.items():
                torch.testing.assert_close(value, expected[f"{network}.{key}"], atol=1e-5, rtol=1e-4)
        lines = (tmp_path / "two" / "metrics.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
