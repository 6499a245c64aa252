"""Heatmaps keep their contract, and the contract tells wrong formulas from right ones."""

import math

import pytest
import torch

from ipose.ganseg.heatmaps import disk_areas, part_centres, part_heatmaps, part_scales, pixel_grid
from ipose.reference import part_heatmaps as reference
from ipose.testing import PartHeatmapsContract


def fast(points, parts, size, margin, kind, mode):
    scales = part_scales(points, parts, mode)
    return part_heatmaps(part_centres(points, parts), scales, pixel_grid(size, margin, kind).to(points), mode)


class TestPartHeatmaps(PartHeatmapsContract):
    """The fast version."""

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
