"""SPADE on distinct neighbourhoods gives the numbers of the two convolutions, on every map."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

from ipose.layers.neighbourhoods import distinct_windows, find_neighbourhoods, joint_numbers, merged
from ipose.testing.claims import law

KINDS = ("noise", "blobs", "one class", "stripes", "border")
SIDES = st.integers(1, 9)


def drawn_map(kind, seed, b, h, w, tokens):
    """int64 (b, h, w): a map of this kind."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, tokens, (b, h, w), generator=generator)
    if kind == "noise":
        return noise
    if kind == "blobs":
        return noise[:, torch.arange(h) // 3][:, :, torch.arange(w) // 3]
    if kind == "one class":
        return torch.full((b, h, w), tokens - 1)
    if kind == "stripes":
        return (torch.arange(h)[None, :, None] % tokens).expand(b, h, w).contiguous()
    one = torch.zeros(b, h, w, dtype=torch.int64)
    one[:, 0], one[:, :, -1] = tokens - 1, tokens - 1
    return one


def convolutions(groups, shared_groups, seed=0):
    torch.manual_seed(seed)
    first = nn.Conv2d(4, 4 * groups, 3, padding=1, groups=shared_groups).double()
    return first, tuple(nn.Conv2d(4 * groups, 2 * groups, 3, padding=1, groups=groups).double() for _ in range(2))


def densely(tokens, features, first, second, slope=0.0):
    """(b, d, c, h, w): the convolutions themselves."""
    hidden = F.leaky_relu(first(features[tokens].permute(0, 3, 1, 2)), slope)
    return torch.stack([conv(hidden) for conv in second], 1)


def on_rows(tokens, features, first, second, slope=0.0, offset=0.0):
    found = find_neighbourhoods(tokens, features)
    rows = found.convolve_twice(first, second, slope, offset=offset)
    return rows[found.number].permute(0, 3, 4, 1, 2)


class TestConvolveTwice:
    """Two convolutions on distinct neighbourhoods: the same numbers as on every pixel."""

    @law(
        kind=st.sampled_from(KINDS),
        seed=st.integers(0, 2**31),
        sides=st.tuples(st.integers(1, 3), SIDES, SIDES),
        tokens=st.integers(1, 6),
        groups=st.sampled_from([(1, 1), (2, 2), (2, 4), (1, 4)]),
        slope=st.sampled_from([0.0, 0.2]),
    )
    def test_equals_the_dense_convolutions_on_every_map(self, kind, seed, sides, tokens, groups, slope):
        ids = drawn_map(kind, seed, *sides, tokens)
        features = torch.randn(tokens, 4, generator=torch.Generator().manual_seed(seed)).double()
        given = ids, features, *convolutions(*groups), slope
        torch.testing.assert_close(on_rows(*given), densely(*given), atol=1e-12, rtol=1e-12)

    @law(seed=st.integers(0, 2**31), h=SIDES, w=SIDES)
    def test_does_not_depend_on_how_tokens_are_numbered(self, seed, h, w):
        generator = torch.Generator().manual_seed(seed)
        ids, order = torch.randint(0, 5, (2, h, w), generator=generator), torch.randperm(5, generator=generator)
        features, networks = torch.randn(5, 4, generator=generator).double(), convolutions(2, 2)
        renumbered = order.argsort()[ids], features[order]
        torch.testing.assert_close(on_rows(*renumbered, *networks), on_rows(ids, features, *networks))

    def test_adds_the_offset_to_the_first_result_alone(self):
        ids, features = drawn_map("blobs", 0, 1, 6, 7, 3), torch.randn(3, 4).double()
        plain, more = (on_rows(ids, features, *convolutions(2, 2), offset=offset) for offset in (0.0, 1.0))
        torch.testing.assert_close(more - plain, torch.tensor([1.0, 0.0]).double().view(2, 1, 1, 1).expand_as(plain))

    @pytest.mark.parametrize("groups", [(1, 1), (2, 4)])
    @pytest.mark.parametrize("kind", KINDS)
    def test_gradients_equal_those_of_the_dense_convolutions_in_float64(self, kind, groups):
        ids, (first, second) = drawn_map(kind, 1, 2, 7, 6, 3), convolutions(*groups)
        features = torch.randn(3, 4).double().requires_grad_()
        learned = [features, *first.parameters(), *second[0].parameters(), *second[1].parameters()]
        found = []
        for form in (on_rows, densely):
            result = form(ids, features, first, second, 0.2)
            weight = torch.randn(result.shape, generator=torch.Generator().manual_seed(2)).double()
            found.append(torch.autograd.grad((result * weight).sum(), learned))
        for ours, dense in zip(*found, strict=True):
            torch.testing.assert_close(ours, dense, atol=1e-11, rtol=1e-11)


class TestDistinctWindows:
    """distinct_windows numbers the 3x3 windows of a map, each once."""

    @law(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**31), h=SIDES, w=SIDES)
    def test_each_pixel_finds_its_own_window_and_no_window_is_there_twice(self, kind, seed, h, w):
        ids = drawn_map(kind, seed, 2, h, w, 4)
        windows, number = distinct_windows(ids, 4)
        padded = F.pad(ids, (1, 1, 1, 1), value=4)
        expected = padded.unfold(1, 3, 1).unfold(2, 3, 1).flatten(3)
        assert torch.equal(windows[number], expected)
        assert len(windows.unique(dim=0)) == len(windows)

    def test_a_map_of_one_class_has_nine_windows_and_25_neighbourhoods(self):  # corners, edges, inside
        found = find_neighbourhoods(torch.zeros(1, 20, 30, dtype=torch.int64), torch.ones(1, 1))
        assert (len(found.inner), len(found.outer)) == (9, 25)
        assert found.share == 25 / 600

    def test_counts_ids_whose_combinations_do_not_fit_into_64_bits(self):
        far = 2**31 - 1
        ids = [torch.tensor([0, far, 0, far]), torch.tensor([far, 0, far, 0]), torch.tensor([1, 1, 1, 2])]
        assert joint_numbers(ids, far + 1).tolist() == [0, 1, 0, 2]


class TestMerged:
    """merged: several convolutions of one input as a single one."""

    @pytest.mark.parametrize("groups", [1, 2])
    def test_gives_their_outputs_side_by_side(self, groups):
        torch.manual_seed(0)
        x, (_, second) = torch.randn(2, 4 * groups, 5, 6).double(), convolutions(groups, 1)
        weight, bias = merged(second)
        result = F.conv2d(x, weight, bias, padding=1, groups=groups).unflatten(1, (groups, 2, -1))
        for i, conv in enumerate(second):
            torch.testing.assert_close(result[:, :, i].flatten(1, 2), conv(x))
