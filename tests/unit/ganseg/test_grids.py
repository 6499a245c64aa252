"""Grids are the release's to the last pixel, and the pixel-centre grids of all sizes nest."""

import pytest
import torch

from ipose.ganseg.heatmaps import axis, crop, double_within_margin, pixel_grid
from ipose.reference import part_heatmaps as reference


class TestAxis:
    """Coordinates of an axis of pixels, margin included."""

    @pytest.mark.parametrize("kind", ["release", "pixel-centre"])
    @pytest.mark.parametrize(("size", "margin"), [(8, 0), (8, 10), (128, 10), (32, 3)])
    def test_agrees_with_the_loops(self, size, margin, kind):
        expected = torch.tensor(reference.axis(size, margin, kind))
        torch.testing.assert_close(axis(size, margin, kind), expected, atol=1e-6, rtol=1e-6)

    def test_the_releases_ends_are_the_first_and_last_pixel(self):
        line = axis(32)
        assert (line[0], line[-1]) == (-1, 1)
        assert axis(32, 10)[-1].item() == pytest.approx(1 + 20 / 31)

    def test_a_coarse_pixel_of_the_pixel_centre_grid_is_the_middle_of_four_fine_ones(self):
        coarse, fine = axis(8, 2, "pixel-centre"), axis(16, 4, "pixel-centre")
        torch.testing.assert_close(coarse, fine.view(-1, 2).mean(1))

    def test_of_the_release_it_is_not(self):
        assert (axis(8, 2) - axis(16, 4).view(-1, 2).mean(1)).abs().max() > 0.01


def test_a_grid_holds_row_then_column():
    grid = pixel_grid(4)
    assert (grid[3, 0, 0], grid[3, 0, 1]) == (1, -1)


class TestMarginAndDoubling:
    """Doubling keeps the margin's width, and what it shows of the image is the image doubled."""

    def test_sizes_are_those_of_the_paper(self):
        assert double_within_margin(torch.zeros(1, 1, 52, 52), 10).shape[-1] == 64 + 20
        assert double_within_margin(torch.zeros(1, 1, 84, 84), 10).shape[-1] == 128 + 20

    def test_without_a_margin_nothing_is_cut(self):
        x = torch.rand(1, 2, 4, 4)
        assert crop(x, 0) is x
        assert torch.equal(crop(x, 1), x[..., 1:-1, 1:-1])

    def test_a_slope_stays_a_slope_of_half_the_step(self):
        x = torch.arange(12.0)[:, None].expand(1, 1, 12, 12).clone()
        doubled = double_within_margin(x, 3)[0, 0, :, 5]
        torch.testing.assert_close(doubled.diff(), torch.full((17,), 0.5))
