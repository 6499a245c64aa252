"""The blocks of the ablation: where parts enter, and that each takes a PSM block's place."""

import pytest
import torch

from helpers.defaults import defaults_of
from ipose.layers.injection_blocks import ConcatInjectionBlock, PlainBlock, SpadeInjectionBlock
from ipose.layers.psm_block import BlockFactory
from ipose.layers.residual import SPADEResBlock
from ipose.layers.spade import nearest
from ipose.testing import NetworkContract, PSMBlockContract
from ipose.testing.psm_block_contract import MAP_CHANNELS, PART_CHANNELS


class _AblationContract(NetworkContract):
    """What a block of another part injection still promises: it is a network, called as a PSM block is.

    `enters` are the inputs that it reads; `as_residual` brings them to what its SPADE residual block is given.
    """

    implementation = None
    enters = ()
    block = PSMBlockContract.block
    widths = PSMBlockContract.widths
    make = PSMBlockContract.make
    inputs = PSMBlockContract.inputs
    test_keeps_the_size_and_gives_the_width_asked_for = (
        PSMBlockContract.test_keeps_the_size_and_gives_the_width_asked_for
    )

    def test_only_what_it_promises_enters(self, device):
        block, inputs = self._settled(device)
        before = block(*inputs)
        for i, name in enumerate(("x", "semantic_map", "part", "mask", "noise")):
            changed = [tensor + torch.randn_like(tensor) if j == i else tensor for j, tensor in enumerate(inputs)]
            assert torch.equal(block(*changed), before) == (name not in self.enters), name

    def test_is_the_residual_block_on_what_it_joins(self, device):
        block, (x, semantic_map, part, mask, noise) = self._settled(device)
        expected = block.residual(*type(self).joined(x, semantic_map, part))
        assert type(block.residual) is SPADEResBlock
        assert torch.equal(block(x, semantic_map, part, mask, noise), expected)

    def test_maps_of_another_size_count_as_their_nearest_neighbours(self, device):
        block, (x, *maps) = self._settled(device)
        half = (x.shape[-2] // 2, x.shape[-1] // 2)
        small = torch.randn(3, x.shape[1], *half, device=device)
        assert torch.equal(block(small, *maps), block(small, *(nearest(each, half) for each in maps)))

    def test_the_other_numbers_of_a_psm_block_change_nothing(self):
        numbers = {"map_channels": MAP_CHANNELS, "part_channels": PART_CHANNELS, "spade_hidden": 5}
        shapes = [
            {key: value.shape for key, value in self.implementation(6, 4, **numbers, **more).state_dict().items()}
            for more in ({"noise_channels": 2, "part_hidden": 3}, {"noise_channels": 7, "part_hidden": 9})
        ]
        assert shapes[0] == shapes[1]
        assert {shape[0] for key, shape in shapes[0].items() if key.endswith("shared.weight")} == {5}


class TestSpadeInjectionBlock(_AblationContract):
    """Parts join the map, in front of it."""

    implementation = SpadeInjectionBlock
    enters = ("x", "semantic_map", "part")
    joined = staticmethod(lambda x, semantic_map, part: (x, torch.cat([part, semantic_map], 1)))


class TestConcatInjectionBlock(_AblationContract):
    """Parts join the features, behind them."""

    implementation = ConcatInjectionBlock
    enters = ("x", "semantic_map", "part")
    joined = staticmethod(lambda x, semantic_map, part: (torch.cat([x, part], 1), semantic_map))


class TestPlainBlock(_AblationContract):
    """No parts."""

    implementation = PlainBlock
    enters = ("x", "semantic_map")
    joined = staticmethod(lambda x, semantic_map, part: (x, semantic_map))

    def test_can_be_called_without_parts(self, device):
        block, (x, semantic_map, *rest) = self._settled(device)
        assert torch.equal(block(x, semantic_map), block(x, semantic_map, *rest))


@pytest.mark.parametrize("block", [SpadeInjectionBlock, ConcatInjectionBlock, PlainBlock])
def test_every_block_is_a_block_factory(block):
    assert isinstance(block, BlockFactory)


@pytest.mark.parametrize("block", [SpadeInjectionBlock, ConcatInjectionBlock])
def test_the_widths_are_those_of_the_psm_block_unless_told_otherwise(block):
    assert defaults_of(block) == {"part_channels": 32, "spade_hidden": 128}
    assert defaults_of(PlainBlock) == {"spade_hidden": 128}
