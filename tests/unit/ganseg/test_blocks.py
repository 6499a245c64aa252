"""GANSeg's blocks do what their sentences say: sines of places, SPADE blocks, AdaIN blocks, and how weights begin."""

import math

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from helpers.defaults import defaults_of
from ipose.ganseg.blocks import AdaIN, AdaINBlock, PositionalStart, SPADEBlock, start_weights
from ipose.ganseg.heatmaps import crop, pixel_grid
from ipose.layers.spade import SPADE
from ipose.reference.spade import conv3x3, normalise
from ipose.testing import NetworkContract, law
from ipose.testing.spade_contract import random_tensor, redraw

CPU = torch.device("cpu")
SEEDS = st.integers(0, 2**31)


def leaky(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, 0.2 * x)


class TestPositionalStart(NetworkContract):
    """sin and cos of pi * a mix of (point - pixel), over all points (eq. 5)."""

    def make(self):
        return PositionalStart(3, 4, pixel_grid(5))

    def inputs(self, batch):
        return (2 * torch.rand(batch, 3, 2) - 1,)

    @law(seed=SEEDS)
    def test_agrees_with_the_loops_in_float64(self, seed):
        start = redraw(PositionalStart(2, 6, pixel_grid(3, 1)), seed, CPU)
        points, found = random_tensor(seed + 9, 2, 2, 2), []
        weight, bias = start.mix.weight[:, :, 0, 0], start.mix.bias
        for image in range(2):
            rows = []
            for pixel in start.grid.flatten(0, 1):
                apart = torch.cat([point - pixel for point in points[image]])
                angles = math.pi * (weight @ apart + bias)
                rows.append(torch.cat([angles.sin(), angles.cos()]))
            found.append(torch.stack(rows, 1).view(6, 5, 5))
        torch.testing.assert_close(start(points), torch.stack(found))

    def test_moving_points_and_pixels_together_changes_nothing(self):
        torch.manual_seed(0)
        here, points = PositionalStart(2, 4, pixel_grid(4)).double(), random_tensor(0, 1, 2, 2)
        there = PositionalStart(2, 4, pixel_grid(4) + torch.tensor([0.3, -0.7])).double()
        there.load_state_dict(here.state_dict())
        moved = there(points + there.grid[0, 0] - here.grid[0, 0])
        torch.testing.assert_close(moved, here(points), atol=1e-5, rtol=0)  # the grid itself is float32

    def test_the_grid_is_no_part_of_what_is_saved(self):
        assert set(self.make().state_dict()) == {"mix.weight", "mix.bias"}

    def test_stays_float32_under_autocast(self):
        start, points = self.make(), self.inputs(2)[0]
        with torch.autocast("cpu", torch.bfloat16):
            found = start(points)
        assert torch.equal(found, start(points))


def literal_spade_block(block: SPADEBlock, x: Tensor, maps: Tensor, embeddings: Tensor) -> Tensor:
    looks = (maps[:, :, None] * embeddings[:, :, :, None, None]).sum(1)
    y = conv3x3(leaky(block.spade1(x, looks)), block.conv1.weight, block.conv1.bias)
    y = conv3x3(leaky(block.spade2(y, looks)), block.conv2.weight, block.conv2.bias)
    if block.conv_shortcut is None:
        return x + y
    return conv3x3(block.spade_shortcut(x, looks), block.conv_shortcut.weight, block.conv_shortcut.bias) + y


class _SPADEBlockContract(NetworkContract):
    widths = (4, 3)
    parts = 2

    def make(self):
        return SPADEBlock(*self.widths, map_channels=3, hidden=4)

    def inputs(self, batch):
        return (
            torch.randn(batch, self.widths[0], 4, 5),
            torch.rand(batch, self.parts, 4, 5),
            torch.randn(batch, self.parts, 3),
        )

    def drawn(self, seed, height, width):
        """A block of other weights and statistics, and its inputs, in float64."""
        block = redraw(self.make(), seed, CPU)
        shapes = (2, self.widths[0], height, width), (2, self.parts, height, width), (2, self.parts, 3)
        inputs = [random_tensor(seed + i, *shape).requires_grad_() for i, shape in enumerate(shapes)]
        block(inputs[0] * 2 + 1, *inputs[1:])
        return block, inputs

    @law(seed=SEEDS)
    def test_agrees_with_the_loops_in_float64(self, seed):
        block, inputs = self.drawn(seed, 2, 3)
        torch.testing.assert_close(block.eval()(*inputs), literal_spade_block(block, *inputs))

    @pytest.mark.parametrize("training", [True, False], ids=["training", "eval"])
    @law(0.5, seed=SEEDS, cut=st.integers(1, 3), gone=st.integers(0, 1))
    def test_without_its_outer_pixels_it_is_the_whole_block_cropped(self, training, seed, cut, gone):
        """`gone` rings of x are already cut off, where the block has its running statistics."""
        block, (x, maps, embeddings) = self.drawn(seed, 9, 10)
        block.train(training)
        gone = 0 if training or cut < 2 else min(gone, cut - 2)
        wanted = crop(block(x, maps, embeddings), cut)
        found = block(crop(x, gone), maps, embeddings, cut)
        torch.testing.assert_close(found, wanted)
        weight = torch.rand_like(wanted)
        given = [x, maps, embeddings, *block.parameters()]
        for one, other in zip(*(torch.autograd.grad((y * weight).sum(), given) for y in (found, wanted)), strict=True):
            torch.testing.assert_close(one, other)

    def test_the_width_between_the_convolutions_is_the_smaller_one(self):
        assert self.make().conv1.out_channels == min(self.widths)

    def test_what_is_below_0_passes_its_spades_at_a_fifth(self):
        spades = [module for module in self.make().modules() if isinstance(module, SPADE)]
        assert [spade.gamma_beta.slope for spade in spades] == [0.2] * len(spades)
        assert len(spades) == (2 if self.widths[0] == self.widths[1] else 3)

    def test_no_convolution_is_under_spectral_norm(self):
        assert not any("parametrizations" in name for name in self.make().state_dict())


class TestNarrowingSPADEBlock(_SPADEBlockContract):
    """Its shortcut is a 3x3 convolution behind a SPADE."""


class TestWideningSPADEBlock(_SPADEBlockContract):
    """Likewise."""

    widths = (3, 5)


class TestSPADEBlockOfOneWidth(_SPADEBlockContract):
    """Its shortcut is x itself."""

    widths = (4, 4)


class TestSPADEBlockOfManyParts(_SPADEBlockContract):
    """With more parts than an embedding has numbers, the sum of the embeddings is made."""

    parts = 4


class TestAdaINBlock(NetworkContract):
    """conv(LeakyReLU(AdaIN(x))), one scale and one shift a channel."""

    def make(self):
        return AdaINBlock(4, 3, embedding=5, hidden=6)

    def inputs(self, batch):
        return torch.randn(batch, 4, 3, 4), torch.randn(batch, 5)

    @law(seed=SEEDS)
    def test_agrees_with_the_loops_in_float64(self, seed):
        block = redraw(self.make(), seed, CPU).train()
        x, embedding = random_tensor(seed + 1, 2, 4, 2, 3), random_tensor(seed + 2, 2, 5)
        adain, normal, modulated = block.adain, normalise(x), torch.empty_like(x)
        for image in range(2):
            hidden = leaky(adain.shared.weight @ embedding[image] + adain.shared.bias)
            gamma = adain.gamma.weight @ hidden + adain.gamma.bias
            beta = adain.beta.weight @ hidden + adain.beta.bias
            for channel in range(4):
                modulated[image, channel] = normal[image, channel] * (1 + gamma[channel]) + beta[channel]
        expected = conv3x3(leaky(modulated), block.conv.weight, block.conv.bias)
        torch.testing.assert_close(block(x, embedding), expected)

    @pytest.mark.parametrize("training", [True, False], ids=["training", "eval"])
    def test_without_its_outer_pixels_it_is_the_whole_block_cropped(self, training):
        block, x, embedding = (
            redraw(self.make(), 0, CPU).train(training),
            random_tensor(1, 2, 4, 6, 7),
            torch.ones(2, 5),
        )
        for cut in (1, 2):
            found = block(x, embedding.double(), cut)
            torch.testing.assert_close(found, crop(block(x, embedding.double()), cut))

    def test_all_pixels_of_a_channel_are_modulated_alike(self):
        adain = redraw(AdaIN(2, 3, 4), 0, CPU).eval()
        y = adain(torch.ones(1, 2, 3, 3, dtype=torch.float64), random_tensor(1, 1, 3))
        assert all(len(channel.unique()) == 1 for channel in y[0])
        assert y[0, 0, 0, 0] != y[0, 1, 0, 0]


class TestStartWeights:
    """start_weights draws Kaiming-normal weights for a leak of 0.2; biases begin at 0, embeddings standard normal."""

    def network(self) -> nn.Module:
        return nn.Sequential(nn.Conv2d(60, 200, 3), nn.Linear(540, 200), nn.Embedding(600, 50))

    def test_weights_have_the_spread_of_their_fan_in(self):
        network = self.network()
        start_weights(network, torch.Generator().manual_seed(0))
        for layer in network[:2]:  # both have a fan in of 540
            assert layer.weight.std().item() == pytest.approx((2 / 1.04 / 540) ** 0.5, rel=0.008)
            assert not layer.bias.any()
        assert network[2].weight.std().item() == pytest.approx(1, rel=0.05)

    def test_the_generator_decides(self):
        one, other, third = self.network(), self.network(), self.network()
        for network, seed in ((one, 5), (other, 5), (third, 6)):
            start_weights(network, torch.Generator().manual_seed(seed))
        for a, b, c in zip(one.parameters(), other.parameters(), third.parameters(), strict=True):
            assert torch.equal(a, b)
            assert not c.any() or not torch.equal(a, c)

    def test_a_layer_without_bias_is_fine(self):
        layer = nn.Linear(3, 3, bias=False)
        before = layer.weight.clone()
        start_weights(layer)
        assert not torch.equal(layer.weight, before)


@pytest.mark.parametrize("block", [SPADEBlock, AdaIN, AdaINBlock])
def test_128_hidden_channels_unless_told_otherwise(block):
    assert defaults_of(block) == {"hidden": 128}
