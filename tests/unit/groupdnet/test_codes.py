"""Codes: a normal distribution an element, and the channels that belong to one class."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.groupdnet.codes import Codes, class_code, with_class_code
from ipose.testing.claims import law

GRIDS = st.sampled_from([(), (1, 1), (2, 3)])


def random_code(seed, channels=12, grid=(2, 3)):
    return torch.randn(2, channels, *grid, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class TestSample:
    """Codes.sample(noise): mean + noise * standard deviation."""

    @law(seed=st.integers(0, 99), grid=GRIDS)
    def test_without_noise_it_is_the_mean(self, seed, grid):
        mean, log_variance = random_code(seed, grid=grid), random_code(seed + 1, grid=grid)
        assert torch.equal(Codes(mean, log_variance).sample(torch.zeros_like(mean)), mean)

    def test_matches_a_hand_count(self):
        """Given variance 9, the deviation is 3: 2 + (-1.5) * 3."""
        codes = Codes(torch.full((1, 1), 2.0), torch.full((1, 1), 9.0).log())
        assert codes.sample(torch.full((1, 1), -1.5)).item() == pytest.approx(-2.5)

    def test_draws_have_the_mean_and_the_variance_that_it_says(self):
        codes = Codes(torch.tensor([[3.0, -1.0]]).expand(4000, -1), torch.tensor([[0.25, 4.0]]).log().expand(4000, -1))
        drawn = codes.sample(torch.randn(4000, 2, generator=torch.Generator().manual_seed(0)))
        torch.testing.assert_close(drawn.mean(0), torch.tensor([3.0, -1.0]), atol=0.1, rtol=0)
        torch.testing.assert_close(drawn.var(0), torch.tensor([0.25, 4.0]), atol=0.0, rtol=0.1)

    def test_gradients_reach_mean_and_variance(self):
        mean, log_variance = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, 1, requires_grad=True)
        Codes(mean, log_variance).sample(torch.tensor([[2.0]])).sum().backward()
        assert (mean.grad.item(), log_variance.grad.item()) == (1, 1)  # noise * deviation / 2


class TestClassCode:
    """class_code(code, of, C): the channels that a class owns, a view."""

    @law(seed=st.integers(0, 99), classes=st.sampled_from([1, 2, 3, 4, 6, 12]), grid=GRIDS)
    def test_the_codes_of_all_classes_side_by_side_are_the_code(self, seed, classes, grid):
        code = random_code(seed, grid=grid)
        pieces = [class_code(code, number, classes) for number in range(classes)]
        assert {piece.shape[1] for piece in pieces} == {12 // classes}
        assert torch.equal(torch.cat(pieces, 1), code)

    def test_is_a_view(self):
        code = random_code(0)
        class_code(code, 1, 4).zero_()
        assert not code[:, 3:6].any()
        assert code[:, :3].all()
        assert code[:, 6:].all()

    @pytest.mark.parametrize("number", [-1, 4])
    def test_another_class_is_refused(self, number):
        with pytest.raises(ConfigError, match=rf"\[class\].*found {number}, expected 0\.\.3"):
            class_code(random_code(0), number, 4)

    def test_a_code_of_another_class_count_is_refused(self):
        with pytest.raises(ShapeMismatchError, match="found 12 channels, expected a multiple of the 5 classes"):
            class_code(random_code(0), 0, 5)


class TestWithClassCode:
    """with_class_code(code, of, other, C): a new code, some classes of which are the other's."""

    @law(seed=st.integers(0, 99), chosen=st.sets(st.integers(0, 3)), grid=GRIDS)
    def test_chosen_classes_are_the_others_and_the_rest_its_own(self, seed, chosen, grid):
        code, other = random_code(seed, grid=grid), random_code(seed + 1, grid=grid)
        mixed = with_class_code(code, sorted(chosen), other, 4)
        for number in range(4):
            expected = other if number in chosen else code
            assert torch.equal(class_code(mixed, number, 4), class_code(expected, number, 4))

    def test_one_class_may_be_given_as_a_number(self):
        code, other = random_code(0), random_code(1)
        assert torch.equal(with_class_code(code, 2, other, 4), with_class_code(code, [2], other, 4))

    def test_both_codes_stay_as_they_were(self):
        code, other = random_code(0), random_code(1)
        with_class_code(code, [0, 1], other, 4)
        assert torch.equal(code, random_code(0))
        assert torch.equal(other, random_code(1))
