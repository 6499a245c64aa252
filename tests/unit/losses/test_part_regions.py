"""Concentration and area keep their contracts, fast and in loops."""

import pytest
import torch

from ipose.losses.part_regions import area_loss, concentration_loss
from ipose.reference import part_regions as reference
from ipose.testing import AreaLossContract, ConcentrationLossContract


class TestConcentration(ConcentrationLossContract):
    """Claims of ConcentrationLossContract: agrees with the loops; is 0 where every mask is one pixel at its centre;
    grows with the distance; a batch twice gives the same; a mask without mass costs nothing.
    """

    implementation = staticmethod(concentration_loss)


class TestArea(AreaLossContract):
    """Claims of AreaLossContract: agrees with the loops; is 0 where all masks are large enough; a large part does not
    make up for a small one; images are averaged and parts summed.
    """

    implementation = staticmethod(area_loss)


class TestConcentrationLoops(ConcentrationLossContract):
    implementation = staticmethod(lambda *tensors: torch.tensor(reference.concentration_loss(*tensors)))


class TestAreaLoops(AreaLossContract):
    implementation = staticmethod(lambda *tensors: torch.tensor(reference.area_loss(*tensors)))


def mirrored(masks, centres, grid, over_parts="mean"):
    return concentration_loss(masks, -centres, grid, over_parts)


def pooled(masks, least):
    return (least.sum(1) - masks.sum((1, 2, 3))).clamp_min(0).mean()


@pytest.mark.parametrize(
    ("contract", "wrong", "claim"),
    [
        (ConcentrationLossContract, mirrored, "test_is_0_where_every_mask_is_one_pixel_at_its_centre"),
        (AreaLossContract, pooled, "test_a_large_part_does_not_make_up_for_a_small_one"),
    ],
)
def test_the_contracts_refuse(contract, wrong, claim, device):
    planted = type("Planted", (contract,), {"implementation": staticmethod(wrong)})()
    with pytest.raises(AssertionError):
        getattr(planted, claim)(device)
