"""A remembered weight is never a stale one."""

import copy

import pytest
import torch
from torch import nn

from ipose.layers.init import init_weights
from ipose.layers.remembered_weight import Conv2d, remembered_weight
from ipose.layers.spectral_norm import with_spectral_norm


def original(layer):
    return layer.get_parameter("parametrizations.weight.original")


def adam_step(layer):
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    layer.train()
    with torch.enable_grad():
        layer(torch.randn(1, 3, 4, 4)).sum().backward()
    optimizer.step()
    layer.eval()


def load(layer):
    state = {name: tensor + 0.5 for name, tensor in layer.state_dict().items()}
    layer.load_state_dict(state)


def load_by_assignment(layer):
    state = {name: tensor + 0.5 for name, tensor in layer.state_dict().items()}
    layer.load_state_dict(state, assign=True)


def average(layer):
    mean = torch.optim.swa_utils.AveragedModel(layer, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.5))
    mean.update_parameters(layer)
    other = make(seed=1)
    mean.update_parameters(other)
    layer.load_state_dict(mean.module.state_dict())


def make(wrap=with_spectral_norm, seed=0):
    torch.manual_seed(seed)
    return wrap(Conv2d(3, 4, 3, padding=1)).eval()


def to_bfloat16_and_back(layer):
    layer.to(torch.bfloat16)
    layer.to(torch.float32)


CHANGES = {
    "an optimizer's step": adam_step,
    "load_state_dict": load,
    "load_state_dict, assigned": load_by_assignment,
    "an average": average,
    "double": lambda layer: layer.double(),
    "bfloat16 and back": to_bfloat16_and_back,
    "in place": lambda layer: original(layer).mul_(torch.linspace(1, 2, 3)[None, :, None, None]),
    "new initial weights": init_weights,
    "a forward pass in training mode": lambda layer: layer.train()(torch.randn(1, 3, 4, 4)) is layer.eval(),
    "another u": lambda layer: layer.get_buffer("parametrizations.weight.0._u").mul_(0.5),
}


class TestRememberedWeight:
    """remembered_weight: the layer's weight, computed once until something that it is made of changes."""

    @pytest.mark.parametrize("change", CHANGES)
    @torch.no_grad()
    def test_is_the_weight_after_every_change(self, change):
        layer = make()
        before = remembered_weight(layer).clone()
        CHANGES[change](layer)
        after = remembered_weight(layer)
        assert torch.equal(after, layer.weight)
        assert after.dtype != before.dtype or not torch.equal(after, before)
        x = torch.randn(1, 3, 5, 6, dtype=after.dtype)
        torch.testing.assert_close(layer(x), torch.nn.functional.conv2d(x, layer.weight, layer.bias, padding=1))

    @torch.no_grad()
    def test_is_computed_once(self):
        layer = make()
        assert remembered_weight(layer) is remembered_weight(layer)

    def test_gradients_pass_where_they_are_on(self):
        layer = make()
        with torch.no_grad():
            layer(torch.randn(1, 3, 4, 4))
        layer(torch.randn(1, 3, 4, 4)).sum().backward()
        assert original(layer).grad is not None

    @torch.no_grad()
    def test_in_training_mode_each_pass_does_its_power_iteration(self):
        layer = make().train()
        u = layer.get_buffer("parametrizations.weight.0._u").clone()
        layer(torch.randn(1, 3, 4, 4))
        assert not torch.equal(u, layer.get_buffer("parametrizations.weight.0._u"))

    @torch.no_grad()
    def test_under_autocast_it_has_the_lower_precision_and_afterwards_not(self):
        layer = make()
        with torch.autocast("cpu", torch.bfloat16):
            assert remembered_weight(layer).dtype == torch.bfloat16
        assert torch.equal(remembered_weight(layer), layer.weight)

    @torch.no_grad()
    def test_a_copy_remembers_nothing_and_the_state_dict_has_torchs_names(self):
        layer = make()
        layer(torch.randn(1, 3, 4, 4))
        other = copy.deepcopy(layer)
        original(other).mul_(torch.linspace(1, 2, 3)[None, :, None, None])
        assert torch.equal(remembered_weight(other), other.weight)
        assert set(layer.state_dict()) == set(with_spectral_norm(nn.Conv2d(3, 4, 3)).state_dict())

    @torch.no_grad()
    def test_a_layer_without_parametrisation_has_its_own_weight(self):
        layer = Conv2d(3, 4, 3).eval()
        assert remembered_weight(layer) is layer.weight
