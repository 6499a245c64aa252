"""The part branch: what the blocks get of the parts, and the noise that they get elsewhere."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import Tensor, nn

from helpers.defaults import defaults_of
from ipose.reference.spade import conv3x3, nearest
from ipose.synthesis.part_branch import PartInput, PartNoise, doubling
from ipose.testing import NetworkContract, law
from ipose.testing.spade_contract import random_tensor, redraw

CPU = torch.device("cpu")
SEEDS = st.integers(0, 2**31)


def normed_and_leaky(x: Tensor) -> Tensor:
    """Each channel of each image to mean 0 and variance 1 over its pixels; then LeakyReLU 0.2."""
    result = torch.empty_like(x)
    for image in range(x.shape[0]):
        for channel in range(x.shape[1]):
            values = x[image, channel]
            centred = values - values.mean()
            result[image, channel] = centred / (centred.square().mean() + 1e-5).sqrt()
    return torch.where(result > 0, result, 0.2 * result)


class TestPartInput(NetworkContract):
    """Conv3x3, instance norm, LeakyReLU 0.2, at full resolution."""

    def make(self):
        return PartInput(6, 4)

    def inputs(self, batch):
        return (torch.randn(batch, 6, 4, 5),)

    @law(seed=SEEDS)
    def test_agrees_with_the_loops_in_float64(self, seed):
        branch, parts = redraw(PartInput(3, 4), seed, CPU), random_tensor(seed + 9, 2, 3, 3, 4)
        expected = normed_and_leaky(conv3x3(parts, branch.conv.weight, branch.conv.bias))
        torch.testing.assert_close(branch(parts), expected)

    def test_an_image_without_parts_gives_the_same_at_every_inner_pixel(self):
        found = PartInput(3, 4)(torch.zeros(1, 3, 5, 6))[..., 1:-1, 1:-1]
        torch.testing.assert_close(found, found[..., :1, :1].expand_as(found), atol=1e-4, rtol=0)


def literal_noise(branch: PartNoise, noise: Tensor, label: Tensor) -> list[Tensor]:
    """Stem and doublings one after another, the id of the nearest pixel as one channel more, but for the last ones."""

    def with_ids(x: Tensor) -> Tensor:
        ids = nearest(label[:, None].to(x.dtype), x.shape[-2], x.shape[-1])
        return torch.cat([x, ids], dim=1)

    x = normed_and_leaky(conv3x3(with_ids(noise), branch.stem.weight, branch.stem.bias))
    maps = [x]
    for number, double in enumerate(branch.doublings, start=1):
        x = with_ids(x) if number <= 3 else x
        x = F.conv_transpose2d(x, double.weight, double.bias, stride=2, padding=1)
        x = normed_and_leaky(x)
        maps.append(x)
    return maps


class TestPartNoise(NetworkContract):
    """One noise map a block, each twice as large as the one before; class ids enter the first four convolutions."""

    def make(self):
        return PartNoise(3, 4, blocks=6)

    def inputs(self, batch):
        return torch.randn(batch, 3, 2, 1), torch.randint(0, 5, (batch, 64, 32))

    @law(seed=SEEDS, blocks=st.integers(1, 5))
    def test_agrees_with_the_loops_in_float64(self, seed, blocks):
        branch, noise = redraw(PartNoise(2, 3, blocks), seed, CPU), random_tensor(seed + 99, 1, 2, 1, 2)
        label = torch.randint(0, 4, (1, 16, 32), generator=torch.Generator().manual_seed(seed))
        found, expected = branch(noise, label), literal_noise(branch, noise, label)
        assert len(found) == blocks
        for ours, theirs in zip(found, expected, strict=True):
            torch.testing.assert_close(ours, theirs)

    def test_the_maps_double(self):
        maps = PartNoise(3, 4, blocks=6)(torch.randn(2, 3, 1, 2), torch.zeros(2, 32, 64, dtype=torch.int64))
        assert [tuple(m.shape) for m in maps] == [(2, 4, 2**i, 2 * 2**i) for i in range(6)]

    def test_the_class_index_enters_the_stem_and_the_first_three_doublings(self):
        branch = PartNoise(3, 4, blocks=6)
        assert [layer.in_channels for layer in (branch.stem, *branch.doublings)] == [4, 5, 5, 5, 4, 4]

    @pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.int16])
    def test_ids_of_any_kind_of_integer_are_the_same_ids(self, dtype):
        branch, noise = PartNoise(3, 4, blocks=2), torch.randn(1, 3, 2, 2)
        label = torch.tensor([[[0, 1], [7, 2]]])
        for ours, theirs in zip(branch(noise, label.to(dtype)), branch(noise, label), strict=True):
            assert torch.equal(ours, theirs)


def test_a_doubling_doubles_and_takes_a_channel_more_three_times():
    for number, channels in enumerate((5, 5, 5, 4, 4)):
        layer = doubling(number, 4)
        assert isinstance(layer, nn.ConvTranspose2d)
        assert (layer.in_channels, layer.out_channels) == (channels, 4)
        assert layer(torch.rand(1, channels, 3, 2)).shape == (1, 4, 6, 4)


def test_the_widths_are_the_published_ones_unless_told_otherwise():
    assert defaults_of(PartNoise) == {"noise_channels": 31, "hidden": 32, "blocks": 6}
    assert defaults_of(PartInput) == {"hidden": 32}
