"""The descriptor equals SAFM's; map, bins and answer come from the golden file and its metadata alone."""

import torch

from ipose.shapes.position_descriptor import PositionBins, position_descriptor

DIFFERING_PIXELS = 0.01
"""Share of object pixels that may differ: where a distance or angle lies on a bin's edge, rounding may put it in the
next bin. On the file at hand none does."""


def test_the_descriptor_is_the_golden_one(golden_file, device):
    golden = golden_file("spd")
    instance = golden["in.instance"]
    found = position_descriptor(instance.to(device), PositionBins(**golden.config)).cpu()
    expected = golden["out.spd"]
    assert found.shape == expected.shape
    differs = ((found - expected).abs() > 1e-5).any(0)
    assert differs[instance > 0].float().mean() <= DIFFERING_PIXELS
    assert not differs[instance == 0].any()


def test_an_edge_that_flips_moves_a_pixels_share_to_a_neighbouring_bin_and_no_further(golden_file):
    """Even where it differs, little of a histogram may move: most of it lies inside the bins."""
    golden = golden_file("spd")
    found = position_descriptor(golden["in.instance"], PositionBins(**golden.config))
    moved = (found - golden["out.spd"]).abs().sum(0) / 2
    assert moved.max() <= 0.1
    torch.testing.assert_close(found.sum(0), golden["out.spd"].sum(0), atol=1e-5, rtol=0)
