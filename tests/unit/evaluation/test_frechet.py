"""Claims about the Frechet distance of feature sets."""

import warnings

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import strategies as st

from ipose.errors import ShapeMismatchError
from ipose.evaluation.frechet import FewSamplesWarning, frechet_distance, gaussian_frechet_distance
from ipose.testing.law import law


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


class TestGaussianFrechetDistance:
    """gaussian_frechet_distance has closed forms where the covariances commute."""

    def test_in_one_dimension_is_the_squared_gaps_of_means_and_deviations(self):
        mean, variance = torch.tensor([1.0]), torch.tensor([[4.0]])
        other_mean, other_variance = torch.tensor([3.0]), torch.tensor([[9.0]])
        assert gaussian_frechet_distance(mean, variance, other_mean, other_variance).item() == pytest.approx(4 + 1)

    @law(seed=st.integers(0, 99))
    def test_of_diagonal_covariances_is_the_sum_over_the_axes(self, seed):
        mean, other, deviation, wider = torch.from_numpy(np.random.default_rng(seed).random((4, 6)))
        expected = (mean - other).square().sum() + (deviation - wider).square().sum()
        found = gaussian_frechet_distance(mean, deviation.square().diag(), other, wider.square().diag())
        assert found.item() == pytest.approx(expected.item())

    def test_of_a_turned_singular_covariance_is_that_of_its_axes(self):
        # given a line of length 2 and a line of length 1 at a right angle: nothing in common, 4 + 1
        turn = torch.linalg.qr(draw(0, 2, 2)).Q
        a, b = (turn @ torch.diag(torch.tensor(d)).double() @ turn.T for d in ((4.0, 0.0), (0.0, 1.0)))
        zero = torch.zeros(2)
        assert gaussian_frechet_distance(zero, a, zero, b).item() == pytest.approx(5)
        assert gaussian_frechet_distance(zero, a, zero, a).item() == pytest.approx(0, abs=1e-9)

    def test_agrees_with_the_distance_of_samples(self):
        a, b = draw(0, 30, 3), draw(1, 40, 3)
        found = gaussian_frechet_distance(a.mean(0), a.T.cov(), b.mean(0), b.T.cov())
        assert found.item() == pytest.approx(few(a, b), rel=1e-9)
