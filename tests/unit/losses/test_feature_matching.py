"""Feature matching: how far fakes are from photographs to a discriminator's layers (GroupDNet eq. 6, pix2pixHD)."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.losses import feature_distance, feature_matching_loss
from ipose.losses.feature_matching import VGG_WEIGHTS
from ipose.testing.claims import law

SEEDS = st.integers(0, 999)


def layers(seed, count=2):
    """Features of some layers, each of its own size."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(2, 2 + i, 4 - i, 3, generator=generator, dtype=torch.float64) for i in range(count)]


def literal(fake, real, weights):
    """Each number of each layer, one after another."""
    total = 0.0
    for a, b, weight in zip(fake, real, weights, strict=True):
        numbers = list(zip(a.flatten().tolist(), b.flatten().tolist(), strict=True))
        total += weight * sum(abs(x - y) for x, y in numbers) / len(numbers)
    return total


class TestFeatureDistance:
    """feature_distance: the weighted sum over layers of the mean absolute difference."""

    @law(seed=SEEDS, weights=st.tuples(st.floats(0, 4), st.floats(0, 4)))
    def test_agrees_with_the_loop_in_float64(self, seed, weights):
        fake, real = layers(seed), layers(seed + 1)
        assert feature_distance(fake, real, weights).item() == pytest.approx(literal(fake, real, weights))

    @law(seed=SEEDS)
    def test_without_weights_each_layer_counts_1(self, seed):
        fake, real = layers(seed), layers(seed + 1)
        assert feature_distance(fake, real).item() == pytest.approx(literal(fake, real, (1.0, 1.0)))

    @law(seed=SEEDS)
    def test_is_symmetric(self, seed):
        assert feature_distance(layers(seed), layers(seed + 1)) == feature_distance(layers(seed + 1), layers(seed))

    @pytest.mark.parametrize(("real", "weights"), [(3, None), (2, (1.0,)), (2, (1.0, 1.0, 1.0))])
    def test_layers_and_weights_that_do_not_pair_up_are_refused(self, real, weights):
        with pytest.raises(ValueError, match="zip"):
            feature_distance(layers(0), layers(1, real), weights)

    def test_is_computed_in_float32_under_bfloat16(self):
        fake, real = ([layer.bfloat16() for layer in layers(seed)] for seed in (0, 1))
        with torch.autocast("cpu", torch.bfloat16):
            found = feature_distance(fake, real)
        assert found.dtype == torch.float32
        assert found == feature_distance([a.float() for a in fake], [b.float() for b in real])

    def test_vggs_weights_double_from_layer_to_layer_but_for_the_last(self):
        assert VGG_WEIGHTS == (0.03125, 0.0625, 0.125, 0.25, 1.0)


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

    def test_every_discriminator_needs_its_photographs(self):
        with pytest.raises(ValueError, match="zip"):
            feature_matching_loss([layers(0), layers(1)], [layers(2)])
