"""How benchmarks measure: warm-up, medians of alternating runs, synchronised inside the timed region."""

import datetime
import platform
import statistics
import time
from contextlib import nullcontext
from pathlib import Path

import plain_forms
import pytest
import torch

ROUNDS = 7

TABLE = pytest.StashKey[list]()
"""Rows of the page of results: what, seconds of plain and fast form, their peak memory, largest difference."""

NUMBERS = pytest.StashKey[list]()
"""More rows: what, and a sentence of numbers."""

NOTES = "\n## What stands behind the numbers\n"
"""From here on the page is written by hand, and stays as it is."""


def pytest_addoption(parser):
    parser.addoption("--speed-page", type=Path, help="write the table of fast and plain forms to this file")


def pytest_configure(config):
    config.stash[TABLE], config.stash[NUMBERS] = [], []


def pytest_sessionfinish(session):
    page, rows = session.config.getoption("--speed-page"), session.config.stash[TABLE]
    if page is not None and rows:
        _, mark, notes = page.read_text(encoding="utf-8").partition(NOTES) if page.is_file() else ("", "", "")
        page.write_text(speed_page(rows, session.config.stash[NUMBERS]) + mark + notes, encoding="utf-8")


def speed_page(rows, numbers=()):
    """Markdown: the machine, the date, and a line for each comparison and each number."""
    machine = f"{processor()}, torch {torch.__version__}, threads: {torch.get_num_threads()}"
    lines = [
        "# Fast and plain forms",
        "",
        f"Written by `nox -s benchmarks` on {datetime.date.today()}: {machine}. Seconds are processor time, the",
        "less of two rounds by turns in one process, same weights and inputs. *Plain* is each network as its equations",
        "are written (`benchmarks/plain_forms.py`), in float32. The difference is the largest one, as a share of the",
        "plain result's range. Peak memory is what the work needs beside what was in use before it.",
        "",
        "| work | plain, s | fast, s | ratio | difference | plain, GiB | fast, GiB |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {what} | {a:.2f} | {b:.2f} | {a / b:.2f} | {shown(apart)} | {gibibytes(memory_a)} | {gibibytes(memory_b)} |"
        for what, a, b, memory_a, memory_b, apart in rows
    ]
    if numbers:
        lines += ["", "| work | measured |", "|---|---|", *(f"| {what} | {found} |" for what, found in numbers)]
    return "\n".join(lines) + "\n"


def shown(apart):
    return "-" if apart is None else f"{apart:.0e}"


def gibibytes(count):
    return "-" if count is None else f"{count / 2**30:.2f}"


def peak_memory(function, device):
    """What `function` gives, and the most bytes that it needed beside those in use before; None = not on this system.

    Linux can forget the peak of a process so far, and large tensors are given back to it at once.
    """
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        return function(), torch.cuda.max_memory_allocated(device) - before
    forget = Path("/proc/self/clear_refs")
    try:
        forget.write_text("5")
    except OSError:
        return function(), None
    before = _status("VmRSS")
    return function(), _status("VmHWM") - before


def _status(name):
    """A number of kibibytes of /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))


def processor():
    """The processor's name where the system tells it."""
    info = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def where(request):
    """The device to measure on."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return torch.device(request.param)


def synchronised(function, device):
    """`function`, finished when it returns."""

    def run():
        result = function()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return result

    return run


def quartiles_ms(seconds):
    """Median and interquartile range in milliseconds."""
    low, middle, high = statistics.quantiles(seconds, n=4)
    return 1e3 * middle, 1e3 * (high - low)


@pytest.fixture
def measure(where, benchmark):
    """measure(function): time it after two warm-up rounds, and note the machine."""

    def run(function, rounds=ROUNDS):
        note(benchmark, where)
        benchmark.pedantic(synchronised(function, where), rounds=rounds, warmup_rounds=2)

    return run


@pytest.fixture
def compare(where, benchmark, measure):
    """compare(fast, plain, at_least): same answer, and a ratio of medians (by turns, same inputs) of at least that."""

    def run(fast, plain, at_least, rounds=ROUNDS, tolerance=1e-4):
        by_name = {"fast": synchronised(fast, where), "plain": synchronised(plain, where)}
        torch.testing.assert_close(by_name["fast"](), by_name["plain"](), rtol=tolerance, atol=tolerance)
        seconds = {name: [] for name in by_name}
        for _ in range(rounds):
            for name, function in by_name.items():
                start = time.perf_counter()
                function()
                seconds[name].append(time.perf_counter() - start)
        for name, times in seconds.items():
            median, iqr = quartiles_ms(times)
            benchmark.extra_info[f"{name}_median_ms"], benchmark.extra_info[f"{name}_iqr_ms"] = median, iqr
        ratio = statistics.median(seconds["plain"]) / statistics.median(seconds["fast"])
        benchmark.extra_info["ratio"] = ratio
        print(f"\nratio {ratio:.2f}")
        measure(fast, rounds=3)
        assert ratio > at_least, f"{ratio:.2f} times as fast, expected more than {at_least}"

    return run


@pytest.fixture
def against_plain(where, benchmark, request):
    """against_plain(what, fast, plain): both by turns, the second in its plain form; a row of the page of results."""

    def run(what, fast, plain, rounds=2):
        seconds, results, memory = {"fast": [], "plain": []}, {}, {}
        clock = time.process_time if where.type == "cpu" else time.perf_counter

        def once(name):
            form = plain_forms.plain_forms() if name == "plain" else nullcontext()
            with form:
                start = clock()
                work = synchronised(plain if name == "plain" else fast, where)
                results[name], memory[name] = peak_memory(work, where)
                seconds[name].append(clock() - start)

        for _ in range(rounds):
            once("plain")
            once("fast")
        least = {name: min(times) for name, times in seconds.items()}
        apart = (results["fast"] - results["plain"]).abs().max()
        wide = results["plain"].max() - results["plain"].min()
        share = (
            float(apart / wide) if wide > 0 else None
        )  # a sum of losses: networks in training move from step to step
        note(benchmark, where)
        benchmark.extra_info |= {f"{name}_s": value for name, value in least.items()} | {"difference": share}
        benchmark.extra_info["ratio"] = least["plain"] / least["fast"]
        row = what, least["plain"], least["fast"], memory["plain"], memory["fast"], share
        request.config.stash[TABLE].append(row)
        print("\n{}: plain {:.2f} s, fast {:.2f} s".format(what, *(least[name] for name in ("plain", "fast"))))
        benchmark.pedantic(synchronised(fast, where), rounds=1)

    return run


@pytest.fixture
def report(benchmark, request):
    """report(what, sentence): a row of the page of results that has no plain form beside it."""

    def add(what, sentence):
        benchmark.extra_info[what] = sentence
        request.config.stash[NUMBERS].append((what, sentence))
        print(f"\n{what}: {sentence}")

    return add


def note(benchmark, device):
    """What a number means nothing without."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    benchmark.extra_info |= {"hardware": name, "threads": torch.get_num_threads(), "torch": torch.__version__}
