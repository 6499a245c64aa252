"""The shape-aware position descriptor: the contract for the fast and the literal version, outlines, bins, errors."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError
from ipose.reference import position_descriptor as reference
from ipose.shapes.position_descriptor import PositionBins, outer_contour, position_descriptor
from ipose.testing import PositionDescriptorContract, law, object_shapes
from ipose.testing.position_descriptor_contract import drawn


class TestPositionDescriptor(PositionDescriptorContract):
    """By Fourier transform, all pixels of an object at once."""

    implementation = staticmethod(position_descriptor)

    @law(
        shape=object_shapes(side=5),
        radius_bins=st.integers(2, 4),
        angle_bins=st.integers(1, 9),
        r_outer=st.sampled_from([0.7, 1.0, 2.0]),
    )
    def test_other_bins_match_the_literal_reference_too(self, device, shape, radius_bins, angle_bins, r_outer):
        bins = {"radius_bins": radius_bins, "angle_bins": angle_bins, "r_inner": 0.3, "r_outer": r_outer}
        found = position_descriptor(shape.int().to(device), PositionBins(**bins)).cpu()
        torch.testing.assert_close(found, reference.position_descriptor(shape.int(), **bins))

    def test_counts_stay_exact_on_a_large_object(self, device):
        """Given a disk of 200 pixels across, every histogram is made of whole outline pixels."""
        rows, cols = torch.meshgrid(torch.arange(200), torch.arange(200), indexing="ij")
        disk = (rows - 99.5).square() + (cols - 99.5).square() < 100**2
        found = position_descriptor(disk.int().to(device)).cpu()
        counts = found[:, disk] * int(outer_contour(disk).sum())
        torch.testing.assert_close(counts, counts.round(), atol=1e-3, rtol=0)


class TestReference(PositionDescriptorContract):
    """In plain loops.

    Claims of PositionDescriptorContract: sums to 1 on objects and is 0 elsewhere; does not depend on where the object
    lies; other objects and their numbers do not matter; turning the object upside down turns the sectors; matches the
    literal reference; two pixels by hand; what lies below is in sector 9 and what lies above in sector 3; rings widen
    from a sixteenth of the largest distance to all of it; one pixel sees itself; the middle of a block sees its eight
    neighbours and not itself; no object has no descriptor; a hole has no outline.
    """

    implementation = staticmethod(reference.position_descriptor)


class TestOuterContour:
    """The pixels of each piece that have one of their four neighbours outside the piece's outline."""

    @law(shape=object_shapes())
    def test_matches_the_literal_reference(self, device, shape):
        found = outer_contour((shape > 0).to(device)).nonzero().tolist()
        assert [tuple(pixel) for pixel in found] == reference.outer_contour(shape > 0)

    @law(seed=st.integers(0, 999))
    def test_matches_the_literal_reference_on_pieces_within_pieces(self, device, seed):
        shape = torch.rand(14, 14, generator=torch.Generator().manual_seed(seed)) < 0.45
        found = outer_contour(shape.to(device)).nonzero().tolist()
        assert [tuple(pixel) for pixel in found] == reference.outer_contour(shape)

    def test_a_piece_within_a_hole_has_an_outline_of_its_own(self, device):
        island = drawn("1111111", "1.....1", "1.111.1", "1.111.1", "1.111.1", "1.....1", "1111111") > 0
        expected = island.clone()
        expected[3, 3] = False  # the middle of the island
        assert torch.equal(outer_contour(island.to(device)).cpu(), expected)

    def test_pixels_that_touch_at_corners_are_one_piece_and_close_a_hole(self, device):
        """A hole that opens by a corner alone is a hole: in the second drawing, the pixels around it are inside."""
        ring = drawn("..1..", ".1.1.", "1...1", ".1.1.", "..1..") > 0
        assert torch.equal(outer_contour(ring.to(device)).cpu(), ring)
        filled = drawn("..1..", ".111.", "11.11", ".111.", "..1..") > 0
        inner = outer_contour(filled.to(device)).cpu()
        assert inner.sum() == 8
        assert not inner[1:4, 2].any()


@pytest.mark.parametrize(
    ("bins", "field"),
    [
        ({"radius_bins": 1}, "radius_bins"),
        ({"angle_bins": 0}, "angle_bins"),
        ({"r_inner": 0.0}, "r_inner"),
        ({"r_inner": 2.0}, "r_inner"),
    ],
)
def test_bins_that_cannot_be_are_refused(bins, field):
    with pytest.raises(ConfigError, match=rf"\[{field}\].*expected"):
        PositionBins(**bins)


def mirrored(instance):
    """Planted: the angle turns the other way."""
    return position_descriptor(instance).unflatten(0, (6, 12)).flip(1).roll(1, 1).flatten(0, 1)


def outward(instance):
    """Planted: rings counted from the nearest to the farthest."""
    return position_descriptor(instance).unflatten(0, (6, 12)).flip(0).flatten(0, 1)


@pytest.mark.parametrize(
    ("wrong", "claim"),
    [
        (mirrored, "test_what_lies_below_is_in_sector_9_and_what_lies_above_in_sector_3"),
        (outward, "test_rings_widen_from_a_sixteenth_of_the_largest_distance_to_all_of_it"),
    ],
)
def test_hand_counts_of_the_contract_reject(device, wrong, claim):
    planted = type("Planted", (PositionDescriptorContract,), {"implementation": staticmethod(wrong)})()
    getattr(TestPositionDescriptor(), claim)(device)
    with pytest.raises(AssertionError):
        getattr(planted, claim)(device)
