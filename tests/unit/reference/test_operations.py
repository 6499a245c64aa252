"""The operations of the literal networks mean what the loops over pixels say."""

import torch
from hypothesis import strategies as st

from ipose.reference import cg_norm, operations
from ipose.reference import spade as loops
from ipose.reference.operations import Layers
from ipose.testing import law

SEEDS = st.integers(0, 2**32 - 1)
SIDES = st.integers(1, 5)


def drawn(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def modulation(seed, channels, maps, hidden):
    shapes = {"shared": (hidden, maps), "gamma": (channels, hidden), "beta": (channels, hidden)}
    weights = {f"{name}.weight": drawn(seed + i, *shape, 3, 3) for i, (name, shape) in enumerate(shapes.items())}
    return weights | {f"{name}.bias": drawn(seed + 9 + i, shape[0]) for i, (name, shape) in enumerate(shapes.items())}


@law(seed=SEEDS, h=SIDES, w=SIDES, new_h=SIDES, new_w=SIDES)
def test_nearest_takes_the_pixel_at_the_floor(seed, h, w, new_h, new_w):
    x = drawn(seed, 2, 3, h, w)
    assert torch.equal(operations.nearest(x, (new_h, new_w)), loops.nearest(x, new_h, new_w))


@law(seed=SEEDS, h=SIDES, w=SIDES)
def test_double_is_nearest_to_twice_the_size(seed, h, w):
    x = drawn(seed, 2, 3, h, w)
    assert torch.equal(operations.double(x), loops.nearest(x, 2 * h, 2 * w))


@law(0.4, seed=SEEDS, h=SIDES, w=SIDES, groups=st.integers(1, 3))
def test_a_convolution_in_groups_is_one_a_group(seed, h, w, groups):
    x, weight = drawn(seed, 2, 2 * groups, h, w), drawn(seed + 1, 3 * groups, 2, 3, 3)
    bias = drawn(seed + 2, 3 * groups)
    found = Layers({"a.weight": weight, "a.bias": bias}).conv("a", x, groups=groups)
    torch.testing.assert_close(found, cg_norm.grouped_conv3x3(x, weight, bias, groups))


@law(0.4, seed=SEEDS, side=st.integers(2, 4), times=st.integers(1, 2))
def test_spade_in_training(seed, side, times):
    x, maps = drawn(seed, 2, 3, side, side), drawn(seed + 1, 2, 2, times * side, side)
    weights = modulation(seed, 3, 2, 4)
    net = Layers({f"gamma_beta.{name}": tensor for name, tensor in weights.items()}, training=True)
    torch.testing.assert_close(operations.spade(net, x, maps), loops.spade(x, maps, weights))


def test_in_eval_mode_batch_norm_takes_the_running_statistics_by_hand():
    state = {"a.running_mean": torch.tensor([1.0, 0.0]), "a.running_var": torch.tensor([4.0, 1.0])}
    x = torch.tensor([3.0, 2.0])[None, :, None, None]
    found = Layers(state).batch_norm("a", x).flatten()
    torch.testing.assert_close(found, torch.tensor([2 / 4.00001**0.5, 2 / 1.00001**0.5]))


def test_spectral_norm_by_hand():
    """W = ((3, 0), (0, 4)) with u = v = (0.6, 0.8): sigma = 0.36 * 3 + 0.64 * 4."""
    u, name = torch.tensor([0.6, 0.8]), "a.parametrizations.weight"
    net = Layers({f"{name}.original": torch.diag(torch.tensor([3.0, 4.0])), f"{name}.0._u": u, f"{name}.0._v": u})
    torch.testing.assert_close(net.weight("a", sn=True), torch.diag(torch.tensor([3.0, 4.0])) / 3.64)


def test_group_norm_by_hand():
    """Two groups of two channels of one pixel: (1, 3) has mean 2, variance 1; (0, 4) mean 2, variance 4."""
    x = torch.tensor([1.0, 3.0, 0.0, 4.0])[None, :, None, None]
    expected = torch.tensor([-1.0, 1.0, -1.0, 1.0])
    torch.testing.assert_close(operations.group_norm(x, 2).flatten(), expected, atol=1e-5, rtol=0)
