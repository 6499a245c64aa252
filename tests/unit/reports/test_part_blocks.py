"""Claims about the report's blocks on parts."""

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from ipose.evaluation.part_metrics import part_confusion
from ipose.part_annotations import PartPair
from ipose.partnet.attention import SupportAttention
from ipose.reports.part_blocks import (
    HEAT,
    QueryPixel,
    attention_figure,
    attention_sheet,
    attention_tiles,
    confusion_table,
    extremes,
    heat_picture,
    objects_figure,
    part_centres,
    query_picture,
    read_in_words,
)
from ipose.testing.claims import law


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
            "dog, 50 % right",
            "inferred",
            "true",
            "wrong",
            "dog, 100 % right",
            "inferred",
            "true",
            "wrong",
        ]
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


@pytest.fixture
def attention() -> SupportAttention:
    """Two blocks, k = 2. In block 0 part 1 of the object (rows 8..39) reads rows 8..15 of support 2: its part 2."""
    weights = torch.full((2, 9, 64, 2, 8, 8), 1 / 128)
    weights[0, 1] = 0
    weights[0, 1, :, 1, 1] = 1 / 8
    part_map = torch.zeros(64, 64, dtype=torch.uint8)
    part_map[8:40, 8:40], part_map[40:48, 8:40] = 1, 2
    supports = torch.ones(2, 64, 64, dtype=torch.uint8)
    supports[1, :32] = 2
    return SupportAttention(weights, supports, part_map)


class TestPartCentres:
    """part_centres picks a pixel deep inside each part."""

    def test_it_is_the_middle_of_a_square(self, attention):
        head, foot = part_centres(attention.part_map, ("head", "foot"))
        assert (head.name, foot.name) == ("head", "foot")
        assert head.row in (23, 24)
        assert head.column in (23, 24)
        assert foot.row in (43, 44)

    def test_it_is_inside_a_part_with_a_hole(self):
        ring = torch.zeros(64, 64, dtype=torch.uint8)
        ring[10:50, 10:50] = 3
        ring[20:40, 16:44] = 0
        (pixel,) = part_centres(ring, ("a", "b"))
        assert ring[pixel.row, pixel.column] == 3
        assert pixel.name == "part 3"

    def test_a_part_at_the_edge_of_the_frame_is_not_deeper_there(self):
        full = torch.ones(64, 64, dtype=torch.uint8)
        (pixel,) = part_centres(full, ("all",))
        assert pixel.row in (31, 32)

    def test_an_object_without_parts_has_none(self):
        assert part_centres(torch.zeros(64, 64, dtype=torch.uint8), ("a",)) == []


class TestPictures:
    """Colour where it was read, and nowhere else."""

    def test_the_strongest_weight_is_magenta_and_none_leaves_the_part_map(self):
        read = torch.zeros(64, 64)
        read[10, 20] = 0.5
        part_map = torch.zeros(64, 64, dtype=torch.uint8)
        cold, hot = (np.asarray(heat_picture(part_map, r, 0.5)).astype(int) for r in (torch.zeros(64, 64), read))
        changed = np.argwhere((cold != hot).any(-1))
        assert changed.min(0).tolist() == [30, 60]
        assert changed.max(0).tolist() == [32, 62]
        assert np.abs(hot[31, 61] - HEAT).max() <= 30

    def test_half_the_weight_is_half_the_way(self):
        part_map, one = torch.zeros(64, 64, dtype=torch.uint8), torch.ones(64, 64)
        zero, half, full = (
            np.asarray(heat_picture(part_map, one * share, 1.0)).astype(int)[0, 0] for share in (0, 0.5, 1)
        )
        assert np.abs(half - (zero + full) / 2).max() <= 1

    def test_the_ring_is_around_the_pixel(self):
        part_map = torch.zeros(64, 64, dtype=torch.uint8)
        plain, ringed = (np.asarray(query_picture(part_map, QueryPixel(row, 10, "x"))).astype(int) for row in (50, 20))
        changed = np.argwhere((plain != ringed).any(-1))
        rows = changed[changed[:, 0] < 100]
        assert rows.mean(0).tolist() == pytest.approx([61, 31], abs=1.5)


class TestSheets:
    """What the captions say can be counted."""

    def test_captions_say_what_was_read_and_in_which_support(self, attention):
        pixel = QueryPixel(20, 20, "head")
        captions = [tile.caption for tile in attention_tiles(attention, pixel, ("head", "foot"))]
        assert captions == ["head read: foot 100 %", "support 1: 0 %", "support 2: 100 %"]

    def test_another_block_says_something_else(self, attention):
        said = read_in_words(attention, QueryPixel(20, 20, "head"), ("head", "foot"), block=1)
        assert said == "head read: head 75 %, foot 25 %"

    def test_the_sheet_has_a_line_for_each_part(self, attention):
        one = attention_sheet([("dog", attention, ("head", "foot"))])
        two = attention_sheet([("dog", attention, ("head", "foot"))] * 2)
        assert one.width == two.width >= 3 * 192
        assert two.height - one.height >= 2 * 192
