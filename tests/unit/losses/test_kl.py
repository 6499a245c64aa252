"""The KL divergence of a code from the standard normal (GroupDNet eq. 6)."""

import math

import pytest
import torch
from hypothesis import strategies as st

from ipose.losses import kl_divergence
from ipose.testing.claims import law


def code(seed, batch=2):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(batch, 4, 2, 1, generator=generator, dtype=torch.float64) for _ in range(2))


class TestKLDivergence:
    """kl_divergence: how far a code is from the standard normal."""

    @law(seed=st.integers(0, 999))
    def test_agrees_with_torchs_normal_distributions(self, seed):
        mean, log_variance = code(seed)
        normal = torch.distributions.Normal(mean, (log_variance / 2).exp())
        expected = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum()
        torch.testing.assert_close(kl_divergence(mean, log_variance), expected)

    @law(seed=st.integers(0, 999))
    def test_is_positive_away_from_the_standard_normal(self, seed):
        assert kl_divergence(*code(seed)) > 0

    def test_is_0_at_the_standard_normal_and_nowhere_near(self):
        zeros = torch.zeros(2, 3)
        assert kl_divergence(zeros, zeros) == 0
        for moved in (zeros + 0.1, zeros - 0.1):
            assert kl_divergence(moved, zeros) > 0
            assert kl_divergence(zeros, moved) > 0

    def test_of_a_batch_is_the_sum_over_its_images(self):
        mean, log_variance = code(0, batch=3)
        alone = [kl_divergence(mean[i : i + 1], log_variance[i : i + 1]) for i in range(3)]
        torch.testing.assert_close(kl_divergence(mean, log_variance), torch.stack(alone).sum())
        torch.testing.assert_close(kl_divergence(mean, log_variance, "mean"), torch.stack(alone).mean())

    def test_matches_a_hand_count(self):
        found = kl_divergence(torch.tensor([[2.0]]), torch.tensor([[math.log(3)]]))
        assert found.item() == pytest.approx(-0.5 * (1 + math.log(3) - 4 - 3))

    def test_gradient_is_the_formulas(self):
        """d/dmean = mean; d/dlog_variance = (variance - 1) / 2."""
        mean, log_variance = (tensor.requires_grad_() for tensor in code(0))
        kl_divergence(mean, log_variance).backward()
        torch.testing.assert_close(mean.grad, mean.detach())
        torch.testing.assert_close(log_variance.grad, (log_variance.detach().exp() - 1) / 2)

    def test_is_computed_in_float32_under_bfloat16(self):
        mean, log_variance = (tensor.bfloat16() for tensor in code(0))
        with torch.autocast("cpu", torch.bfloat16):
            found = kl_divergence(mean, log_variance)
        assert found.dtype == torch.float32
        assert found == kl_divergence(mean.float(), log_variance.float())
