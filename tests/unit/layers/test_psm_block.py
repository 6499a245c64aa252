"""The PSM block keeps its contract, and the contract tells wrong versions from right ones."""

import pytest
import torch
from torch import nn

from helpers.defaults import defaults_of
from ipose.layers.injection_blocks import PlainBlock
from ipose.layers.psm_block import BlockFactory, PSMBlock
from ipose.reference.generator import part_step, spade_block
from ipose.reference.operations import Layers, nearest
from ipose.testing.literal import assert_same_function, randomise
from ipose.testing.psm_block_contract import PSMBlockContract


class TestPSMBlock(PSMBlockContract):
    """The part step, then the SPADE residual block on what the part step made.

    Claims of PSMBlockContract: keeps the size and gives the width asked for; where no part is known the part features
    do not enter; where parts are known everywhere the noise does not enter; parts noise and semantic map do enter;
    those of NetworkContract.
    """

    implementation = PSMBlock


class TestPSMBlockOfOneWidth(PSMBlockContract):
    """With an identity shortcut."""

    implementation = PSMBlock
    widths = (4, 4)

    def test_has_a_shortcut_convolution_only_where_the_width_changes(self):
        assert self.block(4, 4).residual.conv_s is None
        assert self.block(4, 3).residual.conv_s is not None

    def test_every_path_passes_the_part_step(self):
        """Given a part step that gives 0, the shortcut carries 0 too: x itself does not slip by."""
        block, inputs = self.block(4, 4).eval(), self.inputs(1)
        block.conv_p = nn.Conv2d(4, 4, 1)
        nn.init.zeros_(block.conv_p.weight)
        nn.init.zeros_(block.conv_p.bias)
        other = [torch.randn_like(inputs[0]), *inputs[1:]]
        assert torch.equal(block(*inputs), block(*other))


def spelled_out(state, x, semantic_map, part, mask, noise, *, training):
    net, maps = Layers(state, training), [nearest(tensor, x.shape[-2:]) for tensor in (semantic_map, part, mask, noise)]
    return spade_block(net.below("residual"), part_step(net, x, *maps[1:]), maps[0])


@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@pytest.mark.parametrize(("widths", "scale"), [((6, 4), 1), ((4, 4), 2), ((3, 5), 3)])
def test_it_is_the_part_step_and_then_the_spade_block(widths, scale, training):
    """Outputs and all gradients, with weights, biases and running statistics that are all random."""
    block = randomise(PSMBlock(*widths, map_channels=4, part_channels=3, noise_channels=2, spade_hidden=5), 0)
    generator = torch.Generator().manual_seed(1)
    shapes = (widths[0], 1), (4, scale), (3, scale), (1, scale), (2, scale)
    inputs = [torch.randn(2, n, 2 * s, 3 * s, generator=generator, dtype=torch.float64) for n, s in shapes]
    inputs[3] = (inputs[3] > 0).double()
    assert_same_function(
        block.train(training), lambda state, *x: spelled_out(state, *x, training=training), inputs, seed=2
    )


def test_the_hidden_layers_have_the_widths_asked_for():
    block = PSMBlock(6, 4, map_channels=4, part_channels=3, noise_channels=2, spade_hidden=5, part_hidden=7)
    assert block.part_modulation.part_gamma_beta.shared.out_channels == 7
    assert block.part_modulation.noise_gamma_beta.shared.out_channels == 7
    assert block.residual.spade_0.gamma_beta.shared.out_channels == 5
    assert block.conv_p.kernel_size == block.residual.conv_0.kernel_size == (3, 3)


def test_it_is_a_block_factory():
    assert isinstance(PSMBlock, BlockFactory)


class InvertedMask(PSMBlock):
    def forward(self, x, semantic_map, part, mask, noise):
        return super().forward(x, semantic_map, part, 1 - mask, noise)


class DeafToNoise(PSMBlock):
    def forward(self, x, semantic_map, part, mask, noise):
        return super().forward(x, semantic_map, part, mask, torch.zeros_like(noise))


class OneLayerTwice(PSMBlock):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.residual.spade_s = self.residual.spade_0


class DeadWeight(PSMBlock):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.forgotten = nn.Conv2d(1, 1, 1)


class BatchStatistics(PSMBlock):
    def forward(self, x, semantic_map, part, mask, noise):
        return super().forward(x - x.mean(0), semantic_map, part, mask, noise)


class UnsavedState(PSMBlock):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_buffer("shift", torch.rand(1), persistent=False)

    def forward(self, x, semantic_map, part, mask, noise):
        return super().forward(x, semantic_map, part, mask, noise) + self.shift


@pytest.mark.parametrize(
    ("wrong", "claim"),
    [
        (InvertedMask, "test_where_no_part_is_known_the_part_features_do_not_enter"),
        (DeafToNoise, "test_parts_noise_and_semantic_map_do_enter"),
        (OneLayerTwice, "test_no_two_layers_share_weights_by_accident"),
        (DeadWeight, "test_every_parameter_receives_gradient"),
        (BatchStatistics, "test_in_eval_mode_a_batch_equals_its_items_one_by_one"),
        (UnsavedState, "test_save_then_load_changes_no_output"),
        (PlainBlock, "test_parts_noise_and_semantic_map_do_enter"),
    ],
)
def test_the_contract_refuses(wrong, claim):
    case = type("Planted", (PSMBlockContract,), {"implementation": wrong})()
    with pytest.raises(AssertionError):
        getattr(case, claim)(device=torch.device("cpu"))


def test_the_widths_are_the_published_ones_unless_told_otherwise():
    assert defaults_of(PSMBlock) == {"part_channels": 32, "noise_channels": 32, "spade_hidden": 128, "part_hidden": 32}
