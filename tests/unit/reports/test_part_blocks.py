"""Claims about the report's blocks on parts."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.evaluation.part_metrics import part_confusion
from ipose.partnet.attention import SupportAttention
from ipose.reports.part_blocks import attention_figure, confusion_table, extremes, objects_figure
from ipose.testing.law import law
from ipose.types import PartPair


class TestConfusionTable:
    """confusion_table is a confusion matrix that a person can read."""

    def test_matches_a_hand_count(self):
        true = torch.tensor([[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 0, 0]])
        inferred = torch.tensor([[0, 0, 0, 1], [1, 1, 2, 0], [2, 2, 0, 0]])
        table = confusion_table(part_confusion(inferred, true), ("window", "wheel"), "car")
        assert list(table.header) == ["true \\ inferred", "none", "window", "wheel", "pixels"]
        assert [list(row) for row in table.rows] == [
            ["none", "83.3", "16.7", "0.0", 6],
            ["window", "25.0", "50.0", "25.0", 4],
            ["wheel", "0.0", "0.0", "100.0", 2],
        ]
        assert table.shade(1, 2) == pytest.approx(0.5)
        assert table.shade(1, 0) == table.shade(1, 4) == 0

    def test_a_part_that_never_occurs_has_no_percentages(self):
        maps = torch.ones(2, 2, dtype=torch.int64)
        rows = confusion_table(part_confusion(maps, maps), ("a", "b"), "").rows
        assert list(rows[2]) == ["b", "-", "-", "-", 0]

    def test_a_channel_without_a_name_that_was_inferred_is_shown(self):
        true = torch.ones(2, 2, dtype=torch.int64)
        table = confusion_table(part_confusion(torch.full_like(true, 5), true), ("a",), "")
        assert list(table.header) == ["true \\ inferred", "none", "a", "part 5", "pixels"]
        assert list(table.rows[1]) == ["a", "0.0", "0.0", "100.0", 4]


class TestExtremes:
    """extremes finds what to look at first."""

    def test_lowest_first_and_highest_first(self):
        assert extremes(torch.tensor([0.5, 0.1, 0.9, 0.3, 0.7]), 2) == ([1, 3], [2, 4])

    def test_nan_is_neither(self):
        assert extremes(torch.tensor([float("nan"), 0.2, 0.1]), 1) == ([2], [1])

    @law(scores=st.lists(st.floats(0, 1), max_size=9), count=st.integers(1, 4))
    def test_nothing_is_in_both(self, scores, count):
        low, high = extremes(torch.tensor(scores), count)
        assert len(low) + len(high) == min(len(scores), 2 * count)
        assert not set(low) & set(high)
        assert all(scores[i] <= scores[j] for i in low for j in high)


class TestFigures:
    """Tiles in lines that stay lines on a phone."""

    def test_an_object_is_a_line_of_four(self):
        part_map = torch.zeros(64, 64, dtype=torch.uint8)
        part_map[:32, :32] = 1
        shape = part_map > 0
        shape[32, 0] = True  # one pixel that nobody annotated
        figure = objects_figure(
            [PartPair("dog", shape, part_map)] * 2, shape.to(torch.uint8).expand(2, -1, -1), "Worst", scores=[0.5, 1.0]
        )
        assert figure.columns == 4
        assert [tile.caption for tile in figure.tiles] == [
            "dog, 50 % right", "inferred", "true", "wrong", "dog, 100 % right", "inferred", "true", "wrong",
        ]  # fmt: skip
        wrong = figure.tiles[3].picture
        assert wrong is not None
        assert wrong.getcolors()[0][0] == 1 or (1, (200, 30, 45)) in wrong.getcolors()

    def test_attention_has_a_column_a_support_and_one_for_the_object(self):
        part_map = torch.ones(64, 64, dtype=torch.uint8)
        weights = torch.full((1, 9, 64, 4, 8, 8), 1 / 256)
        figure = attention_figure(
            SupportAttention(weights, torch.ones(4, 64, 64, dtype=torch.uint8), part_map), ("all",), "x"
        )
        assert figure.columns == len(figure.tiles) == 5
