"""Claims about the Frechet and the kernel distance of feature sets."""

import warnings

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import strategies as st

from helpers.defaults import defaults_of
from ipose.errors import ConfigError, ShapeMismatchError
from ipose.evaluation.feature_distances import (
    FewSamplesWarning,
    frechet_distance,
    kernel_distance,
    kernel_distance_of_subsets,
)
from ipose.testing.claims import law


def draw(seed: int, count: int, width: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(count, width)) @ rng.normal(size=(width, width)) + rng.normal(size=width))


def few(a: torch.Tensor, b: torch.Tensor) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewSamplesWarning)
        return frechet_distance(a, b).item()


def by_matrix_root(a: torch.Tensor, b: torch.Tensor) -> float:
    """The formula as it is written, with SciPy's matrix root."""
    x, y = a.double().numpy(), b.double().numpy()
    s, t = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    gap = x.mean(0) - y.mean(0)
    return float(gap @ gap + np.trace(s + t - 2 * scipy.linalg.sqrtm(s @ t).real))


class TestFrechetDistance:
    """frechet_distance compares means and covariances of two feature sets, in float64."""

    @law(seed=st.integers(0, 99), n=st.integers(2, 30), m=st.integers(2, 30))
    def test_is_symmetric_and_not_negative(self, seed, n, m):
        a, b = draw(seed, n, 5), draw(seed + 1, m, 5)
        assert few(a, b) == pytest.approx(few(b, a), rel=1e-9)
        assert few(a, b) >= 0

    @law(seed=st.integers(0, 99), n=st.integers(2, 30))
    def test_is_zero_between_a_set_and_itself_in_another_order(self, seed, n):
        a = draw(seed, n, 5)
        assert few(a, a.flip(0)) == pytest.approx(0, abs=1e-10)

    @law(seed=st.integers(0, 99), n=st.integers(12, 40))
    def test_equals_the_formula_with_a_matrix_root(self, seed, n):
        a, b = draw(seed, n, 4), draw(seed + 1, n + 3, 4)
        assert few(a, b) == pytest.approx(by_matrix_root(a, b), rel=1e-6)

    @pytest.mark.parametrize("piece", [1, 5, 30])
    def test_does_not_depend_on_the_pieces_that_are_read_at_once(self, monkeypatch, piece):
        a, b = draw(1, 30, 4), draw(2, 20, 4)
        whole = few(a, b)
        monkeypatch.setattr("ipose.evaluation.feature_distances.PIECE", piece)
        assert few(a, b) == pytest.approx(whole, rel=1e-9)

    def test_is_the_same_on_either_side_of_more_samples_than_features(self):
        # given 4 samples of 3 features, and the same with 9 more features that never change
        a, b = draw(0, 4, 3), draw(1, 4, 3)
        wide = torch.zeros(4, 9, dtype=torch.float64)
        assert few(a, b) == pytest.approx(few(torch.cat([a, wide], 1), torch.cat([b, wide], 1)), rel=1e-9)

    def test_of_a_shift_is_its_squared_length(self):
        a = draw(0, 50, 3)
        assert few(a, a + torch.tensor([1.0, 2.0, 2.0])) == pytest.approx(9, rel=1e-9)

    def test_computes_in_float64_whatever_it_is_given(self):
        # given features far from 0, where float32 moments would lose the spread
        a, b = (draw(0, 60, 3) + 1e4).float(), (draw(1, 60, 3) + 1e4).float()
        assert few(a, b) == pytest.approx(by_matrix_root(a, b), rel=1e-6)

    def test_warns_below_2048_samples_and_not_from_there(self):
        with pytest.warns(FewSamplesWarning, match="2047 samples"):
            frechet_distance(draw(0, 2047, 2), draw(1, 2048, 2))
        frechet_distance(draw(0, 2048, 2), draw(1, 2048, 2))  # a warning would be an error here

    @pytest.mark.parametrize("width", [3, 5])
    def test_refuses_sets_of_other_widths(self, width):
        with pytest.raises(ShapeMismatchError, match="different networks"):
            frechet_distance(draw(0, 4, 4), draw(0, 4, width))

    def test_refuses_a_single_sample(self):
        with pytest.raises(ShapeMismatchError, match="too few samples"):
            frechet_distance(draw(0, 1, 4), draw(0, 4, 4))

    def test_refuses_nan(self):
        with pytest.raises(ShapeMismatchError, match="not finite"):
            frechet_distance(draw(0, 4, 4) * float("nan"), draw(0, 4, 4))


def normal(seed: int, count: int) -> torch.Tensor:
    """Samples of one distribution, whatever the seed."""
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(count, 4)))


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
        a, b = normal(seed, n), normal(seed + 1, m)
        assert kernel_distance(a, b).item() == pytest.approx(by_pairs(a, b), rel=1e-9, abs=1e-9)

    @law(seed=st.integers(0, 99))
    def test_does_not_depend_on_which_set_comes_first(self, seed):
        a, b = normal(seed, 6), normal(seed + 1, 9)
        assert kernel_distance(a, b).item() == pytest.approx(kernel_distance(b, a).item(), rel=1e-9)

    def test_equals_torchmetrics_on_sets_of_one_size(self):
        kid = pytest.importorskip("torchmetrics.image.kid", reason="torchmetrics is not installed")
        a, b = normal(0, 12), normal(1, 12) + 0.5
        assert kernel_distance(a, b).item() == pytest.approx(kid.poly_mmd(a, b).item(), rel=1e-9)

    def test_is_zero_on_average_within_one_distribution(self):
        values = [kernel_distance(normal(2 * i, 20), normal(2 * i + 1, 20)).item() for i in range(200)]
        assert abs(np.mean(values)) < 4 * np.std(values) / 200**0.5
        assert min(values) < 0 < max(values)

    def test_refuses_a_single_sample(self):
        with pytest.raises(ShapeMismatchError, match="too few samples"):
            kernel_distance(normal(0, 1), normal(0, 4))


class TestKernelDistanceOfSubsets:
    """kernel_distance_of_subsets is repeatable, and its subsets are drawn without replacement."""

    def test_the_seed_decides(self):
        a, b = normal(0, 20), normal(1, 20)
        first = kernel_distance_of_subsets(a, b, subsets=3, subset_size=5, seed=1)
        assert first == kernel_distance_of_subsets(a, b, subsets=3, subset_size=5, seed=1)
        assert first != kernel_distance_of_subsets(a, b, subsets=3, subset_size=5, seed=2)

    def test_is_the_mean_over_subsets_of_both_sets_and_its_deviation(self):
        """Given subsets of 2 of 3 samples, each value is that of one of the three by three choices."""
        a, b = normal(0, 3), normal(1, 3)
        pairs = ([0, 1], [0, 2], [1, 2])
        possible = [kernel_distance(a[one], b[other]).item() for one in pairs for other in pairs]
        for seed in range(8):
            value, deviation = kernel_distance_of_subsets(a, b, subsets=1, subset_size=2, seed=seed)
            assert any(value.item() == pytest.approx(each) for each in possible)
            assert deviation.item() == 0
        mean, deviation = kernel_distance_of_subsets(a, b, subsets=3000, subset_size=2)
        assert mean.item() == pytest.approx(np.mean(possible), abs=0.1 * np.std(possible))
        assert deviation.item() == pytest.approx(np.std(possible), rel=0.1)

    def test_a_set_smaller_than_a_subset_is_taken_whole(self):
        a, b = normal(0, 8), normal(1, 5)
        value, _ = kernel_distance_of_subsets(a, b, subsets=1)
        assert value.item() == pytest.approx(kernel_distance(a, b).item(), abs=1.0)
        twice = kernel_distance_of_subsets(b, b, subsets=4)[0].item()
        assert twice == pytest.approx(kernel_distance(b, b).item())

    def test_of_whole_sets_is_the_distance_itself(self):
        a, b = normal(0, 8), normal(1, 8)
        mean, deviation = kernel_distance_of_subsets(a, b, subsets=3)
        assert mean.item() == pytest.approx(kernel_distance(a, b).item())
        assert deviation.item() == 0

    def test_refuses_no_subsets(self):
        with pytest.raises(ConfigError, match="1 or more"):
            kernel_distance_of_subsets(normal(0, 4), normal(1, 4), subsets=0)


def test_a_hundred_subsets_of_a_thousand_unless_told_otherwise():
    assert defaults_of(kernel_distance_of_subsets) == {"subsets": 100, "subset_size": 1000, "seed": 0}
