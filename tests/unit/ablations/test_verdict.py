"""An ordering is claimed only where the gap of the means is larger than what the seeds alone change."""

import pytest
from hypothesis import strategies as st

from ipose.ablations.verdict import Spread, verdict
from ipose.testing.claims import law

VALUES = st.lists(st.floats(0, 100), min_size=2, max_size=4)


class TestSpread:
    """Mean and width over the seeds."""

    def test_by_hand(self):
        spread = Spread((86.0, 87.0, 89.0))
        assert spread.mean == pytest.approx(262 / 3)
        assert spread.width == 3.0

    def test_one_value_has_no_width(self):
        assert Spread((5.0,)).width == 0


class TestVerdict:
    """Gap against the larger width of the two rows."""

    def test_a_gap_beyond_both_widths_is_an_ordering(self):  # means 90.5 and 89.0, widths 1 and 0.4
        found = verdict([90.0, 91.0], [88.8, 89.2], higher_is_better=True)
        assert (found.gap, found.spread, found.word) == (pytest.approx(1.5), pytest.approx(1.0), "better")

    def test_a_gap_within_the_larger_width_is_none(self):  # means 90.5 and 89.6: 0.9 < 1, though the ranges are apart
        assert verdict([90.0, 91.0], [89.5, 89.7], higher_is_better=True).word == "within the spread"

    def test_the_reference_s_width_counts_as_the_row_s_does(self):
        assert verdict([90.5, 90.5], [87.0, 91.0], higher_is_better=True).word == "within the spread"

    def test_a_gap_as_large_as_the_width_is_none(self):
        assert verdict([1.0, 2.0], [0.5, 0.5], higher_is_better=True).word == "within the spread"

    def test_smaller_distances_are_better(self):
        assert verdict([40.0, 41.0], [45.0, 46.0], higher_is_better=False).word == "better"
        assert verdict([45.0, 46.0], [40.0, 41.0], higher_is_better=False).word == "worse"

    @pytest.mark.parametrize(("row", "reference"), [([90.0], [10.0]), ([90.0, 91.0], [10.0]), ([90.0], [10.0, 11.0])])
    def test_one_seed_orders_nothing(self, row, reference):
        found = verdict(row, reference, higher_is_better=True)
        assert found.word == "one seed"
        assert not found.is_claim

    @law(row=VALUES, reference=VALUES)
    def test_exchanging_the_rows_exchanges_the_words(self, row, reference):
        other = {"better": "worse", "worse": "better"}
        there, back = (verdict(*pair, higher_is_better=True).word for pair in ((row, reference), (reference, row)))
        assert back == other.get(there, there)

    @law(row=VALUES)
    def test_a_row_is_not_ordered_against_itself(self, row):
        assert verdict(row, row, higher_is_better=True).word == "within the spread"
