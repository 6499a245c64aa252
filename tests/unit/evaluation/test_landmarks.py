"""Landmarks from part centres, and foreground IoU: exact where the answer is known."""

import pytest
import torch

from ipose.errors import DataError
from ipose.evaluation.landmarks import (
    edge_length_error,
    foreground_iou,
    landmark_error,
    soft_part_centres,
    taichi_error,
)


def centres(count, parts=3, seed=0):
    return 128 * torch.rand(count, parts, 2, generator=torch.Generator().manual_seed(seed))


class TestSoftPartCentres:
    """The mean place of a part, from 0 to the image's size."""

    @pytest.mark.parametrize(("pixel", "place"), [((0, 0), (0, 0)), ((7, 0), (128, 0)), ((7, 7), (128, 128))])
    def test_of_a_part_of_one_pixel(self, pixel, place):
        logits = torch.zeros(1, 2, 8, 8)
        logits[0, 0] = 60
        logits[0, 1, pixel[0], pixel[1]] = 120
        torch.testing.assert_close(soft_part_centres(logits)[0, 0], torch.tensor(place).float(), atol=1e-2, rtol=0)

    def test_the_background_is_the_first_channel_and_no_part(self):
        """Given three parts, each one pixel on the diagonal, their centres come in the channels' order without it."""
        logits = torch.zeros(2, 4, 8, 8)
        logits[:, 0] = 60
        for part, pixel in ((1, 0), (2, 7), (3, 0)):
            logits[:, part, pixel, pixel] = 120 + part  # parts 1 and 3 share a pixel, which is then part 3's
        found = soft_part_centres(logits)
        assert found.shape == (2, 3, 2)
        torch.testing.assert_close(found[:, 1], torch.full((2, 2), 128.0), atol=1e-2, rtol=0)
        torch.testing.assert_close(found[:, 2], torch.zeros(2, 2), atol=1e-2, rtol=0)


class TestRegressions:
    """Landmarks that are a linear function of the centres are found exactly."""

    def test_celeba_without_bias(self):
        mix = torch.randn(6, 10, generator=torch.Generator().manual_seed(1))
        landmarks = [(centres(n, seed=n).flatten(1) @ mix).view(n, 5, 2) for n in (20, 8)]
        assert landmark_error(centres(20, seed=20), landmarks[0], centres(8, seed=8), landmarks[1]) < 1e-4

    def test_celeba_with_a_constant_needs_the_bias(self):
        mix = torch.randn(6, 10, generator=torch.Generator().manual_seed(1))
        landmarks = [(centres(n, seed=n).flatten(1) @ mix + 300).view(n, 5, 2) for n in (20, 8)]
        given = centres(20, seed=20), landmarks[0], centres(8, seed=8), landmarks[1]
        assert landmark_error(*given, bias=True) < 1e-4 < landmark_error(*given)

    def test_without_any_part_the_constant_is_the_mean_landmark(self):
        fit, test = torch.tensor([[[0.0, 0], [0, 2]], [[0, 0], [0, 6]]]), torch.tensor([[[0.0, 0], [0, 8]]])
        error = landmark_error(torch.zeros(2, 0, 2), fit, torch.zeros(1, 0, 2), test, bias=True)
        assert error == pytest.approx((0 + 4 / 8) / 2)

    def test_the_error_is_in_eye_distances(self):
        landmarks = torch.zeros(1, 2, 2)
        landmarks[0, 1, 1] = 4  # eyes 4 apart; no centre says anything, so (0, 0) is answered: errors 0 and 4
        nothing = torch.zeros(1, 1, 2)
        assert landmark_error(nothing, landmarks, nothing, landmarks) == pytest.approx(0.5)

    def test_each_image_counts_in_its_own_eye_distances(self):
        """Given eyes 4 and 2 apart and the answer (0, 0): errors of 0 and 4/4, of 2/2 and 4/2."""
        landmarks, nothing = torch.zeros(2, 2, 2), torch.zeros(2, 1, 2)
        landmarks[0, 1, 1], landmarks[1, 0, 1], landmarks[1, 1, 1] = 4, 2, 4
        assert landmark_error(nothing, landmarks, nothing, landmarks) == pytest.approx((0 + 1 + 1 + 2) / 4)

    def test_eyes_in_one_place_are_refused(self):
        with pytest.raises(DataError, match="eyes"):
            landmark_error(centres(5), torch.zeros(5, 5, 2), centres(5), torch.zeros(5, 5, 2))

    def test_taichi_ignores_missing_landmarks_in_fit_and_test(self):
        mix = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
        landmarks = [(centres(n, seed=n).flatten(1) @ mix + 50).view(n, 2, 2) for n in (20, 8)]
        landmarks[0][3, 0] = landmarks[1][2, 1, 0] = -1
        assert taichi_error(centres(20, seed=20), landmarks[0], centres(8, seed=8), landmarks[1]) < 1e-2

    @pytest.mark.parametrize(("distance", "expected"), [(False, 11.0), (True, 61**0.5)])
    def test_taichi_sums_absolute_errors_or_distances(self, distance, expected):
        # centres that say nothing: the identity joins the normal equations, which answer 4 * 10 / (4 + 1) = 8
        fit, test = torch.full((4, 1, 2), 10.0), torch.tensor([[[13.0, 14.0]]])
        found = taichi_error(torch.zeros(4, 1, 2), fit, torch.zeros(1, 1, 2), test, distance=distance)
        assert found == pytest.approx(expected)


class TestEdgeLengthError:
    """CUB: visible landmarks alone are fitted and judged, all of them alike, over the edge of the image."""

    def test_invisible_landmarks_are_left_out_of_fit_and_test(self):
        mix = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
        landmarks = [(centres(n, seed=n).flatten(1) @ mix + 50).view(n, 2, 2) for n in (20, 8)]
        landmarks[0][3, 0] = landmarks[1][2, 1] = -1
        given = centres(20, seed=20), landmarks[0], centres(8, seed=8), landmarks[1]
        assert edge_length_error(*given, edge=128) < 1e-4 < edge_length_error(*given, edge=128, bias=False)

    def test_matches_a_hand_count(self):
        # no centre: the mean (10, 10) is answered; 3 visible landmarks, 5, 5 and 0 away, on an edge of 100
        nothing = torch.zeros(2, 0, 2)
        fit = torch.tensor([[[8.0, 10], [10, 10]], [[12, 10], [10, 10]]])
        test = torch.tensor([[[13.0, 14], [-1, -1]], [[10, 5], [10, 10]]])
        assert edge_length_error(nothing, fit, nothing, test, edge=100) == pytest.approx((5 + 5 + 0) / 3 / 100)

    def test_nothing_visible_is_refused(self):
        with pytest.raises(DataError, match="no landmark is visible both"):
            edge_length_error(centres(3), -torch.ones(3, 2, 2), centres(3), torch.ones(3, 2, 2), edge=128)


class TestForegroundIoU:
    """Each image by itself."""

    def test_of_identical_disjoint_and_empty_masks(self):
        some, none = torch.tensor([[[0, 2], [1, 0]]]), torch.zeros(1, 2, 2, dtype=torch.int64)
        assert foreground_iou(some, some) == pytest.approx(1, abs=1e-5)
        assert foreground_iou(some, (some == 0).long()) == 0
        assert foreground_iou(none, none) == 0

    def test_images_count_alike(self):
        ours = torch.tensor([[[1, 1, 1, 1]], [[1, 0, 0, 0]]])
        true = torch.tensor([[[1, 1, 1, 1]], [[0, 1, 0, 0]]])
        assert foreground_iou(ours, true) == pytest.approx(0.5, abs=1e-5)
