"""init_weights draws Xavier-normal weights of the gain asked for, sets biases to 0, and keeps spectral norm right."""

import pytest
import torch
from torch import nn

from ipose.layers.init import init_weights
from ipose.layers.spectral_norm import spectral_norm_conv, with_spectral_norm


def seeded(seed):
    return torch.Generator().manual_seed(seed)


class TestInitWeights:
    """How the networks begin."""

    @pytest.mark.parametrize("gain", [0.02, 1.0])
    @pytest.mark.parametrize("layer", [nn.Conv2d(40, 60, 3), nn.ConvTranspose2d(40, 60, 3), nn.Linear(360, 540)])
    def test_weights_have_the_spread_of_xavier(self, layer, gain):
        init_weights(layer, gain, seeded(0))
        expected = gain * (2 / 900) ** 0.5  # fan in 40*9, fan out 60*9, summed
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.02)
        assert not layer.bias.any()

    def test_weights_are_normal_and_not_uniform(self):
        """Given 21600 weights, the largest is beyond 3.5 deviations; a uniform one is below the root of 3."""
        layer = nn.Conv2d(40, 60, 3)
        init_weights(layer, 1.0, seeded(0))
        assert (layer.weight.abs().max() / layer.weight.std()).item() > 3.5

    def test_the_gain_is_a_fiftieth_unless_told_otherwise(self):
        layer = nn.Conv2d(40, 60, 3)
        init_weights(layer, generator=seeded(0))
        assert layer.weight.std().item() == pytest.approx(0.02 * (2 / 900) ** 0.5, rel=0.02)

    def test_a_layer_without_bias_is_fine(self):
        layer = nn.Conv2d(8, 8, 1, bias=False)
        init_weights(layer, 0.02, seeded(0))
        assert layer.bias is None
        assert layer.weight.std().item() == pytest.approx(0.02 * (2 / 16) ** 0.5, rel=0.3)

    def test_the_same_generator_gives_the_same_weights(self):
        one, other = nn.Conv2d(2, 3, 3), nn.Conv2d(2, 3, 3)
        init_weights(one, 1.0, seeded(5))
        init_weights(other, 1.0, seeded(5))
        assert torch.equal(one.weight, other.weight)

    def test_under_spectral_norm_the_effective_weight_has_norm_1_at_once(self):
        layer = spectral_norm_conv(6, 8, 3)
        layer.weight  # noqa: B018 - a power iteration on the old weight
        init_weights(layer, 0.02, seeded(0))
        layer.eval()
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, rel=0.02)
        assert layer.parametrizations.weight.original.std().item() == pytest.approx(0.02 * (2 / 126) ** 0.5, rel=0.1)

    @pytest.mark.parametrize("training", [True, False])
    def test_the_mode_of_the_layer_stays(self, training):
        layer = spectral_norm_conv(2, 2, 1).train(training)
        init_weights(layer)
        assert layer.training == training


class TestInitialWeights:
    """init_weights with spectral_layers=False leaves weights under spectral norm as they are, and zeroes biases."""

    def test_leaves_them(self):
        network = nn.Sequential(with_spectral_norm(nn.Conv2d(4, 6, 3, groups=2)), nn.Conv2d(6, 2, 1))
        before, plain = network[0].parametrizations.weight.original.clone(), network[1].weight.clone()
        init_weights(network, spectral_layers=False)
        assert torch.equal(network[0].parametrizations.weight.original, before)
        assert not torch.equal(network[1].weight, plain)
        assert not network[0].bias.any()
