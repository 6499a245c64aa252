"""Claims about mIoU and pixel accuracy."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.evaluation.semantic_metrics import semantic_confusion, semantic_scores
from ipose.testing.claims import law

pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")


def maps(seed: int, count: int = 3) -> list[tuple[torch.Tensor, torch.Tensor]]:
    draw = torch.Generator().manual_seed(seed)
    return [tuple(torch.randint(0, 4, (2, 5, 6), generator=draw)) for _ in range(count)]


class TestSemanticConfusion:
    """semantic_confusion counts a whole set into one matrix."""

    @law(seed=st.integers(0, 99))
    def test_equals_a_count_pixel_by_pixel(self, seed):
        expected = torch.zeros(4, 4, dtype=torch.int64)
        for predicted, true in maps(seed):
            for p, t in zip(predicted.flatten().tolist(), true.flatten().tolist(), strict=True):
                expected[t, p] += 1
        assert torch.equal(semantic_confusion(maps(seed), 4), expected)

    def test_of_nothing_is_empty(self):
        assert semantic_confusion([], 4).sum() == 0

    def test_refuses_ids_outside_the_classes_and_maps_of_other_sizes(self):
        small, strange = torch.zeros(2, 2).long(), torch.full((2, 2), 4)
        with pytest.raises(ShapeMismatchError, match="out of range"):
            semantic_confusion([(small, strange)], 4)
        with pytest.raises(ShapeMismatchError, match="differ in size"):
            semantic_confusion([(small, torch.zeros(3, 2).long())], 4)


class TestSemanticScores:
    """semantic_scores reads mIoU and accuracy off one matrix."""

    def test_matches_a_hand_count(self):
        # given classes 0 (3 pixels, 2 right), 1 (1 pixel, right), 2 that nobody asked for and nobody found
        scores = semantic_scores(torch.tensor([[2, 1, 0], [0, 1, 0], [0, 0, 0]]))
        assert scores.accuracy == pytest.approx(3 / 4)
        assert scores.miou == pytest.approx((2 / 3 + 1 / 2) / 2)
        assert scores.iou[2].isnan()
        assert scores.pixels == 4

    def test_an_ignored_class_has_no_iou_but_finding_it_is_wrong(self):
        # given class 1 with 4 pixels, one of them found to be the ignored class 0, whose own 7 pixels do not count
        scores = semantic_scores(torch.tensor([[2, 5], [1, 3]]), ignored_ids=(0,))
        assert scores.miou == pytest.approx(3 / 4)
        assert scores.accuracy == pytest.approx(3 / 4)
        assert scores.pixels == 4

    def test_is_of_the_set_and_not_a_mean_of_images(self):
        # given an image of class 0, all right, and a small one of class 1, all wrong
        pairs = [
            (torch.zeros(4, 4).long(), torch.zeros(4, 4).long()),
            (torch.zeros(1, 1).long(), torch.ones(1, 1).long()),
        ]
        assert semantic_scores(semantic_confusion(pairs, 2)).accuracy == pytest.approx(16 / 17)

    def test_of_nothing_is_nan(self):
        scores = semantic_scores(torch.zeros(2, 2, dtype=torch.int64))
        assert scores.accuracy != scores.accuracy
        assert scores.miou != scores.miou

    def test_refuses_to_ignore_what_is_no_class(self):
        with pytest.raises(ConfigError, match="no such class"):
            semantic_scores(torch.zeros(2, 2, dtype=torch.int64), ignored_ids=(2,))
