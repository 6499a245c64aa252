"""What any shape-aware position descriptor must do: laws first, then hand counts that tell ring, sector and outline."""

import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import Tensor

from ipose.reference import position_descriptor as reference
from ipose.testing.claims import Contract, interface, law, paper_method
from ipose.testing.shape_strategies import object_shapes

RINGS, SECTORS = 6, 12
SELF = 5 * SECTORS + 6
"""Channel of an outline pixel around itself: the nearest ring, at the angle pi."""


def drawn(*rows: str) -> Tensor:
    """An instance map from rows of digits and dots."""
    return torch.tensor([[0 if c == "." else int(c) for c in row] for row in rows], dtype=torch.int32)


class PositionDescriptorContract(Contract):
    """The descriptor says where a pixel lies in its object's outline: a histogram over 6 rings of 12 sectors.

    `implementation` takes an instance map int32 (h, w) and returns float32 (72, h, w).
    """

    @law(shape=object_shapes())
    @interface
    def test_sums_to_1_on_objects_and_is_0_elsewhere(self, device: torch.device, shape: Tensor) -> None:
        found = self.implementation(shape.int().to(device))
        assert found.shape == (RINGS * SECTORS, *shape.shape)
        assert found.min() >= 0
        torch.testing.assert_close(found.sum(0), shape.to(device))
        assert not found[:, shape.to(device) == 0].any()

    @law(shape=object_shapes(), border=st.integers(1, 3))
    @interface
    def test_does_not_depend_on_where_the_object_lies(self, device: torch.device, shape: Tensor, border: int) -> None:
        moved = F.pad(shape, [border, 0, 1, border]).int().to(device)
        inside = self.implementation(moved)[:, 1 : 1 + len(shape), border:]
        torch.testing.assert_close(inside, self.implementation(shape.int().to(device)))

    @law(shape=object_shapes(), other=object_shapes())
    @interface
    def test_other_objects_and_their_numbers_do_not_matter(
        self, device: torch.device, shape: Tensor, other: Tensor
    ) -> None:
        scene = torch.where(shape > 0, 7, torch.where(other > 0, 3000, 0)).int().to(device)
        own = shape.to(device)
        torch.testing.assert_close(self.implementation(scene) * own, self.implementation(own.int()) * own)

    @law(shape=object_shapes())
    @paper_method("rings and sectors of the outline (SAFM; iPOSE suppl. table 11)")
    def test_turning_the_object_upside_down_turns_the_sectors(self, device: torch.device, shape: Tensor) -> None:
        """By half a turn, 6 sectors; an outline pixel's own place in its histogram has no direction to turn."""
        kept = torch.arange(RINGS * SECTORS, device=device) // SECTORS < RINGS - 1
        found = self.implementation(shape.int().to(device))
        turned = self.implementation(shape.flip(0, 1).int().to(device)).flip(1, 2)
        back = turned.unflatten(0, (RINGS, SECTORS)).roll(6, dims=1).flatten(0, 1)
        torch.testing.assert_close(back[kept], found[kept])

    @law(shape=object_shapes(side=5))
    @paper_method("rings and sectors of the outline (SAFM; iPOSE suppl. table 11)")
    def test_matches_the_literal_reference(self, device: torch.device, shape: Tensor) -> None:
        enlarged = shape.repeat_interleave(2, 0).int()
        found = self.implementation(enlarged.to(device)).cpu()
        torch.testing.assert_close(found, reference.position_descriptor(enlarged))

    @paper_method("rings and sectors of the outline (SAFM; iPOSE suppl. table 11)")
    def test_two_pixels_by_hand(self, device: torch.device) -> None:
        """Each sees the other as far as can be (ring 1): to the right is sector 0, to the left sector 6."""
        found = self.implementation(drawn("11").to(device))
        assert found[:, 0, 0].nonzero().flatten().tolist() == [0, SELF]
        assert found[:, 0, 1].nonzero().flatten().tolist() == [6, SELF]
        assert found[0, 0, 0] == 0.5

    @paper_method("rings and sectors of the outline (SAFM; iPOSE suppl. table 11)")
    def test_what_lies_below_is_in_sector_9_and_what_lies_above_in_sector_3(self, device: torch.device) -> None:
        found = self.implementation(drawn("1", "1").to(device))
        assert found[:, 0, 0].nonzero().flatten().tolist() == [9, SELF]
        assert found[:, 1, 0].nonzero().flatten().tolist() == [3, SELF]

    @paper_method("rings and sectors of the outline (SAFM; iPOSE suppl. table 11)")
    def test_rings_widen_from_a_sixteenth_of_the_largest_distance_to_all_of_it(self, device: torch.device) -> None:
        """In a bar of 17 pixels distance d is d/8 in the frame of the radii 0.125, 0.218, 0.379, 0.660, 1.149, 2."""
        found = self.implementation(drawn("1" * 17).to(device))[:, 0, 0] * 17
        to_the_right = found.unflatten(0, (RINGS, SECTORS))[:, 0].round().int().tolist()
        assert to_the_right == [7, 4, 2, 2, 0, 1]  # 10..16, 6..9, 4..5, 2..3, none, 1

    @paper_method("rings and sectors of the outline (SAFM; iPOSE suppl. table 11)")
    def test_one_pixel_sees_itself(self, device: torch.device) -> None:
        found = self.implementation(drawn("...", ".1.", "...").to(device))
        assert found[:, 1, 1].nonzero().flatten().tolist() == [SELF]

    @paper_method("rings and sectors of the outline (SAFM; iPOSE suppl. table 11)")
    def test_the_middle_of_a_block_sees_its_eight_neighbours_and_not_itself(self, device: torch.device) -> None:
        middle = self.implementation(drawn("111", "111", "111").to(device))[:, 1, 1]
        assert middle[SELF] == 0
        assert sorted((middle * 8).tolist())[-8:] == [1] * 8

    @interface
    def test_no_object_has_no_descriptor(self, device: torch.device) -> None:
        assert not self.implementation(torch.zeros(2, 3, dtype=torch.int32, device=device)).any()

    @paper_method("rings and sectors of the outline (SAFM; iPOSE suppl. table 11)")
    def test_a_hole_has_no_outline(self, device: torch.device) -> None:
        """A filled block and the same with a hole in its middle have one outline, hence one descriptor."""
        block = torch.ones(7, 7, dtype=torch.int32, device=device)
        ring = block.clone()
        ring[2:5, 2:5] = 0
        torch.testing.assert_close(self.implementation(ring), self.implementation(block) * ring)
