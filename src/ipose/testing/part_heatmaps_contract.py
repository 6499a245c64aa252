"""Contract of part heatmaps: points in, a heatmap for each part out.

Subclass it and set `implementation`: called as heatmaps(points, parts, size, margin, grid kind, mode), it returns
(b, k, size + 2 margin, size + 2 margin). In float64, on the CPU or `device`.
"""

from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from ipose.reference import part_heatmaps as reference
from ipose.testing.claims import Contract, interface, law, paper_method

MODES = ("cone", "gauss-var", "gauss-paper")
GRIDS = ("release", "pixel-centre")


class PartHeatmapsContract(Contract):
    """A part is 1 at its centre and fades with the distance; its points say how far."""

    def _maps(self, points: Tensor, device: torch.device, *settings: Any) -> Tensor:
        maps: Tensor = type(self).implementation(points.to(device), *settings)
        return maps.cpu().double()

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("kind", GRIDS)
    @paper_method("heatmaps of points (GANSeg eqs. 1-4; cones: the release)")
    def test_agrees_with_the_loops(self, device: torch.device, kind: str, mode: str) -> None:
        points = some_points(seed=1, images=2, parts=3)
        expected = reference.part_heatmaps(points, 3, 8, 2, kind, mode)
        torch.testing.assert_close(self._maps(points, device, 3, 8, 2, kind, mode), expected, atol=1e-5, rtol=1e-4)

    @pytest.mark.parametrize("mode", MODES)
    @law(seed=st.integers(0, 999), spread=st.floats(0.05, 0.9))
    @interface
    def test_lies_between_0_and_1(self, device: torch.device, mode: str, seed: int, spread: float) -> None:
        maps = self._maps(spread * some_points(seed, 1, 2), device, 2, 8, 0, "release", mode)
        assert maps.min() >= 0
        assert maps.max() <= 1

    @pytest.mark.parametrize("mode", MODES)
    @paper_method("heatmaps of points (GANSeg eqs. 1-4; cones: the release)")
    def test_is_1_at_the_centre(self, device: torch.device, mode: str) -> None:
        around = torch.tensor([[-0.2, 0.1], [0.2, -0.1], [-0.3, -0.4], [0.3, 0.4]], dtype=torch.float64)
        pixel = torch.tensor([-1 + 3 * 2 / 8, -1 + 5 * 2 / 8], dtype=torch.float64)  # 3, 5 of nine pixels
        maps = self._maps((pixel + around)[None], device, 1, 9, 0, "release", mode)
        assert maps[0, 0, 3, 5] == pytest.approx(1, abs=1e-6)
        assert (maps > 1 - 1e-6).sum() == 1

    @law(seed=st.integers(0, 999))
    @paper_method("a cone as wide as the part's points (GANSeg's release)")
    def test_a_cone_is_0_beyond_its_scale(self, device: torch.device, seed: int) -> None:
        points = 0.4 * some_points(seed, 1, 1)
        maps = self._maps(points, device, 1, 16, 4, "release", "cone")
        own = [(float(row), float(column)) for row, column in points[0]]
        (row, column), reach = reference.centre(own), reference.scale(own, "cone")
        line = torch.tensor(reference.axis(16, 4, "release"), dtype=torch.float64)
        distance = ((line[:, None] - row).square() + (line - column).square()).sqrt()
        assert not maps[0, 0][distance > reach + 1e-6].any()
        assert (maps[0, 0][distance < reach - 1e-5] > 0).all()

    @pytest.mark.parametrize("mode", MODES)
    @interface
    def test_rows_are_first(self, device: torch.device, mode: str) -> None:
        low = torch.tensor([[0.8, -0.7], [0.6, -0.6], [0.8, -0.4], [0.7, -0.5]], dtype=torch.float64)  # below, left
        maps = self._maps(low[None], device, 1, 16, 0, "release", mode)
        assert maps[0, 0].sum(1).argmax() > 10
        assert maps[0, 0].sum(0).argmax() < 6

    @pytest.mark.parametrize("mode", MODES)
    @interface
    def test_the_order_of_a_parts_points_does_not_matter(self, device: torch.device, mode: str) -> None:
        points = some_points(5, 1, 2)
        turned = points[:, [3, 2, 1, 0, 5, 4, 7, 6]]
        one, other = (self._maps(p, device, 2, 8, 0, "release", mode) for p in (points, turned))
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)

    @pytest.mark.parametrize("mode", MODES)
    @interface
    def test_the_margin_only_adds_pixels_around(self, device: torch.device, mode: str) -> None:
        points = some_points(6, 1, 2)
        wide = self._maps(points, device, 2, 8, 3, "release", mode)
        inner = self._maps(points, device, 2, 8, 0, "release", mode)
        torch.testing.assert_close(wide[..., 3:-3, 3:-3], inner, atol=1e-6, rtol=1e-5)


def some_points(seed: int, images: int, parts: int) -> Tensor:
    """Points (images, 4 * parts, 2) in [-1, 1], float64."""
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(images, 4 * parts, 2, generator=generator, dtype=torch.float64) - 1
