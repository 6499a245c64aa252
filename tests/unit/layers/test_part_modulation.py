"""Part modulation keeps its contract, and the contract tells wrong versions from right ones."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F

from helpers.defaults import defaults_of
from ipose.layers.part_modulation import PartModulation
from ipose.layers.spade import GammaBeta, nearest
from ipose.testing.part_modulation_contract import PartModulationContract


class TestPartModulation(PartModulationContract):
    """Parts modulate where parts are known, noise elsewhere, with one gamma and one beta a pixel.

    Claims of PartModulationContract: agrees with the loops in float64; where the mask is 1 the noise does not enter;
    where the mask is 0 the part features do not enter; gamma and beta have one channel shared by all features; gamma
    and beta differ from pixel to pixel; parts and noise have weights of their own; in training scale and offset of a
    channel do not matter; in eval mode each image is its own; gradient reaches features parts noise and every weight.
    """

    implementation = PartModulation

    @pytest.mark.parametrize("slope", [0.0, 0.2])
    @pytest.mark.parametrize("gradients", [True, False])
    def test_a_slope_is_that_of_a_leaky_relu_that_follows(self, slope, gradients):
        torch.manual_seed(0)
        module = PartModulation(4, 3, 2, 5).eval()
        x, part, noise = (torch.randn(2, channels, 3, 5) for channels in (4, 3, 2))
        mask = torch.randint(0, 2, (2, 1, 3, 5)).float()
        with torch.set_grad_enabled(gradients):
            plain, followed = (module(x, part, mask, noise, each) for each in (None, slope))
            assert torch.equal(followed, F.leaky_relu(plain, slope))

    def test_in_eval_mode_numbers_are_the_same_with_gradients_and_without(self):
        """Without gradients, norm, scale and shift are one pass."""
        torch.manual_seed(0)
        module = PartModulation(4, 3, 2, 5)
        x, part, noise = (3 * torch.randn(2, channels, 3, 5) for channels in (4, 3, 2))
        inputs = x, part, torch.randint(0, 2, (2, 1, 3, 5)).float(), noise
        module(*inputs)  # running statistics of its own
        expected = module.eval()(*inputs)
        with torch.no_grad():
            torch.testing.assert_close(module(*inputs), expected, atol=1e-5, rtol=0)


class InvertedMask(PartModulation):
    def forward(self, x, part, mask, noise):
        return super().forward(x, part, 1 - mask, noise)


class ChannelwiseGamma(PartModulation):
    def __init__(self, channels, part_channels, noise_channels, hidden):
        super().__init__(channels, part_channels, noise_channels, hidden)
        self.part_gamma_beta = GammaBeta(part_channels, channels, hidden)
        self.noise_gamma_beta = GammaBeta(noise_channels, channels, hidden)


class NoiseEverywhere(PartModulation):
    def forward(self, x, part, mask, noise):
        return super().forward(x, part, mask, noise) + self.noise_gamma_beta(noise)[1]


class SharedBranches(PartModulation):
    def __init__(self, channels, part_channels, noise_channels, hidden):
        super().__init__(channels, part_channels, noise_channels, hidden)
        self.noise_gamma_beta.gamma = self.part_gamma_beta.gamma


class MaskedTooEarly(PartModulation):
    def forward(self, x, part, mask, noise):
        return super().forward(x, part * nearest(mask, part.shape[-2:]), mask, noise)


class Unmasked(PartModulation):
    def forward(self, x, part, mask, noise):
        return super().forward(x, part, torch.ones_like(mask), noise)


@pytest.mark.parametrize(
    ("wrong", "claim"),
    [
        (InvertedMask, "test_where_the_mask_is_1_the_noise_does_not_enter"),
        (ChannelwiseGamma, "test_gamma_and_beta_have_one_channel_shared_by_all_features"),
        (NoiseEverywhere, "test_where_the_mask_is_1_the_noise_does_not_enter"),
        (SharedBranches, "test_parts_and_noise_have_weights_of_their_own"),
        (MaskedTooEarly, "test_agrees_with_the_loops_in_float64"),
        (Unmasked, "test_where_the_mask_is_0_the_part_features_do_not_enter"),
    ],
)
def test_the_contract_refuses(wrong, claim):
    case = type("Planted", (PartModulationContract,), {"implementation": wrong})()
    test, example = getattr(case, claim), {"device": torch.device("cpu")}
    if hasattr(test, "hypothesis"):  # one example will do, and need not be shrunk
        test, example = partial(test.hypothesis.inner_test, case), {**example, "seed": 0}
    with pytest.raises(AssertionError):
        test(**example)


def test_all_widths_are_32_unless_told_otherwise():
    assert defaults_of(PartModulation) == {"part_channels": 32, "noise_channels": 32, "hidden": 32}
