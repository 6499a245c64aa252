"""What any geometric score must do: laws first, then the numbers that tell this formula from its neighbours."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import Tensor

from ipose.errors import EmptyShapeError
from ipose.reference import geometric_score as reference
from ipose.testing.claims import Contract, interface, law, paper_method
from ipose.testing.shape_strategies import coverages, object_shapes


def bar(rows: tuple[int, int], cols: tuple[int, int], side: int = 8) -> Tensor:
    """A rectangle [rows) x [cols) of ones in a square frame."""
    shape = torch.zeros(side, side)
    shape[rows[0] : rows[1], cols[0] : cols[1]] = 1
    return shape


class GeometricScoreContract(Contract):
    """The geometric score ranks shapes by likeness: 0 is identical, lower is more alike.

    `implementation` takes two float tensors (s, s) and returns a scalar tensor.
    """

    @law(a=object_shapes(), b=object_shapes())
    @interface
    def test_does_not_depend_on_which_shape_comes_first(self, device: torch.device, a: Tensor, b: Tensor) -> None:
        a, b = a.to(device), b.to(device)
        assert self.implementation(a, b).item() == self.implementation(b, a).item()

    @law(a=object_shapes(), b=object_shapes())
    @interface
    def test_is_0_for_equal_shapes_and_for_no_others(self, device: torch.device, a: Tensor, b: Tensor) -> None:
        a, b = a.to(device), b.to(device)
        assert self.implementation(a, a).item() == 0
        assert (self.implementation(a, b).item() == 0) == torch.equal(a, b)

    @law(a=object_shapes(), b=object_shapes())
    @paper_method("squared difference over the larger area (iPOSE suppl. eq. 9)")
    def test_lies_between_0_and_2(self, device: torch.device, a: Tensor, b: Tensor) -> None:
        assert 0 <= self.implementation(a.to(device), b.to(device)).item() <= 2

    @law(a=object_shapes(), b=object_shapes(), border=st.integers(1, 4))
    @interface
    def test_does_not_depend_on_empty_border(self, device: torch.device, a: Tensor, b: Tensor, border: int) -> None:
        inside = self.implementation(a.to(device), b.to(device)).item()
        padded = self.implementation(F.pad(a, [border] * 4).to(device), F.pad(b, [border] * 4).to(device)).item()
        assert padded == pytest.approx(inside)

    @law(a=coverages(), b=coverages())
    @paper_method("squared difference over the larger area (iPOSE suppl. eq. 9)")
    def test_matches_the_literal_reference(self, device: torch.device, a: Tensor, b: Tensor) -> None:
        found = self.implementation(a.to(device), b.to(device)).item()
        assert found == pytest.approx(reference.geometric_score(a, b), abs=1e-12)

    @paper_method("squared difference over the larger area (iPOSE suppl. eq. 9)")
    def test_is_2_for_disjoint_shapes_of_equal_area(self, device: torch.device) -> None:
        left, right = bar((0, 8), (0, 4)).to(device), bar((0, 8), (4, 8)).to(device)
        assert self.implementation(left, right).item() == 2

    @paper_method("squared difference over the larger area (iPOSE suppl. eq. 9)")
    def test_matches_a_hand_count_on_two_bars(self, device: torch.device) -> None:
        """2x4 bars that share 2x2: 8 pixels differ, area 8."""
        a, b = bar((0, 2), (0, 4)).to(device), bar((0, 2), (2, 6)).to(device)
        assert self.implementation(a, b).item() == pytest.approx(8 / 8)

    @paper_method("the larger area is below the line (iPOSE suppl. eq. 9)")
    def test_divides_by_the_larger_area_not_by_the_smaller_or_the_union(self, device: torch.device) -> None:
        """2x2 inside 2x6: 8 differ, areas 4 and 12; 2x2 beside 2x4: 12 differ, areas 4 and 8, union 12."""
        small = bar((0, 2), (0, 2)).to(device)
        assert self.implementation(small, bar((0, 2), (0, 6)).to(device)).item() == pytest.approx(8 / 12)
        assert self.implementation(small, bar((0, 2), (2, 6)).to(device)).item() == pytest.approx(12 / 8)

    @paper_method("differences are squared (iPOSE suppl. eq. 9)")
    def test_squares_soft_differences(self, device: torch.device) -> None:
        """Half coverage everywhere against full: 64 * 0.25 over 64."""
        full = bar((0, 8), (0, 8)).to(device)
        assert self.implementation(full / 2, full).item() == pytest.approx(0.25)

    @paper_method("squared difference over the larger area (iPOSE suppl. eq. 9)")
    def test_one_empty_shape_is_as_far_as_the_other_is_large(self, device: torch.device) -> None:
        full = bar((0, 8), (0, 8)).to(device)
        assert self.implementation(full * 0, full).item() == 1

    @interface
    def test_refuses_two_empty_shapes(self, device: torch.device) -> None:
        empty = torch.zeros(4, 4, device=device)
        with pytest.raises(EmptyShapeError, match="Drop empty crops"):
            self.implementation(empty, empty)
