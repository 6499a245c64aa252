"""Contract of the relaxed earth mover's distance between token sets."""

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from ipose.reference import relaxed_emd as relaxed_emd_reference
from ipose.testing.claims import SEEDS, Contract, interface, law, paper_method

COUNTS = st.integers(1, 3)


def random_tokens(seed: int, device: torch.device, count: int) -> Tensor:
    """float64 (2, count, 5), waiting for gradients; made on the CPU, then moved."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, count, 5, dtype=torch.float64, generator=generator).to(device).requires_grad_()


class RelaxedEMDContract(Contract):
    """relaxed_emd compares two sets of directions: order, number and length of the tokens do not matter."""

    @law(seed=SEEDS, n=COUNTS, m=COUNTS)
    @paper_method("the relaxed earth mover's distance, REMD (iPOSE eqs. 5-6)")
    def test_agrees_with_the_loop_in_float64(self, device: torch.device, seed: int, n: int, m: int) -> None:
        a, b = random_tokens(seed, device, n), random_tokens(seed + 1, device, m)
        found, expected = self.implementation(a, b), relaxed_emd_reference.relaxed_emd(a, b)
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(torch.autograd.grad(found, (a, b)), torch.autograd.grad(expected, (a, b)))

    @law(seed=SEEDS, n=COUNTS)
    @interface
    def test_is_zero_on_permuted_copies(self, device: torch.device, seed: int, n: int) -> None:
        a = random_tokens(seed, device, n)
        order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
        assert self.implementation(a, a[:, order]).item() == pytest.approx(0, abs=1e-12)

    @law(seed=SEEDS, n=COUNTS, m=COUNTS)
    @interface
    def test_does_not_depend_on_which_side_comes_first(self, device: torch.device, seed: int, n: int, m: int) -> None:
        a, b = random_tokens(seed, device, n), random_tokens(seed + 1, device, m)
        torch.testing.assert_close(self.implementation(a, b), self.implementation(b, a))

    @law(seed=SEEDS, n=COUNTS, m=COUNTS)
    @paper_method("tokens are compared by their cosine (iPOSE eq. 5)")
    def test_does_not_depend_on_the_length_of_any_token(self, device: torch.device, seed: int, n: int, m: int) -> None:
        a, b = random_tokens(seed, device, n), random_tokens(seed + 1, device, m)
        lengths = torch.linspace(0.1, 9, n, dtype=a.dtype, device=device)[:, None]
        torch.testing.assert_close(self.implementation(lengths * a, 3 * b), self.implementation(a, b))

    @law(seed=SEEDS, n=COUNTS, m=COUNTS)
    @paper_method("tokens are compared by their cosine (iPOSE eq. 5)")
    def test_lies_between_0_and_2(self, device: torch.device, seed: int, n: int, m: int) -> None:
        a, b = random_tokens(seed, device, n), random_tokens(seed + 1, device, m)
        assert -1e-12 <= self.implementation(a, b).item() <= 2 + 1e-12

    @law(seed=SEEDS, n=COUNTS, m=COUNTS)
    @interface
    def test_a_batch_is_the_mean_of_its_images(self, device: torch.device, seed: int, n: int, m: int) -> None:
        a, b = random_tokens(seed, device, n), random_tokens(seed + 1, device, m)
        alone = [self.implementation(a[i : i + 1], b[i : i + 1]) for i in range(2)]
        torch.testing.assert_close(self.implementation(a, b), sum(alone, start=torch.zeros_like(alone[0])) / 2)

    @paper_method("tokens are compared by their cosine (iPOSE eq. 5)")
    def test_opposite_tokens_are_2_apart(self, device: torch.device) -> None:
        a = torch.ones(1, 1, 3, device=device)
        assert self.implementation(a, -a).item() == pytest.approx(2)

    @paper_method("the larger of the two ways counts (iPOSE eq. 6)")
    def test_takes_the_larger_way_of_the_two(self, device: torch.device) -> None:
        """Given axes x, y on one side and x alone on the other: there (0 + 1) / 2, back 0."""
        a = torch.eye(2, device=device)[None]
        assert self.implementation(a, a[:, :1]).item() == pytest.approx(0.5)
