"""Convolutions whose largest singular value is 1, by the power iteration of torch's hook."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.nn.utils import spectral_norm as hooked
from torch.overrides import TorchFunctionMode

from ipose.layers.spectral_norm import (
    normalise_all,
    spectral_norm_conv,
    with_spectral_norm,
)


@pytest.fixture
def conv() -> nn.Conv2d:
    torch.manual_seed(0)
    return spectral_norm_conv(3, 5, 3)


class TestSpectralNormConv:
    """W / sigma(W), W as (out, rest): power iterations in training, none in eval."""

    def test_the_largest_singular_value_comes_to_1(self, conv: nn.Conv2d) -> None:
        with torch.no_grad():
            for _ in range(50):
                conv(torch.zeros(1, 3, 4, 4))
        assert torch.linalg.matrix_norm(conv.eval().weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-4)

    def test_does_not_depend_on_the_scale_of_the_weight(self, conv: nn.Conv2d) -> None:
        before = conv.eval().weight.detach().clone()
        with torch.no_grad():
            conv.parametrizations.weight.original.mul_(7)
        torch.testing.assert_close(conv.weight, before)

    @pytest.mark.parametrize("training", [True, False])
    def test_power_iterations_happen_in_training_alone(self, conv: nn.Conv2d, training: bool) -> None:
        u = conv.parametrizations.weight[0]._u
        u.copy_(torch.nn.functional.normalize(torch.arange(1.0, 6.0), dim=0))
        before = u.clone()
        conv.train(training)(torch.zeros(1, 3, 4, 4))
        assert torch.equal(u, before) is not training

    def test_eval_divides_by_the_stored_u_w_v(self, conv: nn.Conv2d) -> None:
        norm, original = conv.eval().parametrizations.weight[0], conv.parametrizations.weight.original
        norm._u.copy_(torch.tensor([1.0, 0, 0, 0, 0]))
        sigma = original[0].flatten() @ norm._v
        torch.testing.assert_close(conv.weight, original / sigma)

    def test_vectors_of_length_0_are_guarded_by_eps(self) -> None:
        assert spectral_norm_conv(2, 2, 1).parametrizations.weight[0].eps == 1e-12
        assert spectral_norm_conv(2, 2, 1, eps=1e-4).parametrizations.weight[0].eps == 1e-4

    def test_keeps_the_size_unless_told_otherwise(self) -> None:
        x = torch.zeros(1, 2, 6, 6)
        assert spectral_norm_conv(2, 4, 3)(x).shape == (1, 4, 6, 6)
        assert spectral_norm_conv(2, 4, 1, bias=False)(x).shape == (1, 4, 6, 6)
        assert spectral_norm_conv(2, 4, 4, stride=2, padding=1)(x).shape == (1, 4, 3, 3)
        assert spectral_norm_conv(2, 4, 3, padding=0)(x).shape == (1, 4, 4, 4)

    def test_bias_is_left_as_it_is(self) -> None:
        conv = with_spectral_norm(nn.Conv2d(2, 2, 1))
        assert torch.equal(conv(torch.zeros(1, 2, 1, 1)).flatten(), conv.bias)
        assert spectral_norm_conv(2, 2, 1, bias=False).bias is None


class TestLikeTheReleases:
    """From the same u and v, training goes on as with torch's hook, with which the authors of iPOSE trained."""

    @pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d, nn.Linear])
    @pytest.mark.parametrize("training", [True, False])
    def test_outputs_gradients_and_vectors_are_those_of_torchs_hook(self, kind, training):
        torch.manual_seed(0)
        ours = kind(5, 7) if kind is nn.Linear else kind(5, 7, 3)
        theirs = hooked(copy.deepcopy(ours))
        normalise_all(ours)
        norm = ours.parametrizations.weight[0]
        for name in ("u", "v"):
            getattr(norm, f"_{name}").copy_(theirs.get_buffer(f"weight_{name}"))
        x = torch.rand((2, 5) if kind is nn.Linear else (2, 5, 6, 6))
        for layer in (ours, theirs):
            for _ in range(3):
                layer.train(training)(x).sum().backward()
        torch.testing.assert_close(ours(x), theirs(x))
        torch.testing.assert_close(ours.parametrizations.weight.original.grad, theirs.weight_orig.grad)
        torch.testing.assert_close((norm._u, norm._v), (theirs.weight_u, theirs.weight_v))


class Products(TorchFunctionMode):
    """Notes for each matrix product whether autocast was on. Autocast lowers these on CUDA (mv) or everywhere (@)."""

    def __init__(self):
        super().__init__()
        self.autocast = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in (torch.mv, torch.dot, torch.vdot, torch.matmul, Tensor.__matmul__, Tensor.matmul):
            self.autocast.append(torch.is_autocast_enabled("cpu"))
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("wrap", [with_spectral_norm, normalise_all])
@pytest.mark.parametrize("training", [True, False])
def test_under_bf16_autocast_the_iteration_is_float32(wrap, training):
    """Given bf16 autocast, weight, u and v are those of a float32 pass, and no product is left to autocast."""

    def made(autocast):
        torch.manual_seed(0)
        conv = nn.Conv2d(6, 8, 3)
        wrap(conv)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast), Products() as products:
            weight = conv.train(training).weight
        return weight, conv.parametrizations.weight[0], products

    (weight, norm, _), (lowered, other, products) = made(False), made(True)
    assert lowered.dtype == torch.float32
    assert torch.equal(weight, lowered)
    assert torch.equal(norm._u, other._u)
    assert torch.equal(norm._v, other._v)
    assert products.autocast
    assert not any(products.autocast)


def assert_gradient_of_the_quotient(layer: nn.Conv2d) -> None:
    """d(W / (u . W v)) with u and v constant, by a random sum of the weight's numbers."""
    original, norm = layer.eval().parametrizations.weight.original, layer.parametrizations.weight[0]
    w = original.detach().clone().requires_grad_()
    weight = w / (norm._u @ w.flatten(1) @ norm._v)
    direction = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
    (found,) = torch.autograd.grad((layer.weight * direction).sum(), original)
    (expected,) = torch.autograd.grad((weight * direction).sum(), w)
    torch.testing.assert_close(layer.weight, weight)
    torch.testing.assert_close(found, expected)


def grouped_conv(seed=0):
    torch.manual_seed(seed)
    return with_spectral_norm(nn.Conv2d(4, 6, 3, groups=2))


def parts(layer):
    norm = layer.parametrizations.weight[0]
    return layer.parametrizations.weight.original.flatten(1), norm._u.clone(), norm._v.clone()


class TestSpectralNorm:
    """weight / (u . W v): v <- W^T u, then u <- W v, once a forward pass in training, never in eval mode."""

    def test_one_iteration_takes_v_from_the_old_u(self):
        layer = grouped_conv()
        with torch.no_grad():
            layer.parametrizations.weight.original.normal_()
        w, u, _ = parts(layer)
        layer.train()(torch.rand(1, 4, 5, 5))
        v = F.normalize(w.T @ u, dim=0)
        torch.testing.assert_close(parts(layer)[2], v)
        torch.testing.assert_close(parts(layer)[1], F.normalize(w @ v, dim=0))

    def test_eval_mode_makes_none(self):
        layer = grouped_conv().eval()
        before = parts(layer)
        layer(torch.rand(1, 4, 5, 5))
        assert all(torch.equal(a, b) for a, b in zip(before, parts(layer), strict=True))

    def test_comes_to_the_largest_singular_value(self):
        layer, x = grouped_conv().train(), torch.rand(1, 4, 5, 5)
        for _ in range(100):
            layer(x)
        w, u, v = parts(layer)
        torch.testing.assert_close(torch.dot(u, w @ v), torch.linalg.matrix_norm(w, 2), rtol=1e-3, atol=1e-4)

    def test_scale_of_the_weight_does_not_matter(self):
        layer, x = grouped_conv().eval(), torch.rand(1, 4, 5, 5)
        layer.bias.data.zero_()
        before = layer(x)
        with torch.no_grad():
            layer.parametrizations.weight.original.mul_(7)
        torch.testing.assert_close(layer(x), before)

    def test_its_names_are_those_of_torch(self):
        assert set(grouped_conv().state_dict()) == set(parametrizations.spectral_norm(nn.Conv2d(4, 6, 3)).state_dict())

    def test_two_forward_passes_and_one_backward_work(self):
        layer, x = grouped_conv().train(), torch.rand(1, 4, 5, 5)
        (layer(x) + layer(x)).sum().backward()
        assert layer.parametrizations.weight.original.grad.any()

    def test_gradients_flow_through_sigma_too(self):
        assert_gradient_of_the_quotient(grouped_conv())

    def test_begins_near_the_largest_singular_value(self):
        """Fifteen iterations are made at once, as torch makes them."""
        for seed in range(4):
            w, u, v = parts(grouped_conv(seed))
            assert torch.dot(u, w @ v).item() == pytest.approx(torch.linalg.matrix_norm(w, 2).item(), rel=0.02)

    def test_can_be_made_without_numbers(self):
        with torch.device("meta"):
            layer = with_spectral_norm(nn.Conv2d(4, 6, 3))
        assert layer.parametrizations.weight.original.is_meta


class TestNormaliseAll:
    """normalise_all wraps what has no spectral norm yet, once."""

    def test_every_convolution_and_linear_layer_has_it_once(self):
        network = nn.Sequential(grouped_conv(), nn.ConvTranspose2d(6, 2, 1), nn.Conv2d(2, 2, 1), nn.Linear(2, 2))
        normalise_all(network)
        assert sum(name.endswith("_u") for name in network.state_dict()) == 4


def test_under_autocast_the_largest_singular_value_stays_float32():
    layer, x = grouped_conv().train(), torch.rand(1, 4, 5, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        layer(x)
    weight = layer.train(False).weight
    assert weight.dtype == torch.float32
    torch.testing.assert_close(torch.linalg.matrix_norm(weight.flatten(1), 2).item(), 1.0, atol=0.05, rtol=0)
