"""How weights begin: as the release effectively runs, or as the paper prints."""

import math

import torch

from ipose.groupdnet.decoder import Decoder

from .conftest import small


def decoder(init):
    torch.manual_seed(0)
    return Decoder(small(init=init, decoder_channels=(32, 32, 32, 32, 32, 32), decoder_groups=(4, 4, 2, 2, 1)))


def original(conv):
    return conv.parametrizations.weight.original


class TestInit:
    """Biases are 0 either way; weights under spectral norm tell the two apart."""

    def test_effective_keeps_torchs_start_under_spectral_norm(self):
        conv = decoder("effective").blocks[0].conv_0
        bound = 1 / math.sqrt(conv.in_channels // conv.groups * 9)
        assert 0.95 * bound < original(conv).abs().max() <= bound

    def test_effective_draws_the_others_with_a_gain_of_2_percent(self):
        weight = decoder("effective").blocks[4].spade_0.gamma_beta.gamma.weight
        fan_in, fan_out = weight.shape[1] * 9, weight.shape[0] * 9
        assert math.isclose(weight.std().item(), 0.02 * math.sqrt(2 / (fan_in + fan_out)), rel_tol=0.1)

    def test_glorot_draws_all_with_gain_1(self):
        network = decoder("glorot")
        for weight in (original(network.blocks[4].conv_0), network.blocks[4].spade_0.gamma_beta.gamma.weight):
            std = math.sqrt(2 / ((weight.shape[0] + weight.shape[1]) * 9))
            assert math.isclose(weight.std().item(), std, rel_tol=0.1)

    def test_biases_are_0(self):
        for init in ("effective", "glorot"):
            assert not any(p.any() for name, p in decoder(init).named_parameters() if name.endswith("bias"))
