"""The SPADE residual block: the sentence of its docstring, and what each argument changes."""

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from ipose.layers.residual import SPADEResBlock
from ipose.layers.spade import nearest
from ipose.reference.spade import conv3x3
from ipose.testing import NetworkContract, law
from ipose.testing.spade_contract import random_tensor, redraw

CPU = torch.device("cpu")


def small(fin: int, fout: int, **arguments) -> SPADEResBlock:
    return SPADEResBlock(fin, fout, map_channels=3, spade_hidden=4, **arguments)


def random_block(seed: int, fin: int, fout: int, **arguments) -> SPADEResBlock:
    """In float64 and eval mode, all weights random; running statistics that are not 0 and 1."""
    block = redraw(small(fin, fout, **arguments), seed, CPU)
    block(random_tensor(seed, 2, fin, 4, 4) * 2 + 1, random_tensor(seed, 2, 3, 4, 4))
    return block.eval()


def literal(block: SPADEResBlock, x: Tensor, semantic_map: Tensor, slope: float) -> Tensor:
    """conv_1(act(spade_1(conv_0(act(spade_0(x)))))) + shortcut, with the loops' convolution."""

    def act(y: Tensor) -> Tensor:
        return torch.where(y > 0, y, slope * y)

    y = conv3x3(act(block.spade_0(x, semantic_map)), block.conv_0.weight, block.conv_0.bias)
    y = conv3x3(act(block.spade_1(y, semantic_map)), block.conv_1.weight, block.conv_1.bias)
    if block.conv_s is None:
        return x + y
    matrix = block.conv_s.weight[:, :, 0, 0]
    return torch.einsum("oi,bihw->bohw", matrix, block.spade_s(x, semantic_map)) + y


class _ResBlockContract(NetworkContract):
    widths = (4, 3)

    def make(self):
        return small(*self.widths)

    def inputs(self, batch):
        return torch.randn(batch, self.widths[0], 4, 5), torch.randn(batch, 3, 4, 5)

    @law(seed=st.integers(0, 2**31), slope=st.sampled_from([0.2, 0.0]))
    def test_agrees_with_the_sentence_in_float64(self, seed, slope):
        block = random_block(seed, *self.widths, slope=slope)
        x, semantic_map = random_tensor(seed + 1, 1, self.widths[0], 2, 3), random_tensor(seed + 2, 1, 3, 2, 3)
        torch.testing.assert_close(block(x, semantic_map), literal(block, x, semantic_map, slope))


class TestNarrowing(_ResBlockContract):
    """Fewer channels out than in."""


class TestWidening(_ResBlockContract):
    """More channels out than in."""

    widths = (3, 5)


class TestOfOneWidth(_ResBlockContract):
    """The shortcut is x itself."""

    widths = (4, 4)


@pytest.mark.parametrize(("fin", "fout", "middle"), [(4, 3, 3), (3, 5, 3), (4, 4, 4)])
def test_the_width_between_the_convolutions_is_the_smaller_one(fin, fout, middle):
    block = small(fin, fout)
    assert (block.conv_0.out_channels, block.conv_1.in_channels) == (middle, middle)


def test_the_leak_is_a_fifth_unless_told_otherwise():
    assert small(4, 4).slope == 0.2


def test_the_shortcut_has_no_bias_and_the_convolutions_have_one():
    block = small(4, 3)
    assert [conv.bias is None for conv in (block.conv_s, block.conv_0, block.conv_1)] == [True, False, False]


def test_a_map_of_another_size_counts_as_its_nearest_neighbours():
    block, x, semantic_map = random_block(0, 4, 3), random_tensor(1, 1, 4, 2, 3), random_tensor(2, 1, 3, 8, 9)
    assert torch.equal(block(x, semantic_map), block(x, nearest(semantic_map, (2, 3))))


@pytest.mark.parametrize("step", ["spade_0", "spade_1"])
def test_a_hook_sees_what_a_spade_gives_before_the_activation(step):
    block, x, semantic_map = random_block(0, 4, 3), random_tensor(1, 1, 4, 5, 5), random_tensor(2, 1, 3, 5, 5)
    plain, seen = block(x, semantic_map), []
    getattr(block, step).register_forward_hook(lambda spade, given, result: seen.append((spade, given, result)))
    assert torch.equal(block(x, semantic_map), plain)
    ((spade, given, result),) = seen
    assert torch.equal(result, spade.forward(given[0], semantic_map))
    assert (result < 0).any()


def test_each_step_is_made_by_the_callers_spade_with_its_name_and_width():
    asked = []

    def spade(step: str, channels: int) -> nn.Module:
        asked.append((step, channels))
        return nn.Identity()

    small(6, 4, spade=spade)
    assert asked == [("0", 6), ("1", 4), ("s", 6)]
    asked.clear()
    small(4, 4, spade=spade)
    assert asked == [("0", 4), ("1", 4)]


def test_every_convolution_is_wrapped_and_grouped():
    wrapped = []

    def wrap(conv: nn.Conv2d) -> nn.Conv2d:
        wrapped.append(conv)
        return conv

    block = small(4, 2, groups=2, wrap=wrap)
    assert {block.conv_0, block.conv_1, block.conv_s} == set(wrapped)
    assert all(conv.groups == 2 for conv in wrapped)


def test_by_default_the_convolutions_are_under_spectral_norm_and_the_spades_are_not():
    normed = {name.split(".")[0] for name in small(4, 3).state_dict() if name.endswith("_u")}
    assert normed == {"conv_0", "conv_1", "conv_s"}
