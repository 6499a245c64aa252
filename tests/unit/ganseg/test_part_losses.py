"""The part losses count what equations 16 and 17 say: which pixels, mean or sum, and whose gradient they are."""

from dataclasses import replace

import pytest
import torch

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.ganseg.generator import GANSegOutput
from ipose.ganseg.part_losses import PartLosses

TWO = replace(TINY_GANSEG, parts=2, concentration_weight=1.0, area_weight=1 / 16)
"""Two parts at 32x32 pixels, where the weight of the area is 16 times as large: 1."""


def output(masks, points):
    """An output with these part masks (b, 2, 32, 32), a background of what is left, and these points (b, 8, 2)."""
    mask = torch.cat([masks, 1 - masks.sum(1, keepdim=True)], dim=1)
    nothing = torch.zeros(len(masks), 1, 32, 32)
    centres = points.unflatten(1, (2, 4)).mean(2)
    return GANSegOutput(nothing, mask, nothing, nothing, torch.full_like(masks, 0.25), points, centres)


def at(*pixels, value=1.0):
    """A mask (32, 32) with `value` at these pixels."""
    mask = torch.zeros(32, 32)
    for row, column in pixels:
        mask[row, column] = value
    return mask


def coordinate(index):
    """Of a pixel: -1 is the first and 1 the last of 32."""
    return 2 * index / 31 - 1


def around(*centres, spread=0.0):
    """Four points of each part: its centre, moved by `spread` in each direction."""
    moves = torch.tensor([[spread, 0.0], [-spread, 0.0], [0.0, spread], [0.0, -spread]])
    return torch.cat([torch.tensor(centre) + moves for centre in centres])[None]


class TestConcentration:
    """sum_p M(p) |x - p|^2 / (sum_p M(p) + 1e-6) of each part, then the mean over parts and images."""

    MASKS = torch.stack([at((0, 0), (0, 31), value=0.5), at((31, 31))])[None]
    POINTS = around((-1.0, -1.0), (1.0, 1.0))

    def test_a_hand_count(self):
        """Part 1: half of its mass at the centre, half 2 away: 0.5 * 0 + 0.5 * 4 = 2. Part 2: all at its centre."""
        assert PartLosses(TWO)(output(self.MASKS, self.POINTS))["concentration"].item() == pytest.approx(1, abs=1e-5)

    def test_the_weight_is_c_for_each_part(self):
        found = PartLosses(replace(TWO, concentration_weight=None, concentration_per_part=3.0))
        assert found(output(self.MASKS, self.POINTS))["concentration"].item() == pytest.approx(6, abs=1e-4)

    def test_the_papers_sum_over_parts(self):
        found = PartLosses(replace(TWO, concentration="sum"))(output(self.MASKS, self.POINTS))
        assert found["concentration"].item() == pytest.approx(2, abs=1e-5)

    def test_the_mean_over_images(self):
        masks = torch.cat([self.MASKS, torch.stack([at((0, 0)), at((31, 31))])[None]])
        found = PartLosses(TWO)(output(masks, self.POINTS.expand(2, -1, -1)))
        assert found["concentration"].item() == pytest.approx(0.5, abs=1e-5)

    def test_the_mass_of_a_part_does_not_count_but_where_it_is(self):
        found = PartLosses(TWO)(output(0.1 * self.MASKS, self.POINTS))
        assert found["concentration"].item() == pytest.approx(1, abs=1e-4)

    def test_the_background_does_not_count(self):
        """Its mask, everywhere else, is far from both centres."""
        masks = torch.stack([at((0, 0)), at((31, 31))])[None]
        assert PartLosses(TWO)(output(masks, self.POINTS))["concentration"].item() == pytest.approx(0, abs=1e-6)


class TestArea:
    """sum over parts of max(0, A - sum_p M(p)) in pixels, then the mean over images."""

    POINTS = torch.cat([around((0.0, 0.0), spread=0.25), around((0.5, 0.5), spread=0.5)], dim=1)
    DISKS = torch.pi * (0.125 * 16) ** 2, torch.pi * (0.25 * 16) ** 2
    """The mean absolute coordinate is half of the spread; half of the image's side is 16 pixels."""

    def test_a_hand_count_on_disks(self):
        """Part 1 has 2 of 12.6 pixels. Part 2 has 100 of 50.3, which is enough."""
        masks = torch.stack([at((3, 4), (5, 6)), torch.zeros(32, 32)])[None]
        masks[0, 1, 10:20, 10:20] = 1
        found = PartLosses(TWO)(output(masks, self.POINTS))["area"].item()
        assert found == pytest.approx(self.DISKS[0] - 2, rel=1e-5)

    def test_parts_are_summed_and_images_averaged(self):
        masks = torch.zeros(2, 2, 32, 32)
        masks[1] = 0.5
        found = PartLosses(TWO)(output(masks, self.POINTS.expand(2, -1, -1)))["area"].item()
        assert found == pytest.approx(sum(self.DISKS) / 2, rel=1e-5)

    def test_the_papers_target_is_the_sum_of_the_heatmap(self):
        """A quarter everywhere: 256 pixels for each part."""
        found = PartLosses(replace(TWO, area_target="heatmap"))(output(torch.zeros(1, 2, 32, 32), self.POINTS))
        assert found["area"].item() == pytest.approx(512)

    def test_without_points_there_is_none(self):
        found = PartLosses(replace(TWO, use_points=False))(output(torch.zeros(1, 2, 32, 32), self.POINTS))
        assert set(found) == {"concentration"}


class TestGradients:
    """Both losses move the masks and the points."""

    def gradients(self, term):
        masks = torch.full((1, 2, 32, 32), 0.01).requires_grad_()
        points = around((0.1, 0.2), (0.3, -0.4), spread=0.5).requires_grad_()
        PartLosses(TWO)(output(masks, points))[term].backward()
        return masks.grad, points.grad

    def test_concentration_pulls_masks_to_centres_and_centres_to_masks(self):
        masks, points = self.gradients("concentration")
        assert masks[0, 0, 17, 19] < 0 < masks[0, 0, 31, 0]  # descending: more at the centre, less far away
        assert (points[0, :4, 0] > 0).all()  # uniform masks have their mean in the middle
        assert (points[0, :4, 1] > 0).all()

    def test_area_makes_masks_larger_and_the_points_spread_smaller(self):
        masks, points = self.gradients("area")
        assert torch.equal(masks, -torch.ones_like(masks))
        assert points[0, 0, 0] > 0 > points[0, 1, 0]  # the first lies below the centre, the second above
        assert points[0, :4].sum(0).abs().max() < 1e-4  # the centre stays


def test_terms_of_weight_0_are_left_out():
    nothing = PartLosses(replace(TWO, concentration_weight=0.0, area_weight=0.0))
    assert nothing(output(torch.zeros(1, 2, 32, 32), around((0.0, 0.0), (0.0, 0.0)))) == {}
