"""Contracts of GANSeg's two losses on part masks. Subclass one and set `implementation` to the loss."""

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from ipose.reference import part_heatmaps
from ipose.reference import part_regions as reference
from ipose.testing.claims import Contract, interface, law, paper_method


class ConcentrationLossContract(Contract):
    """The nearer a mask's mass to its part's centre, the lower: called as loss(masks, centres, grid, reduction)."""

    def _loss(self, device: torch.device, *tensors: Tensor, over_parts: str = "mean") -> float:
        return float(type(self).implementation(*(tensor.to(device) for tensor in tensors), over_parts))

    @pytest.mark.parametrize("over_parts", ["mean", "sum"])
    @paper_method("the mean squared distance from the part's centre (GANSeg eq. 16)")
    def test_agrees_with_the_loops(self, device: torch.device, over_parts: str) -> None:
        masks, centres = masks_of(1, 2, 3), 2 * masks_of(2, 2, 3)[..., 0, :2] - 1
        expected = reference.concentration_loss(masks, centres, grid_of(5), over_parts)
        assert self._loss(device, masks, centres, grid_of(5), over_parts=over_parts) == pytest.approx(
            expected, rel=1e-4
        )

    @interface
    def test_is_0_where_every_mask_is_one_pixel_at_its_centre(self, device: torch.device) -> None:
        grid, masks = grid_of(5), torch.zeros(1, 2, 5, 5)
        masks[0, 0, 1, 4] = masks[0, 1, 3, 0] = 1
        centres = torch.stack([grid[1, 4], grid[3, 0]])[None]
        assert self._loss(device, masks, centres, grid) == pytest.approx(0, abs=1e-6)

    @interface
    def test_grows_with_the_distance(self, device: torch.device) -> None:
        grid, centres = grid_of(9), torch.zeros(1, 1, 2)
        losses = []
        for row in (4, 5, 6, 7):
            masks = torch.zeros(1, 1, 9, 9)
            masks[0, 0, row, 4] = 1
            losses.append(self._loss(device, masks, centres, grid))
        assert losses == pytest.approx([0, 1 / 16, 4 / 16, 9 / 16], abs=1e-4)

    @law(seed=st.integers(0, 999))
    @interface
    def test_a_batch_twice_gives_the_same(self, device: torch.device, seed: int) -> None:
        masks, centres = masks_of(seed, 2, 2), masks_of(seed + 1, 2, 2)[..., 0, :2]
        twice = [torch.cat([tensor, tensor]) for tensor in (masks, centres)]
        one = self._loss(device, masks, centres, grid_of(5))
        assert self._loss(device, *twice, grid_of(5)) == pytest.approx(one, rel=1e-4)

    @interface
    def test_a_mask_without_mass_costs_nothing(self, device: torch.device) -> None:
        assert self._loss(device, torch.zeros(1, 1, 5, 5), torch.ones(1, 1, 2), grid_of(5)) == 0


class AreaLossContract(Contract):
    """Pixels that a part's mask lacks: called as loss(masks, least)."""

    def _loss(self, device: torch.device, *tensors: Tensor) -> float:
        return float(type(self).implementation(*(tensor.to(device) for tensor in tensors)))

    @paper_method("the number of pixels that a part lacks (GANSeg eq. 17)")
    def test_agrees_with_the_loops(self, device: torch.device) -> None:
        masks, least = masks_of(1, 2, 3), 25 * masks_of(2, 2, 3)[..., 0, 0]
        assert self._loss(device, masks, least) == pytest.approx(reference.area_loss(masks, least), rel=1e-4)

    @law(seed=st.integers(0, 999))
    @interface
    def test_is_0_where_all_masks_are_large_enough(self, device: torch.device, seed: int) -> None:
        masks = masks_of(seed, 2, 3)
        assert self._loss(device, masks, masks.sum((2, 3)) - 0.01) == 0

    @interface
    def test_a_large_part_does_not_make_up_for_a_small_one(self, device: torch.device) -> None:
        masks = torch.zeros(1, 2, 4, 4)
        masks[0, 0] = 1
        assert self._loss(device, masks, torch.full((1, 2), 8.0)) == pytest.approx(8)

    @paper_method("the number of pixels that a part lacks (GANSeg eq. 17)")
    def test_images_are_averaged_and_parts_summed(self, device: torch.device) -> None:
        assert self._loss(device, torch.zeros(3, 2, 4, 4), torch.full((3, 2), 5.0)) == pytest.approx(10)


def masks_of(seed: int, images: int, parts: int, side: int = 5) -> Tensor:
    """Soft masks (images, parts, side, side) in [0, 1]."""
    return torch.rand(images, parts, side, side, generator=torch.Generator().manual_seed(seed))


def grid_of(size: int) -> Tensor:
    """(row, column) of the pixels of the release's grid."""
    line = torch.tensor(part_heatmaps.axis(size, 0, "release"))
    return torch.stack(torch.meshgrid(line, line, indexing="ij"), dim=-1)
