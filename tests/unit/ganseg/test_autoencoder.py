"""GANSeg's generator as an auto-encoder: codes of photographs in place of noise, and no discriminator."""

from dataclasses import replace

import pytest
import torch

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.data.batch_sources import PhotoBatch
from ipose.ganseg.autoencoder import AutoencoderObjective, PhotoEncoder
from ipose.ganseg.blocks import start_weights
from ipose.training.phases import PhaseRunner
from ipose.training.processes import Processes

CONFIG = replace(TINY_GANSEG, training="auto-encoder", point_divisor=1.0)


def photographs(count=4):
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


def objective(**changes):
    torch.manual_seed(0)
    return AutoencoderObjective.from_config(replace(CONFIG, **changes))


class TestPhotoEncoder:
    """Photographs become noises of the generator's widths, spread as normal noise is."""

    def test_codes_have_mean_0_and_variance_1_over_the_batch(self):
        torch.manual_seed(0)
        encoder = PhotoEncoder(CONFIG)
        start_weights(encoder)
        noise = encoder(photographs(16))
        assert [tuple(tensor.shape) for tensor in noise] == [(16, 6), (16, 6), (16, 6), (16, 2)]
        for codes in noise[:3]:
            torch.testing.assert_close(codes.mean(0), torch.zeros(6), atol=1e-5, rtol=0)
            torch.testing.assert_close(codes.var(0, correction=0), torch.ones(6), atol=0.05, rtol=0)
        assert noise.background_position.abs().max() <= 1


def test_both_networks_begin_with_biases_of_0():
    parameters = torch.nn.ModuleDict(objective().networks).named_parameters()
    assert {name.split(".")[0] for name, p in parameters if name.endswith("bias") and p.any()} == set()


class TestObjective:
    """One phase: reconstruction at every step, the part losses at every second one."""

    def test_reconstruction_is_the_weighted_mean_absolute_error_over_all_pixels(self):
        one, real = objective(), photographs()
        found = one.losses(real)["reconstruction"]
        with torch.no_grad():
            expected = 10 * (one.generator(*one.encoder(real)).image - real).abs().sum() / real.numel()
        torch.testing.assert_close(found, expected)

    def test_both_networks_learn_at_the_generators_rate_and_move_together(self):
        made = objective(lr_generator=1e-3, lr_discriminator=2e-3, beta1=0.4, beta2=0.8)
        ((name, optimizer),) = made.optimizers.items()
        group = optimizer.param_groups[0]
        assert (name, group["lr"], group["betas"]) == ("both", 1e-3, (0.4, 0.8))
        owned = {id(p) for network in made.networks.values() for p in network.parameters()}
        assert {id(p) for p in group["params"]} == owned
        moved = made.to("meta")
        assert moved.parts.grid.is_meta
        assert all(p.is_meta for network in moved.networks.values() for p in network.parameters())

    def test_terms_of_each_step_and_both_networks_learn(self):
        one, before = objective(), objective()
        runner, batch = PhaseRunner(one, Processes("cpu")), PhotoBatch(photographs(), tuple("abcd"))
        terms = [set(runner.step(phase)) for _ in range(3) for phase in one.phases(batch, torch.Generator())]
        assert terms == [{"reconstruction", "concentration", "area"}, {"reconstruction"}, terms[0]]
        for name, network in one.networks.items():
            old = dict(before.networks[name].named_parameters())
            moved = [not torch.equal(parameter, old[key]) for key, parameter in network.named_parameters()]
            assert sum(moved) > 0.9 * len(moved), name  # biases in front of a norm may stay

    @pytest.mark.overfit
    def test_it_learns_four_photographs(self):
        one = objective(lr_generator=2e-3, updates=60)
        runner, batch = PhaseRunner(one, Processes("cpu")), PhotoBatch(photographs(), tuple("abcd"))
        found = [
            runner.step(phase)["reconstruction"] for _ in range(60) for phase in one.phases(batch, torch.Generator())
        ]
        assert found[-1] < 0.9 * found[0]
