"""Unnamed parts find their labels, whatever their numbers are."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ShapeMismatchError
from ipose.evaluation.part_matching import majority_parts, match_parts, overlap_counts
from ipose.testing.claims import law


def maps(seed, highest, n=2, side=6):
    return torch.randint(0, highest + 1, (n, side, side), generator=torch.Generator().manual_seed(seed))


class TestOverlapCounts:
    """Pixels of each pair of ids."""

    def test_by_hand(self):
        found, true = torch.tensor([[[0, 1, 1]]]), torch.tensor([[[2, 2, 0]]])
        assert overlap_counts(found, true, 1, 2).tolist() == [[0, 0, 1], [1, 0, 1]]

    def test_ids_beyond_are_refused(self):
        with pytest.raises(ShapeMismatchError, match=r"found part ids out of range: found 0\.\.3, expected 0\.\.2"):
            overlap_counts(torch.tensor([[[0, 3]]]), torch.tensor([[[0, 1]]]), 2, 1)


class TestMatchParts:
    """One to one, by the largest sum of IoU."""

    @law(seed=st.integers(0, 99), order=st.permutations([1, 2, 3, 4]))
    def test_renumbered_parts_are_all_found(self, seed, order):
        true = maps(seed, 4, side=12)
        found = torch.tensor([0, *order])[true]
        matching = match_parts(overlap_counts(found, true, 4, 4))
        assert matching.matched_iou == pytest.approx(1)
        assert torch.equal(matching.relabelled(found), true)

    def test_the_best_sum_wins_over_the_best_pair(self):
        true = torch.tensor([[[1] * 6 + [2] * 4]])
        found = torch.tensor(
            [[[1] * 5 + [2] + [1] * 4]]
        )  # the best pair is (1, 1) with 5/10, which leaves (2, 2) with 0
        matching = match_parts(overlap_counts(found, true, 2, 2))
        assert matching.label_of == (2, 1)
        total = sum(iou for *_, iou in matching.table(["a", "b"], ["x", "y"]))
        assert total == pytest.approx(4 / 9 + 1 / 6, abs=1e-6)

    def test_background_on_either_side_counts_in_the_union(self):
        true, found = torch.tensor([[[1, 1, 1, 0, 0]]]), torch.tensor([[[1, 1, 0, 1, 0]]])
        assert match_parts(overlap_counts(found, true, 1, 1)).iou.item() == pytest.approx(2 / 4)

    def test_more_parts_than_labels_leave_some_without(self):
        true = torch.tensor([[[1, 1, 0, 0]]])
        found = torch.tensor([[[1, 1, 2, 0]]])
        matching = match_parts(overlap_counts(found, true, 3, 1))
        assert matching.label_of == (1, 0, 0)
        assert matching.relabelled(found).tolist() == [[[1, 1, 0, 0]]]

    def test_a_label_without_a_part_counts_0(self):
        true = torch.tensor([[[1, 2]]])
        assert match_parts(overlap_counts(torch.tensor([[[1, 0]]]), true, 1, 2)).matched_iou == pytest.approx(0.5)


class TestMajority:
    """Many to one, by the most pixels."""

    @law(seed=st.integers(0, 99), shares=st.permutations([1, 2, 3, 1, 2]))
    def test_parts_cut_finer_than_the_labels_are_all_right(self, seed, shares):
        found = maps(seed, 5, side=12)
        true = torch.tensor([0, *shares])[found]
        matching = majority_parts(overlap_counts(found, true, 5, 3))
        assert matching.label_of == tuple(shares)
        assert matching.matched_iou == pytest.approx(1)
        assert torch.equal(matching.relabelled(found), true)

    def test_by_hand(self):
        """Part 1 has 3 pixels of background, 1 of label 1 and 2 of label 2; part 2 has one of label 2; part 3 none."""
        found = torch.tensor([[[1, 1, 1, 1, 1, 1, 2, 3, 0]]])
        true = torch.tensor([[[0, 0, 0, 1, 2, 2, 2, 0, 2]]])
        matching = majority_parts(overlap_counts(found, true, 4, 2))
        assert matching.label_of == (2, 2, 0, 0)
        assert matching.matched_iou == pytest.approx(3 / 8 / 2), (
            "3 shared, 7 found and one more true pixel; label 1 has 0"
        )


class TestBaseline:
    """`one_part` is what one part that covers the true foreground would reach."""

    def test_by_hand(self):
        true = torch.tensor([[[0, 1, 1, 1], [0, 2, 0, 0]]])
        found = (true > 0).long()
        matching = match_parts(overlap_counts(found, true, 1, 2))
        assert matching.one_part == pytest.approx(3 / 4 / 2)
        assert matching.matched_iou == pytest.approx(matching.one_part)

    def test_nothing_labelled(self):
        assert match_parts(overlap_counts(torch.zeros(1, 2, 2).long(), torch.zeros(1, 2, 2).long(), 1, 1)).one_part == 0
