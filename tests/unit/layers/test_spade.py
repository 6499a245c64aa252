"""SPADE and its literal loops keep one contract, and the contract tells wrong versions from right ones."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.defaults import defaults_of
from ipose.layers.semantic_maps import SemanticMaps
from ipose.layers.spade import SPADE, GammaBeta, nearest
from ipose.reference import spade as reference
from ipose.reference.operations import Layers, gamma_beta
from ipose.reference.operations import spade as spelled_out
from ipose.testing.literal import assert_same_function, randomise
from ipose.testing.spade_contract import CHANNELS, HIDDEN, MAP_CHANNELS, SPADEContract, random_tensor, redraw


class TestSPADE(SPADEContract):
    """SPADE: normalise, then scale and shift each pixel as the semantic map says.

    Claims of SPADEContract: agrees with the loops in float64; in training scale and offset of a channel do not matter;
    in eval mode each image is its own; a pixel of the map reaches two pixels far; all channels are modulated on their
    own; gradient reaches features map and every weight.
    """

    implementation = SPADE


class TestOnNeighbourhoods:
    """SPADE reads a map's distinct neighbourhoods as it reads the map: the same numbers, forward and backward."""

    tokens = torch.arange(2)[:, None, None] * 2 + (torch.arange(7) > 2)[None, :, None] * torch.ones(1, 1, 9).long()
    features = torch.randn(4, MAP_CHANNELS, generator=torch.Generator().manual_seed(0)).double()

    def maps(self):
        return SemanticMaps(self.tokens, self.features)

    @pytest.mark.parametrize("norm", [None, nn.BatchNorm2d(CHANNELS), nn.GroupNorm(1, CHANNELS), nn.Identity()])
    @pytest.mark.parametrize("training", [True, False])
    @pytest.mark.parametrize("slope", [None, 0.0, 0.2])
    def test_gives_the_numbers_and_gradients_of_the_dense_map(self, norm, training, slope):
        module = redraw(SPADE(CHANNELS, MAP_CHANNELS, HIDDEN, norm=norm), 1, torch.device("cpu")).train()
        module(random_tensor(5, 2, CHANNELS, 7, 9), self.maps().dense((7, 9)))
        module.train(training)
        found = []
        for given in (self.maps().neighbourhoods((7, 9)), self.maps().dense((7, 9))):
            x = random_tensor(2, 2, CHANNELS, 7, 9).requires_grad_()
            y = module(x, given, slope)
            weight = random_tensor(3, *y.shape)
            found.append([y, *torch.autograd.grad((y * weight).sum(), [x, *module.parameters()])])
        for ours, dense in zip(*found, strict=True):
            torch.testing.assert_close(ours, dense, atol=1e-11, rtol=1e-11)


class WithoutOne(SPADE):
    def forward(self, x, semantic_map):
        gamma, beta = self.gamma_beta(nearest(semantic_map, x.shape[-2:]))
        return self.norm(x) * gamma + beta


class Bilinear(SPADE):
    def forward(self, x, semantic_map):
        return super().forward(x, F.interpolate(semantic_map, x.shape[-2:], mode="bilinear"))


class InstanceNormed(SPADE):
    def __init__(self, *args):
        super().__init__(*args)
        self.norm = nn.InstanceNorm2d(args[0])


class Unnormalised(SPADE):
    def __init__(self, *args):
        super().__init__(*args)
        self.norm = nn.Identity()


class OneGamma(SPADE):
    def __init__(self, channels, map_channels, hidden):
        super().__init__(channels, map_channels, hidden)
        self.gamma_beta = GammaBeta(map_channels, 1, hidden)


class OneLayer(SPADE):
    def __init__(self, channels, map_channels, hidden):
        super().__init__(channels, map_channels, hidden)
        self.gamma_beta.shared = nn.Conv2d(map_channels, hidden, 1)


@pytest.mark.parametrize(
    ("wrong", "claim"),
    [
        (WithoutOne, "test_agrees_with_the_loops_in_float64"),
        (Bilinear, "test_agrees_with_the_loops_in_float64"),
        (InstanceNormed, "test_agrees_with_the_loops_in_float64"),
        (Unnormalised, "test_in_training_scale_and_offset_of_a_channel_do_not_matter"),
        (OneGamma, "test_all_channels_are_modulated_on_their_own"),
        (OneLayer, "test_a_pixel_of_the_map_reaches_two_pixels_far"),
    ],
)
def test_the_contract_refuses(wrong, claim):
    case = type("Planted", (SPADEContract,), {"implementation": wrong})()
    with pytest.raises(AssertionError):
        getattr(case, claim)(device=torch.device("cpu"))


class TestNearest:
    """nearest is the resize of the loops, and costs nothing where nothing changes."""

    @pytest.mark.parametrize("size", [(2, 3), (4, 6), (8, 12), (3, 5)])
    def test_agrees_with_the_loops(self, size):
        maps = torch.rand(2, 3, 4, 6)
        assert torch.equal(nearest(maps, size), reference.nearest(maps, *size))

    def test_gives_the_same_tensor_at_the_same_size(self):
        maps = torch.rand(1, 1, 4, 6)
        assert nearest(maps, (4, 6)) is maps


def test_the_literal_convolution_is_torchs():
    x, conv = torch.rand(2, 3, 4, 5), nn.Conv2d(3, 2, 3, padding=1)
    torch.testing.assert_close(reference.conv3x3(x, conv.weight, conv.bias), conv(x))


def normal(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.mark.parametrize("slope", [0.0, 0.2])
@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
def test_outputs_and_gradients_are_the_formulas_at_every_slope(slope, training):
    module = randomise(SPADE(3, 4, 5, slope), 0).train(training)
    assert_same_function(
        module,
        lambda state, x, maps: spelled_out(Layers(state, training), x, maps, slope=slope),
        (normal(2, 3, 4, 5), normal(2, 4, 8, 5)),
        seed=1,
    )


@pytest.mark.parametrize(("groups", "shared_groups"), [(2, None), (2, 1), (1, 2), (3, 6)])
def test_gamma_and_beta_are_made_in_their_groups_of_a_layer_in_its_own(groups, shared_groups):
    module = randomise(GammaBeta(6, 6, 12, 0.2, groups=groups, shared_groups=shared_groups), 0)
    form = {"groups": groups, "shared_groups": groups if shared_groups is None else shared_groups}
    assert_same_function(
        module, lambda state, maps: gamma_beta(Layers(state), maps, slope=0.2, **form), (normal(2, 6, 3, 4),), seed=1
    )


def test_another_norm_and_a_scale_around_0_are_options():
    module = randomise(SPADE(3, 4, 5, norm=nn.BatchNorm2d(3), around_one=False), 0).eval()
    x, maps = normal(2, 3, 4, 5), normal(2, 4, 4, 5)
    gamma, beta = module.gamma_beta(maps)
    torch.testing.assert_close(module(x, maps), module.norm(x) * gamma + beta)


def test_128_hidden_channels_and_a_relu_around_one_unless_told_otherwise():
    expected = {"hidden": 128, "slope": 0.0, "groups": 1, "shared_groups": None, "norm": None, "around_one": True}
    assert defaults_of(SPADE) == expected
