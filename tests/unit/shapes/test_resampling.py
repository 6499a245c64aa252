"""The tables behind resizing say what F.interpolate does, size by size."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

from ipose.shapes.resampling import bilinear_taps, nearest_index, scatter_taps
from ipose.testing.claims import law


class TestNearestIndex:
    """nearest_index picks the input position that F.interpolate picks."""

    @pytest.mark.parametrize("in_size", [1, 2, 29, 64, 97])
    def test_matches_interpolate_for_every_output_size(self, device, in_size):
        source = torch.arange(in_size, dtype=torch.float32, device=device)[None, None]
        sizes = torch.arange(1, 200, device=device)
        table = nearest_index(torch.arange(200, device=device).expand(199, -1), torch.full_like(sizes, in_size), sizes)
        for row, size in zip(table, sizes.tolist(), strict=True):
            assert torch.equal(row[:size].float(), F.interpolate(source, size=size, mode="nearest")[0, 0])

    def test_rounds_in_float32_as_the_release_does(self, device):
        """64 -> 82 at 41: 41 * 64 / 82 is exactly 32, but float32 falls short of it."""
        sizes = torch.tensor([64], device=device), torch.tensor([82], device=device)
        assert nearest_index(torch.tensor([[41]], device=device), *sizes).item() == 31


class TestBilinearTaps:
    """bilinear_taps gives the two positions and weights that F.interpolate blends."""

    @law(in_size=st.integers(1, 20), out_size=st.integers(1, 40), seed=st.integers(0, 99))
    def test_matches_interpolate(self, device, in_size, out_size, seed):
        source = torch.randn(in_size, 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(device)
        sizes = torch.tensor([in_size], device=device), torch.tensor([out_size], device=device)
        index, weight = bilinear_taps(torch.arange(out_size, device=device)[None], *sizes, torch.float64)
        blended = (source[:, 0][index[0]] * weight[0]).sum(1)
        expected = F.interpolate(source[None, None], size=(out_size, 1), mode="bilinear", align_corners=False)
        torch.testing.assert_close(blended, expected[0, 0, :, 0])

    @law(in_size=st.integers(1, 20), out_size=st.integers(1, 40))
    def test_weights_are_no_extrapolation(self, device, in_size, out_size):
        sizes = torch.tensor([in_size], device=device), torch.tensor([out_size], device=device)
        index, weight = bilinear_taps(torch.arange(60, device=device)[None], *sizes)
        assert (weight >= 0).all()
        torch.testing.assert_close(weight.sum(2), torch.ones(1, 60, device=device))
        assert 0 <= index.min() <= index.max() < in_size


def test_scatter_taps_adds_the_weights_of_equal_positions(device):
    index = torch.tensor([[[0, 0], [1, 2]]], device=device)
    weight = torch.tensor([[[0.25, 0.5], [0.75, 0.25]]], device=device)
    expected = torch.tensor([[[0.75, 0.0, 0.0], [0.0, 0.75, 0.25]]], device=device)
    assert torch.equal(scatter_taps(index, weight, 3), expected)
