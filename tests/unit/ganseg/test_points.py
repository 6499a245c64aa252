"""Level 1: three branches of noise to points and embeddings."""

from dataclasses import replace

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from helpers.tiny_ganseg import TINY_GANSEG as SMALL
from ipose.ganseg.blocks import start_weights
from ipose.ganseg.noise import draw_noise
from ipose.ganseg.points import PointNetwork, linear_layers
from ipose.testing import NetworkContract, law
from ipose.testing.spade_contract import random_tensor, redraw

CPU = torch.device("cpu")


def linear_of(branch: nn.Sequential) -> list[nn.Linear]:
    """The linear layers of a branch, in order."""
    return [layer if isinstance(layer, nn.Linear) else layer[0] for layer in branch]


def literal(branch: nn.Sequential, noise: Tensor) -> Tensor:
    """A matrix, a leaky ReLU, a matrix, ..., for one vector; nothing behind the last one."""
    layers = linear_of(branch)
    for layer in layers[:-1]:
        noise = layer.weight @ noise + layer.bias
        noise = torch.where(noise > 0, noise, 0.2 * noise)
    return layers[-1].weight @ noise + layers[-1].bias


class TestPointNetwork(NetworkContract):
    """Points in (-1, 1); an embedding a part; one for the background."""

    def make(self):
        return PointNetwork(SMALL)

    def inputs(self, batch):
        return tuple(torch.randn(batch, SMALL.noise_channels) for _ in range(3))

    @law(seed=st.integers(0, 2**31))
    def test_agrees_with_the_loops_in_float64(self, seed):
        network = redraw(PointNetwork(SMALL), seed, CPU)
        noises = [random_tensor(seed + i, 2, SMALL.noise_channels) for i in range(3)]
        found = network(*noises)
        for image in range(2):
            raw, background, appearance = (
                literal(branch, noise[image])
                for branch, noise in zip(
                    (network.to_points, network.to_background, network.to_appearance), noises, strict=True
                )
            )
            for point in range(SMALL.points):
                expected = torch.tanh(raw[2 * point : 2 * point + 2] / SMALL.point_divisor)
                torch.testing.assert_close(found.points[image, point], expected)
            for part in range(SMALL.parts):
                expected = appearance * network.part_table.weight[part]
                torch.testing.assert_close(found.embeddings[image, part], expected)
            torch.testing.assert_close(found.background[image], background)

    @pytest.mark.parametrize(("changed", "field"), [(0, "points"), (1, "background"), (2, "embeddings")])
    def test_each_noise_has_a_branch_of_its_own(self, changed, field):
        network, noises = self.make(), self.inputs(1)
        other = [noise + (i == changed) for i, noise in enumerate(noises)]
        before, after = network(*noises), network(*other)
        same = {name: torch.equal(getattr(before, name), getattr(after, name)) for name in before._fields}
        assert same == {name: name != field for name in before._fields}

    def test_points_stay_inside_the_image_whatever_the_weights(self):
        network = self.make()
        with torch.no_grad():
            network.to_points[-1].bias.copy_(torch.linspace(-1e4, 1e4, 2 * SMALL.points))
        assert network(*self.inputs(4)).points.abs().max() <= 1

    def test_training_starts_with_all_points_near_the_centre_but_not_in_it(self):
        torch.manual_seed(0)
        network = self.make()
        start_weights(network)
        noise = draw_noise(SMALL, 50, torch.Generator().manual_seed(0))
        points = network(*noise[:3]).points
        assert 0.01 < points.abs().mean() < 0.1
        assert (points.abs() < 0.3).float().mean() > 0.9

    def test_stays_float32_under_autocast(self):
        network, noises = self.make(), self.inputs(2)
        with torch.autocast("cpu", torch.bfloat16):
            found = network(*noises)
        assert all(torch.equal(a, b) for a, b in zip(found, network(*noises), strict=True))


class TestLinearLayers:
    """linear_layers(width, out, count): leaky ReLUs between them and none behind."""

    @pytest.mark.parametrize("count", [1, 2, 5])
    def test_are_as_many_and_as_wide_as_asked_for(self, count):
        layers = linear_of(linear_layers(6, 3, count))
        assert [(layer.in_features, layer.out_features) for layer in layers] == [(6, 6)] * (count - 1) + [(6, 3)]

    def test_are_separate_layers(self):
        layers = linear_of(linear_layers(6, 3, 5))
        assert len({id(layer) for layer in layers}) == 5

    def test_shared_ones_are_two(self):
        layers = linear_of(linear_layers(6, 3, 5, shared=True))
        assert len({id(layer) for layer in layers}) == 2
        assert layers[0] is layers[3]

    def test_the_config_says_how_many_and_whether_they_are_shared(self):
        config = replace(SMALL, point_layers=4, embedding_layers=2, share_repeated=True)
        network = PointNetwork(config)
        assert [len(branch) for branch in (network.to_points, network.to_appearance, network.to_background)] == [
            4,
            2,
            2,
        ]
        assert network.to_points[0] is network.to_points[2]
        assert network.to_appearance[0] is not network.to_background[0]
