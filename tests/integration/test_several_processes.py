"""Two processes train as one: the same batches shared out, gradients averaged, one of them writes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import helpers.whole_batch as whole_batch
from ipose.testing.tiny_system import TinySource, TinySystem, everything
from ipose.training.checkpoint import latest_checkpoint
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.metrics import read_metrics
from ipose.training.run import Run

pytestmark = pytest.mark.skipif(not torch.distributed.is_available(), reason="torch was built without distributed")

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


def environment(**more: str) -> dict[str, str]:
    """Of a Python that finds the package and the tests' helpers."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "ignore"} | more


def start_two(*words: object, **more) -> list[subprocess.Popen]:
    """Two processes of one training."""
    world = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    command = [sys.executable, *map(str, words)]
    ranks = ({"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in (0, 1))
    return [subprocess.Popen(command, env=environment(**world, **rank), **more) for rank in ranks]


def launch(*words: object) -> None:
    assert [process.wait(timeout=1800) for process in start_two(*words)] == [0, 0]


class TestTwoProcesses:
    """Without batch norm and noise, two processes with half a batch each compute what one does with the whole."""

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


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """alone/: each system, 20 steps in one process. shared/: 10 in two processes, 5 in one, 5 in two."""
    folder, script = tmp_path_factory.mktemp("several"), whole_batch.__file__
    launch(script, folder / "shared", 10)
    alone = [sys.executable, script, folder / "shared", 15, folder / "alone", 20]
    subprocess.run([str(word) for word in alone], env=environment(), check=True, timeout=1800)
    launch(script, folder / "shared", 20)
    return folder


@pytest.mark.slow
class TestEverySystem:
    """Two processes are one with the double batch, also where a run is resumed with another number of them.

    Noise, batch norms and class weights of a process's own share are taken away (`helpers.whole_batch`).
    """

    @pytest.mark.parametrize("system", whole_batch.BUILD)
    def test_ends_with_the_weights_and_losses_of_one_process(self, trained, system):
        alone, shared = (latest_checkpoint(trained / kind / system / "checkpoints") for kind in ("alone", "shared"))
        assert alone is not None
        assert shared is not None
        assert alone.step == shared.step == 20
        for network, state in alone.weights.items():
            for key, value in state.items():
                torch.testing.assert_close(shared.weights[network][key], value, atol=1e-6, rtol=1e-6, msg=key)
        one, two = (read_metrics(trained / kind / system / "metrics.jsonl") for kind in ("alone", "shared"))
        assert [record["step"] for record in two] == list(range(1, 21))
        for expected, found in zip(one, two, strict=True):
            for phase, terms in expected["losses"].items():
                assert found["losses"][phase] == pytest.approx(terms, rel=1e-5, abs=1e-6)
