"""Claims about the part metrics: hand counts first, laws second, errors third."""

import math

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.evaluation.part_metrics import (
    object_pixel_accuracy,
    part_accuracy,
    part_confusion,
    part_iou,
    part_miou,
    score_parts,
)
from ipose.testing.claims import law


def maps(*rows: str) -> torch.Tensor:
    """One map a string, rows separated by blanks: "12 00" is a 2x2 map."""
    return torch.tensor([[[int(x) for x in line] for line in row.split()] for row in rows], dtype=torch.uint8)


def random_maps(seed: int, count: int = 3, top: int = 9) -> torch.Tensor:
    return torch.randint(0, top, (count, 5, 5), generator=torch.Generator().manual_seed(seed))


TRUE = maps("1100 1120 0220 0000")  # 4 pixels of part 1, 3 of part 2, 9 of none
PREDICTED = maps("1000 1120 0110 0003")  # right: 3 of part 1, 1 of part 2, 8 of none


class TestHandCounts:
    """The three metrics on one 4x4 object, counted by hand."""

    def test_ac_counts_background_pixels_too(self):
        assert part_accuracy(PREDICTED, TRUE).item() == pytest.approx(12 / 16)

    def test_object_pixels_leave_the_background_out(self):
        assert object_pixel_accuracy(PREDICTED, TRUE, TRUE > 0).item() == pytest.approx(4 / 7)

    def test_predicting_no_part_on_a_pixel_of_a_part_is_wrong(self):
        assert object_pixel_accuracy(torch.zeros_like(TRUE), TRUE, TRUE > 0).item() == 0

    def test_a_hole_in_the_annotation_wants_no_part(self):
        whole_frame = torch.ones_like(TRUE, dtype=torch.bool)
        assert object_pixel_accuracy(TRUE, TRUE, whole_frame).item() == 1
        assert object_pixel_accuracy(TRUE.clamp(min=1), TRUE, whole_frame).item() == pytest.approx(7 / 16)

    def test_iou_of_each_channel(self):
        iou = part_iou(part_confusion(PREDICTED, TRUE))
        # common, true, predicted pixels: background 8, 9, 9; part 1: 3, 4, 5; part 2: 1, 3, 1; part 3: 0, 0, 1
        assert iou[:4].tolist() == pytest.approx([8 / 10, 3 / 6, 1 / 3, 0])
        assert all(math.isnan(value) for value in iou[4:])

    def test_miou_leaves_the_background_out_and_counts_a_part_that_is_only_predicted(self):
        assert part_miou(part_confusion(PREDICTED, TRUE)).item() == pytest.approx((3 / 6 + 1 / 3 + 0) / 3)

    def test_confusion_has_the_truth_in_its_rows(self):
        confusion = part_confusion(PREDICTED, TRUE)
        assert confusion[2, 1] == 2
        assert confusion[1, 2] == 0
        assert confusion.sum() == 16


class TestLaws:
    """What holds for all part maps."""

    @law(seed=st.integers(0, 999))
    def test_the_truth_scores_one(self, seed):
        true = random_maps(seed)
        assert part_accuracy(true, true) == 1
        assert part_miou(part_confusion(true, true)) == 1

    @law(seed=st.integers(0, 999))
    def test_objects_are_pooled_not_averaged(self, seed):
        predicted, true = random_maps(seed), random_maps(seed + 1)
        whole = part_confusion(predicted, true)
        assert torch.equal(whole, sum(part_confusion(p, t) for p, t in zip(predicted, true, strict=True)))

    @law(seed=st.integers(0, 999), names=st.permutations(range(1, 9)))
    def test_renaming_the_parts_in_both_changes_no_metric(self, seed, names):
        predicted, true = random_maps(seed), random_maps(seed + 1)
        renamed = torch.tensor([0, *names])
        assert part_accuracy(renamed[predicted], renamed[true]) == part_accuracy(predicted, true)
        again = part_miou(part_confusion(renamed[predicted], renamed[true]))
        assert again.item() == pytest.approx(part_miou(part_confusion(predicted, true)).item())


class TestScoreParts:
    """score_parts sorts objects by category and means over categories, basis and novel apart."""

    def scores(self):
        true = torch.cat([TRUE, TRUE, TRUE])
        predicted = torch.cat([PREDICTED, TRUE, torch.zeros_like(TRUE)])
        return score_parts(predicted, true, true > 0, ["cow", "cat", "dog"], novel=["cat", "zebra"])

    def test_each_category_is_scored_on_its_own_objects(self):
        scores = self.scores()
        assert scores["cow"] == pytest.approx((12 / 16, 4 / 7, (3 / 6 + 1 / 3 + 0) / 3))  # mIoU: of the whole frame
        assert scores["cat"] == (1, 1, 1)
        assert scores["dog"] == pytest.approx((9 / 16, 0, 0))

    def test_a_reading_inside_the_objects_counts_for_object_pixels_alone(self):
        blank = torch.zeros_like(TRUE)
        assert score_parts(blank, TRUE, TRUE > 0, ["cow"], inside=TRUE)["cow"] == pytest.approx((9 / 16, 1, 0))
        assert score_parts(TRUE, TRUE, TRUE > 0, ["cow"], inside=blank)["cow"] == pytest.approx((1, 0, 1))

    def test_macro_means_weigh_categories_alike_whatever_their_size(self):
        true = TRUE.expand(4, -1, -1)
        predicted = torch.cat([TRUE, TRUE, TRUE, torch.zeros_like(TRUE)])
        scores = score_parts(predicted, true, true > 0, ["cow"] * 3 + ["dog"])
        assert scores.groups()["basis"].object_pixels == pytest.approx(0.5)

    def test_ac_pooled_weighs_objects_alike_and_the_macro_mean_categories(self):
        """Given three cows without an error and one dog with 7 of 16 pixels wrong: 57 of 64 pixels are right."""
        true = TRUE.expand(4, -1, -1)
        predicted = torch.cat([TRUE, TRUE, TRUE, torch.zeros_like(TRUE)])
        scores = score_parts(predicted, true, true > 0, ["cow"] * 3 + ["dog"])
        assert scores.pooled() == {"basis": pytest.approx(57 / 64)}
        assert scores.groups()["basis"].ac == pytest.approx((1 + 9 / 16) / 2)
        assert scores.to_dict()["ac_pooled"] == scores.pooled()

    def test_novel_categories_are_pooled_apart(self):
        scores = self.scores()
        assert set(scores.pooled()) == {"basis", "novel"}
        assert scores.pooled()["novel"] == scores["cat"].ac == 1
        assert scores.pooled_ac(["sofa"]) is None

    def test_novel_categories_stay_out_of_the_basis_mean(self):
        groups = self.scores().groups()
        assert groups["basis"].object_pixels == pytest.approx((4 / 7 + 0) / 2)
        assert groups["novel"].object_pixels == 1

    def test_without_novel_categories_there_is_no_novel_mean(self):
        assert set(score_parts(TRUE, TRUE, TRUE > 0, ["cow"]).groups()) == {"basis"}

    def test_plain_values_hold_categories_and_means(self):
        data = self.scores().to_dict()
        assert data["categories"]["cow"]["object_pixels"] == pytest.approx(4 / 7)
        assert data["categories"]["cat"]["novel"] is True
        assert data["macro"]["novel"]["ac"] == 1

    def test_a_category_that_was_not_scored_is_named(self):
        with pytest.raises(ConfigError, match=r"'sofa'.*cow, cat, dog"):
            self.scores()["sofa"]

    def test_a_part_id_of_nine_is_refused(self):
        with pytest.raises(ShapeMismatchError, match=r"found 0..9, expected 0..8"):
            part_accuracy(maps("09 00"), maps("00 00"))

    def test_every_object_needs_a_category(self):
        with pytest.raises(ShapeMismatchError, match="every object needs its category"):
            score_parts(TRUE, TRUE, TRUE > 0, [])
