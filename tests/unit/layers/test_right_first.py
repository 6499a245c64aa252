"""Spectral norm in the order of torch's old hook: v before u."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations

from ipose.layers.init import init_weights
from ipose.layers.spectral_norm import normalise_all, right_first_spectral_norm


def conv(seed=0):
    torch.manual_seed(seed)
    return right_first_spectral_norm(nn.Conv2d(4, 6, 3, groups=2))


def parts(layer):
    norm = layer.parametrizations.weight[0]
    return layer.parametrizations.weight.original.flatten(1), norm._u.clone(), norm._v.clone()


class TestRightFirst:
    """weight / (u . W v): v <- W^T u, then u <- W v, once a forward pass in training, never in eval mode."""

    def test_one_iteration_takes_v_from_the_old_u(self):
        layer = conv()
        with torch.no_grad():
            layer.parametrizations.weight.original.normal_()
        w, u, _ = parts(layer)
        layer.train()(torch.rand(1, 4, 5, 5))
        v = F.normalize(w.T @ u, dim=0)
        torch.testing.assert_close(parts(layer)[2], v)
        torch.testing.assert_close(parts(layer)[1], F.normalize(w @ v, dim=0))

    def test_eval_mode_makes_none(self):
        layer = conv().eval()
        before = parts(layer)
        layer(torch.rand(1, 4, 5, 5))
        assert all(torch.equal(a, b) for a, b in zip(before, parts(layer), strict=True))

    def test_comes_to_the_largest_singular_value(self):
        layer, x = conv().train(), torch.rand(1, 4, 5, 5)
        for _ in range(100):
            layer(x)
        w, u, v = parts(layer)
        torch.testing.assert_close(torch.dot(u, w @ v), torch.linalg.matrix_norm(w, 2), rtol=1e-3, atol=1e-4)

    def test_scale_of_the_weight_does_not_matter(self):
        layer, x = conv().eval(), torch.rand(1, 4, 5, 5)
        layer.bias.data.zero_()
        before = layer(x)
        with torch.no_grad():
            layer.parametrizations.weight.original.mul_(7)
        torch.testing.assert_close(layer(x), before)

    def test_its_names_are_those_of_torch(self):
        assert set(conv().state_dict()) == set(parametrizations.spectral_norm(nn.Conv2d(4, 6, 3)).state_dict())

    def test_two_forward_passes_and_one_backward_work(self):
        layer, x = conv().train(), torch.rand(1, 4, 5, 5)
        (layer(x) + layer(x)).sum().backward()
        assert layer.parametrizations.weight.original.grad.any()

    def test_can_be_made_without_numbers(self):
        with torch.device("meta"):
            layer = right_first_spectral_norm(nn.Conv2d(4, 6, 3))
        assert layer.parametrizations.weight.original.is_meta


class TestNormaliseAll:
    """normalise_all wraps what has no spectral norm yet, once."""

    def test_every_convolution_and_linear_layer_has_it_once(self):
        network = nn.Sequential(conv(), nn.Conv2d(6, 2, 1), nn.Flatten(), nn.Linear(2, 2))
        normalise_all(network)
        assert sum(name.endswith("_u") for name in network.state_dict()) == 3


class TestInitialWeights:
    """init_weights with spectral_layers=False leaves weights under spectral norm as they are, and zeroes biases."""

    def test_leaves_them(self):
        network = nn.Sequential(conv(), nn.Conv2d(6, 2, 1))
        before, plain = network[0].parametrizations.weight.original.clone(), network[1].weight.clone()
        init_weights(network, spectral_layers=False)
        assert torch.equal(network[0].parametrizations.weight.original, before)
        assert not torch.equal(network[1].weight, plain)
        assert not network[0].bias.any()
