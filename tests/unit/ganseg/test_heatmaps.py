"""Heatmaps keep their contract; grids are the release's to the last pixel, and the pixel-centre grids nest."""

import math

import pytest
import torch

from ipose.ganseg.heatmaps import (
    axis,
    crop,
    disk_areas,
    doubled,
    part_centres,
    part_heatmaps,
    part_scales,
    pixel_grid,
)
from ipose.reference import part_heatmaps as reference
from ipose.testing import PartHeatmapsContract


def fast(points, parts, size, margin, kind, mode):
    scales = part_scales(points, parts, mode)
    return part_heatmaps(part_centres(points, parts), scales, pixel_grid(size, margin, kind).to(points), mode)


class TestPartHeatmaps(PartHeatmapsContract):
    """The fast version.

    Claims of PartHeatmapsContract: agrees with the loops; lies between 0 and 1; is 1 at the centre; a cone is 0 beyond
    its scale; rows are first; the order of a parts points does not matter; the margin only adds pixels around.
    """

    implementation = staticmethod(fast)


class TestReference(PartHeatmapsContract):
    """The loops."""

    implementation = staticmethod(lambda points, *settings: reference.part_heatmaps(points.cpu(), *settings))


class TestScales:
    """How far a part reaches, by hand: four points at distance 5, half of them 3 down and 4 right."""

    points = torch.tensor([[[0.3, 0.4], [-0.3, -0.4], [0.3, -0.4], [-0.3, 0.4]]])

    @pytest.mark.parametrize(
        ("mode", "scale"), [("cone", 0.35 + 1e-6), ("gauss-var", 1e-6), ("gauss-paper", (math.sqrt(4 * 0.25) / 3) ** 2)]
    )
    def test_of_a_hand_count(self, mode, scale):
        assert part_scales(self.points, 1, mode).item() == pytest.approx(scale, rel=1e-4, abs=1e-9)

    def test_a_disk_is_as_wide_as_the_spread(self):
        assert disk_areas(self.points, 1, 20).item() == pytest.approx(math.pi * 3.5**2)

    @pytest.mark.parametrize("mode", ["cone", "gauss-var", "gauss-paper"])
    def test_points_in_one_place_give_finite_maps_and_gradients(self, mode):
        points = torch.zeros(1, 4, 2, requires_grad=True)
        scales = part_scales(points, 1, mode)
        maps = part_heatmaps(part_centres(points, 1), scales, pixel_grid(9), mode)
        (maps.sum() + scales.sum()).backward()
        assert maps.isfinite().all()
        assert points.grad.isfinite().all()


def swapped(points, *settings):
    return fast(points, *settings).transpose(-1, -2)


def squared_cone(points, parts, size, margin, kind, mode):
    maps = fast(points, parts, size, margin, kind, mode)
    return maps.square() if mode == "cone" else maps


def interleaved(points, parts, *settings):
    return fast(points.unflatten(1, (-1, parts)).transpose(1, 2).flatten(1, 2), parts, *settings)


@pytest.mark.parametrize("wrong", [swapped, squared_cone, interleaved])
def test_the_contract_refuses(wrong, device):
    class Planted(PartHeatmapsContract):
        implementation = staticmethod(wrong)

    with pytest.raises(AssertionError):
        Planted().test_agrees_with_the_loops(device=device, kind="release", mode="cone")


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
        assert doubled(torch.zeros(1, 1, 52, 52), 10, 10).shape[-1] == 64 + 20
        assert doubled(torch.zeros(1, 1, 84, 84), 10, 10).shape[-1] == 128 + 20

    def test_without_a_margin_nothing_is_cut(self):
        x = torch.rand(1, 2, 4, 4)
        assert crop(x, 0) is x
        assert torch.equal(crop(x, 1), x[..., 1:-1, 1:-1])

    def test_a_slope_stays_a_slope_of_half_the_step(self):
        x = torch.arange(12.0)[:, None].expand(1, 1, 12, 12).clone()
        slope = doubled(x, 3, 3)[0, 0, :, 5]
        torch.testing.assert_close(slope.diff(), torch.full((17,), 0.5))

    def test_of_a_narrower_margin_it_shows_the_same(self):
        x = torch.rand(1, 2, 12, 12)
        assert torch.equal(doubled(crop(x, 2), 3, 4), crop(doubled(x, 5, 5), 1))
