"""Claims about the kernel distance of feature sets."""

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.evaluation.kid import kernel_distance, kernel_distance_of_subsets
from ipose.testing.law import law


def draw(seed: int, count: int, width: int = 4) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(count, width)))


def by_pairs(a: torch.Tensor, b: torch.Tensor) -> float:
    """The estimate in plain loops over pairs of different samples."""

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return (float(x @ y) / len(x) + 1) ** 3

    def among(rows: np.ndarray) -> float:
        return float(np.mean([kernel(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j]))

    x, y = a.numpy(), b.numpy()
    return among(x) + among(y) - 2 * float(np.mean([kernel(p, q) for p in x for q in y]))


class TestKernelDistance:
    """kernel_distance is the unbiased squared MMD under the cubic kernel."""

    @law(seed=st.integers(0, 99), n=st.integers(2, 7), m=st.integers(2, 7))
    def test_equals_the_sum_over_pairs(self, seed, n, m):
        a, b = draw(seed, n), draw(seed + 1, m)
        assert kernel_distance(a, b).item() == pytest.approx(by_pairs(a, b), rel=1e-9, abs=1e-9)

    @law(seed=st.integers(0, 99))
    def test_does_not_depend_on_which_set_comes_first(self, seed):
        a, b = draw(seed, 6), draw(seed + 1, 9)
        assert kernel_distance(a, b).item() == pytest.approx(kernel_distance(b, a).item(), rel=1e-9)

    def test_equals_torchmetrics_on_sets_of_one_size(self):
        kid = pytest.importorskip("torchmetrics.image.kid", reason="torchmetrics is not installed")
        a, b = draw(0, 12), draw(1, 12) + 0.5
        assert kernel_distance(a, b).item() == pytest.approx(kid.poly_mmd(a, b).item(), rel=1e-9)

    def test_is_zero_on_average_within_one_distribution(self):
        values = [kernel_distance(draw(2 * i, 20), draw(2 * i + 1, 20)).item() for i in range(200)]
        assert abs(np.mean(values)) < 4 * np.std(values) / 200**0.5
        assert min(values) < 0 < max(values)

    def test_refuses_a_single_sample(self):
        with pytest.raises(ShapeMismatchError, match="too few samples"):
            kernel_distance(draw(0, 1), draw(0, 4))


class TestKernelDistanceOfSubsets:
    """kernel_distance_of_subsets is repeatable, and its subsets are drawn without replacement."""

    def test_the_seed_decides(self):
        a, b = draw(0, 20), draw(1, 20)
        first = kernel_distance_of_subsets(a, b, subsets=3, subset_size=5, seed=1)
        assert first == kernel_distance_of_subsets(a, b, subsets=3, subset_size=5, seed=1)
        assert first != kernel_distance_of_subsets(a, b, subsets=3, subset_size=5, seed=2)

    def test_of_whole_sets_is_the_distance_itself(self):
        a, b = draw(0, 8), draw(1, 8)
        mean, deviation = kernel_distance_of_subsets(a, b, subsets=3)
        assert mean.item() == pytest.approx(kernel_distance(a, b).item())
        assert deviation.item() == 0

    def test_refuses_no_subsets(self):
        with pytest.raises(ConfigError, match="1 or more"):
            kernel_distance_of_subsets(draw(0, 4), draw(1, 4), subsets=0)
