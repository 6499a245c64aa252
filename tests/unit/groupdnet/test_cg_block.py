"""CG-Norm and CG-Block keep their contracts, and a grouped convolution is as many separate ones."""

import pytest
import torch
from torch import nn

from ipose.groupdnet.cg_block import CGBlock, CGNorm
from ipose.groupdnet.modulation import Modulation
from ipose.layers.residual import SPADEResBlock
from ipose.testing.cg_block_contract import CLASSES, MODULATIONS, CGBlockContract, CGNormContract


class TestCGNorm(CGNormContract):
    """CG-Norm: normalise, then scale and shift each group of channels as its own classes say.

    Claims of CGNormContract: a class modulates the channels of its own group alone; agrees with the loops in float64;
    is the norm alone where gamma and beta are 0.
    """

    implementation = CGNorm


class TestCGBlock(CGBlockContract):
    """CG-Block: the SPADE residual block in groups."""

    implementation = CGBlock

    def test_with_one_group_it_is_the_spade_residual_block(self):
        torch.manual_seed(0)
        block = CGBlock(8, 4, Modulation(CLASSES, hidden=5), 1).eval()
        plain = SPADEResBlock(8, 4, map_channels=CLASSES, spade_hidden=5).eval()
        plain.load_state_dict(block.state_dict())
        inputs = self.inputs(2)
        assert torch.equal(block(*inputs), plain(*inputs))

    @pytest.mark.parametrize("groups_before", [1, 4])
    def test_as_group_norm_it_sees_each_image_alone_in_training_too(self, groups_before):
        block = CGBlock(8, 4, MODULATIONS[0], 2, norm="group", groups_before=groups_before, spectral_norm=False)
        x, label = self.inputs(3)
        torch.testing.assert_close(block(x, label)[:1], block(x[:1], label[:1]))
        assert block.spade_0.norm.num_groups == block.spade_s.norm.num_groups == groups_before
        assert block.spade_1.norm.num_groups == 2

    def test_in_the_papers_form_gamma_0_gives_beta_alone(self):
        norm = CGNorm(4, Modulation(2, hidden=4), 2, form="paper")
        nn.init.zeros_(norm.gamma_beta.gamma.weight)
        nn.init.zeros_(norm.gamma_beta.gamma.bias)
        x, label = torch.rand(1, 4, 3, 3), torch.rand(1, 2, 3, 3)
        assert torch.equal(norm(x, label), norm.gamma_beta(label)[1])
        assert norm.norm.affine

    def test_relu_in_place_of_leaky_relu(self):
        assert CGBlock(4, 4, Modulation(2, hidden=4), 2, activation="relu").slope == 0
        assert CGBlock(4, 4, Modulation(2, hidden=4), 2).slope == 0.2


class Ungrouped(CGBlock):
    def __init__(self, fin, fout, modulation, groups):
        super().__init__(fin, fout, modulation, 1)


class SharedNorm(CGNorm):
    """Only the shared convolution is grouped."""

    def __init__(self, channels, modulation, groups):
        super().__init__(channels, Modulation(modulation.num_classes, modulation.rule, modulation.hidden), groups)
        hidden = self.gamma_beta.shared.out_channels
        self.gamma_beta.gamma = nn.Conv2d(hidden, channels, 3, padding=1)


@pytest.mark.parametrize(
    ("contract", "wrong", "claim"),
    [
        (CGBlockContract, Ungrouped, "test_a_group_of_the_input_reaches_its_group_of_the_output_alone"),
        (CGNormContract, SharedNorm, "test_a_class_modulates_the_channels_of_its_own_group_alone"),
    ],
)
def test_the_contract_refuses(contract, wrong, claim):
    case = type("Planted", (contract,), {"implementation": wrong})()
    with pytest.raises(AssertionError):
        getattr(case, claim)(device=torch.device("cpu"))


def test_a_grouped_convolution_equals_separate_ones():
    """MulNet equals GroupNet: the same weights, cut by class, give the same channels."""
    grouped, x = nn.Conv2d(12, 8, 3, padding=1, groups=4), torch.rand(2, 12, 5, 5)
    pieces = []
    for i in range(4):
        alone = nn.Conv2d(3, 2, 3, padding=1)
        alone.load_state_dict({"weight": grouped.weight[2 * i : 2 * i + 2], "bias": grouped.bias[2 * i : 2 * i + 2]})
        pieces.append(alone(x[:, 3 * i : 3 * i + 3]))
    torch.testing.assert_close(torch.cat(pieces, 1), grouped(x))


@pytest.mark.parametrize("scale", [0.1, 7.0])
def test_a_scale_of_the_weight_under_spectral_norm_does_not_matter(scale):
    torch.manual_seed(0)
    block = CGBlock(4, 4, Modulation(2, hidden=4), 2).eval()
    x, label = torch.rand(1, 4, 3, 3), torch.rand(1, 2, 3, 3)
    before = block(x, label)
    with torch.no_grad():
        block.conv_0.parametrizations.weight.original.mul_(scale)
    torch.testing.assert_close(block(x, label), before)
