"""Run tests against planted faults, each in a process of its own that starts with the heavy libraries imported."""

import importlib
import importlib.util
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mutants.faults import ROOT, SOURCE, UNIT, Fault

PROCESSOR_LIMIT_S, LIMIT_S = 200, 1800.0
"""Tests that take more of the processor, or wait longer, have noticed the fault: it made something endless. They take
seconds without it, and what else the machine does costs them no time of the processor."""

NOTHING_RAN = "pytest: "
"""Begins what stands in a test's place where pytest ran none."""

WARM = (
    *("torch", "torchvision.models", "torchvision.models.segmentation", "numpy", "scipy.ndimage", "scipy.optimize"),
    *("scipy.cluster.vq", "PIL.Image", "hypothesis", "jaxtyping", "safetensors.torch", "accelerate", "tyro"),
    *("huggingface_hub", "matplotlib.pyplot", "torch.distributed", "torchmetrics", "open_clip"),
)
"""Imported once, before the processes fork: so each starts in a moment. Nothing of `ipose` is among them."""


class Job(NamedTuple):
    """Tests to run, from tests/unit on, against a fault; None = the code as it is."""

    fault: Fault | None
    tests: Sequence[str]


class Outcome(NamedTuple):
    """What the tests said.

    Args:
        noticed_by: the first test that failed, from tests/unit on. None = all passed.
        seconds: of the processor; how long it takes depends on what else the machine does.
        said: the end of pytest's words.
    """

    noticed_by: str | None
    seconds: float
    said: str


def outcomes(jobs: Sequence[Job], cores: int) -> Iterator[tuple[int, Outcome]]:
    """Number and outcome of each job, as they end."""
    _warm_up()
    fork, waiting = multiprocessing.get_context("fork"), list(enumerate(jobs))[::-1]
    running: dict[int, tuple[int, Any, Path, float]] = {}
    while waiting or running:
        while waiting and len(running) < cores:
            number, job = waiting.pop()
            answer = Path(tempfile.mkdtemp(prefix="mutant-"))
            process = fork.Process(target=_run, args=(job, answer))
            process.start()
            running[process.sentinel] = number, process, answer, time.monotonic()
        ended = wait(list(running), timeout=1.0)
        for sentinel, (number, process, answer, start) in list(running.items()):
            seconds = time.monotonic() - start
            if sentinel in ended or seconds > LIMIT_S:
                process.kill()
                process.join()
                del running[sentinel]
                yield number, _outcome(answer, seconds, process.exitcode)
                shutil.rmtree(answer, ignore_errors=True)


def _warm_up() -> None:
    for name in WARM:
        if importlib.util.find_spec(name.split(".")[0]):
            importlib.import_module(name)


def _outcome(answer: Path, seconds: float, code: int | None) -> Outcome:
    said = (answer / "words.txt").read_text(encoding="utf-8", errors="replace")[-3000:]
    if not (answer / "outcome.json").is_file():
        endless = code == -signal.SIGXCPU or seconds > LIMIT_S
        return Outcome("endless" if endless else "a crash", seconds, said)
    noticed, seconds = json.loads((answer / "outcome.json").read_text(encoding="utf-8"))
    return Outcome(noticed, seconds, said)


def _run(job: Job, answer: Path) -> None:
    """In a process of its own: plant, run pytest up to the first failure, write down which test it was."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_LIMIT_S, PROCESSOR_LIMIT_S + 10))
    words = (answer / "words.txt").open("w", encoding="utf-8")
    for stream in (1, 2):
        os.dup2(words.fileno(), stream)
    source = SOURCE if job.fault is None else _plant(job.fault, answer / "src")
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(source))
    os.environ |= {"PYTHONPATH": str(source), "MPLBACKEND": "Agg", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    os.environ["IPOSE_HYPOTHESIS_PROFILE"] = "mutants"
    os.chdir(ROOT)
    noticed = _first_failure([str(UNIT / test) for test in job.tests], answer / "tmp")
    (answer / "outcome.json").write_text(json.dumps([noticed, sum(os.times()[:4])]), encoding="utf-8")


def _plant(fault: Fault, copy: Path) -> Path:
    """A copy of src with the fault. All that is not on the way to the module is a link."""
    module = Path("ipose") / fault.file
    for folder in list(module.parents)[::-1]:
        (copy / folder).mkdir(parents=True, exist_ok=True)
        for path in (SOURCE / folder).iterdir():
            if not module.is_relative_to(folder / path.name):
                (copy / folder / path.name).symlink_to(path)
    (copy / module).write_text(fault.planted(), encoding="utf-8")
    return copy


class _Watch:
    """Remembers the first test, or file of tests, that failed."""

    first: str | None = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        """After each test."""
        self.pytest_collectreport(report)

    def pytest_collectreport(self, report: Any) -> None:
        """After each file."""
        if report.failed and self.first is None:
            self.first = report.nodeid.removeprefix("tests/unit/").split("[")[0]


def _first_failure(tests: list[str], folder: Path) -> str | None:
    watch = _Watch()
    options = ["-x", "-q", "-p", "no:cacheprovider", "-m", "not slow", "--basetemp", str(folder)]
    code = pytest.main([*options, "-W", "ignore::pytest.PytestAssertRewriteWarning", *tests], plugins=[watch])
    return watch.first if watch.first or code == pytest.ExitCode.OK else f"{NOTHING_RAN}{code!r}"
