"""The two real systems, stopped in the middle: --resume ends with the very weights of an undisturbed run."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

STEPS = 6
LONG = 16


class Crash(BaseException):
    """Ends a training as SIGKILL would: nothing is saved any more."""


@pytest.fixture
def crash_in_step_5(monkeypatch):
    """While on, a training dies between its checkpoints of steps 4 and 6."""
    import ipose.training.trainer as trainer

    whole = trainer.append_metrics

    def dying(file, record):
        if record["step"] == 5:
            raise Crash
        whole(file, record)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "append_metrics", dying)
        yield patch


def words_of(tiny, kind: str) -> list[str]:
    return tiny.train_partnet if kind == "partnet" else tiny.train_synthesis


def everything(run: Path, step: int) -> dict[str, torch.Tensor]:
    """Weights, averages and optimizers of a checkpoint, and the model to use."""
    checkpoint = run / "checkpoints" / f"step-{step}"
    found = {"state": torch.load(checkpoint / "state.pt", weights_only=True)}
    found |= {path.name: load_file(path) for path in checkpoint.glob("*.safetensors")}
    found |= {f"model/{path.name}": load_file(path) for path in (run / "model").glob("*.safetensors")}
    return dict(tensors(found))


def tensors(tree: Any, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """All tensors of nested mappings and lists, by path."""
    if isinstance(tree, torch.Tensor):
        yield name, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from tensors(value, f"{name}/{key}")
    elif isinstance(tree, list | tuple):
        yield from tensors(dict(enumerate(tree)), name)


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    assert first.keys() == second.keys()
    assert any("exp_avg" in name for name in first)
    return all(torch.equal(first[name], second[name]) for name in first)


def trained(ipose, words, out: Path, *more: object) -> Path:
    done = ipose(*words, "--out", out, *more)
    assert done.code == 0, done.err
    return out


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["partnet", "synthesis"])
def test_a_run_that_died_between_checkpoints_ends_bit_identical(ipose, tiny, tmp_path, kind, crash_in_step_5):
    words = [*words_of(tiny, kind), "--steps", STEPS]
    with pytest.raises(Crash):
        ipose(*words, "--out", tmp_path / "died")
    assert sorted(path.name for path in (tmp_path / "died" / "checkpoints").iterdir()) == ["step-2", "step-4"]
    crash_in_step_5.undo()
    resumed = trained(ipose, words, tmp_path / "died", "--resume")
    assert equal(everything(resumed, STEPS), everything(trained(ipose, words, tmp_path / "whole"), STEPS))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["partnet", "synthesis"])
def test_weights_do_differ_where_training_does(ipose, tiny, tmp_path, kind):
    words = [*words_of(tiny, kind), "--steps", 2]
    first, other = (trained(ipose, words, tmp_path / f"seed-{seed}", "--seed", seed) for seed in (0, 1))
    assert not equal(everything(first, 2), everything(other, 2))


def start(words: list[object], out: Path) -> subprocess.Popen[str]:
    """The command in a process of its own, once it has saved step 2."""
    command = [sys.executable, "-m", "ipose", *map(str, words), "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 200
    while not (out / "checkpoints" / "step-2").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "no checkpoint within 200 s"
        time.sleep(0.005)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kind", ["partnet", "synthesis"])
def test_sigkill_costs_nothing_but_the_steps_since_the_last_checkpoint(ipose, tiny, tmp_path, kind, workers):
    words = [*words_of(tiny, kind), "--steps", LONG, "--workers", workers]
    process = start(words, tmp_path / "killed")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "killed" / "checkpoints" / f"step-{LONG}").exists()
    resumed = trained(ipose, words, tmp_path / "killed", "--resume")
    whole = trained(ipose, [*words_of(tiny, kind), "--steps", LONG, "--workers", workers], tmp_path / "whole")
    assert equal(everything(resumed, LONG), everything(whole, LONG))


def test_ctrl_c_saves_and_says_how_to_go_on(ipose, tiny, tmp_path):
    run = tmp_path / "run"
    process = start([*tiny.train_partnet, "--steps", 100_000], run)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "Ctrl-C: finishing this step, then saving" in out
    step = int(re.search(r"Trained (\d+) steps", out)[1])
    assert (run / "checkpoints" / f"step-{step}").is_dir()
    again = out[out.index("Go on with: ") + 12 :].splitlines()[0]
    assert again.startswith(f"{sys.executable} -m ipose train partnet ")
    assert again.endswith(" --resume")
    assert not (run / "report.html").exists()  # a stopped training ends at once
    done = ipose(*again.split()[3:], "--steps", step + 1)
    assert done.code == 0, done.err
    assert f"Trained {step + 1} steps" in done.out
