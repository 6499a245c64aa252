"""Averaged weights and the batch-norm statistics that fit them."""

import pytest
import torch
from hypothesis import strategies as st
from torch import nn

from helpers.defaults import defaults_of
from ipose.errors import ConfigError
from ipose.testing.claims import law
from ipose.testing.tiny_system import TinySystem, everything
from ipose.training.averaging import Averages, ema_decay, evaluation_copy, reestimate_batch_norm, without_estimates


class TestEmaDecay:
    """ema_decay warms up to the preset."""

    @law(preset=st.floats(0, 0.9999), n=st.integers(1, 10**6))
    def test_is_the_smaller_of_preset_and_warm_up(self, preset, n):
        assert ema_decay(preset, n) == pytest.approx(min(preset, 1 - 9 / (10 + n)))


class TestAverages:
    """Averages follows the weights."""

    @law(preset=st.sampled_from([0.0001, 0.3, 0.999]), values=st.lists(st.floats(-2, 2), min_size=1, max_size=12))
    def test_equals_the_closed_form(self, preset, values):
        network = nn.Linear(1, 1)
        averages = Averages({"g": network}, ("g",), preset)
        for value in values:
            nn.init.constant_(network.weight, value)
            averages.update({"g": network})
        expected = values[0]
        for n, value in enumerate(values[1:], start=1):
            decay = min(preset, (1 + n) / (10 + n))
            expected = decay * expected + (1 - decay) * value
        assert averages.modules()["g"].weight.item() == pytest.approx(expected, abs=1e-5)

    def test_buffers_are_those_of_the_network_itself(self):
        network = nn.BatchNorm1d(2)
        averages = Averages({"g": network}, ("g",), 0.9)
        network(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)))
        averages.update({"g": network})
        assert torch.equal(averages.modules()["g"].running_mean, network.running_mean)

    def test_changes_nothing_in_the_network(self):
        system = TinySystem()
        before = everything(system)
        averages = Averages(system.networks, ("generator",), 0.9)
        averages.update(system.networks)
        nn.init.zeros_(averages.modules()["generator"][0].weight)
        assert all(torch.equal(before[key], value) for key, value in everything(system).items())
        assert all(p.requires_grad for p in system.generator.parameters())

    def test_averaged_weights_want_no_gradient(self):
        averages = Averages({"g": nn.Linear(1, 1)}, ("g",), 0.9)
        assert not any(parameter.requires_grad for parameter in averages.modules()["g"].parameters())

    def test_decay_zero_averages_nothing(self):
        assert Averages({"g": nn.Linear(1, 1)}, ("g",), 0.0).modules() == {}

    def test_an_unknown_name_is_refused(self):
        with pytest.raises(ConfigError, match=r"averaged.*found x, expected g"):
            Averages({"g": nn.Linear(1, 1)}, ("x",), 0.9)


class TestReestimateBatchNorm:
    """reestimate_batch_norm measures the statistics that the present weights give."""

    def test_gives_the_mean_over_the_passes(self):
        norm = nn.BatchNorm1d(2)
        batches = iter(torch.randn(3, 16, 2, generator=torch.Generator().manual_seed(0)) * 3 + 1)
        seen = []

        def forward():
            seen.append(next(batches))
            norm(seen[-1])

        reestimate_batch_norm(norm, forward, passes=3)
        assert torch.allclose(norm.running_mean, torch.stack([x.mean(0) for x in seen]).mean(0), atol=1e-6)
        assert torch.allclose(norm.running_var, torch.stack([x.var(0) for x in seen]).mean(0), atol=1e-6)

    def test_forgets_what_the_statistics_were_before(self):
        norm = nn.BatchNorm1d(1)
        nn.init.constant_(norm.running_mean, 1e6)
        norm.num_batches_tracked.fill_(100)
        reestimate_batch_norm(norm, lambda: norm(torch.tensor([[0.0], [2.0]])), passes=2)
        assert norm.running_mean.item() == pytest.approx(1)

    def test_an_evaluation_copy_is_frozen_in_eval_mode_and_another_network(self):
        network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).train()
        copy = evaluation_copy(network)
        assert not any(module.training for module in copy.modules())
        assert not any(p.requires_grad for p in copy.parameters())
        assert network.training
        assert all(p.requires_grad for p in network.parameters())
        nn.init.zeros_(copy[0].weight)
        assert network[0].weight.any()

    def test_nothing_is_run_for_a_model_that_nobody_will_use(self):
        norm, asked = nn.BatchNorm1d(2).train(), []
        with without_estimates():
            reestimate_batch_norm(norm, lambda: asked.append(1))
        assert not asked
        assert not norm.training
        reestimate_batch_norm(norm, lambda: asked.append(1), passes=2)
        assert len(asked) == 2

    def test_a_network_without_batch_norm_is_not_run_and_ends_in_eval_mode(self):
        network, asked = nn.Sequential(nn.Linear(2, 2), nn.Dropout()).train(), []
        reestimate_batch_norm(network, lambda: asked.append(1))
        assert not asked
        assert not any(module.training for module in network.modules())

    def test_ends_in_eval_mode_with_the_old_momentum(self):
        network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, momentum=0.3))
        reestimate_batch_norm(network, lambda: network(torch.eye(2)), passes=1)
        assert network[1].momentum == 0.3
        assert not any(module.training for module in network.modules())

    def test_leaves_training_state_and_random_state_untouched(self):
        system = TinySystem()
        before, random = everything(system), torch.get_rng_state()
        copy = evaluation_copy(system.generator)
        reestimate_batch_norm(copy, lambda: copy(torch.randn(8, 4)), passes=5)
        assert all(torch.equal(before[key], value) for key, value in everything(system).items())
        assert torch.equal(torch.get_rng_state(), random)
        assert system.generator.training
        assert not torch.equal(copy[1].running_mean, system.generator[1].running_mean)

    def test_records_no_gradient(self):
        network = nn.BatchNorm1d(2)
        seen = []
        reestimate_batch_norm(network, lambda: seen.append(network(torch.eye(2)).requires_grad), passes=1)
        assert seen == [False]

    def test_no_pass_is_refused(self):
        with pytest.raises(ConfigError, match="passes"):
            reestimate_batch_norm(nn.BatchNorm1d(1), lambda: None, passes=0)


def test_batch_norms_are_estimated_over_fifty_passes_unless_told_otherwise():
    assert defaults_of(reestimate_batch_norm) == {"passes": 50}
