"""How benchmarks measure: warm-up, medians of alternating runs, synchronised inside the timed region."""

import platform
import statistics
import time

import pytest
import torch

ROUNDS = 7


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


def note(benchmark, device):
    """What a number means nothing without."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    benchmark.extra_info |= {"hardware": name, "threads": torch.get_num_threads(), "torch": torch.__version__}
