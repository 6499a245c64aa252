"""KL divergence and feature matching (GroupDNet eq. 6)."""

import math

import pytest
import torch
from hypothesis import strategies as st

from ipose.losses import feature_distance, feature_matching_loss, kl_divergence
from ipose.testing.law import law


def code(seed, batch=2):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(batch, 4, 2, 1, generator=generator, dtype=torch.float64) for _ in range(2))


class TestKL:
    """kl_divergence: how far a code is from the standard normal."""

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


class TestFeatureMatching:
    """feature_matching_loss: 0 for equal features; it moves fakes, never the photographs' features."""

    def test_is_0_for_equal_features(self):
        features = [[torch.rand(1, 2, 3, 3), torch.rand(1, 4, 2, 2)] for _ in range(2)]
        assert feature_matching_loss(features, features) == 0

    def test_is_the_mean_over_discriminators_of_the_sum_over_layers(self):
        fake = [[torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 1, 1)], [torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 1, 1)]]
        real = [[layer + value for layer in layers] for layers, value in zip(fake, (1.0, 3.0), strict=True)]
        assert feature_matching_loss(fake, real).item() == pytest.approx(((1 + 1) + (3 + 3)) / 2)

    def test_gradients_reach_the_fakes_alone(self):
        fake, real = (torch.rand(1, 2, 3, 3, requires_grad=True) for _ in range(2))
        feature_matching_loss([[fake]], [[real]]).backward()
        assert fake.grad.any()
        assert real.grad is None

    def test_layers_weigh_what_is_said(self):
        zeros, ones = [torch.zeros(1, 1, 1, 1)] * 2, [torch.ones(1, 1, 1, 1)] * 2
        assert feature_distance(zeros, ones, (0.25, 1.0)) == 1.25
