"""Claims about the pictures of attention."""

import numpy as np
import pytest
import torch

from ipose.partnet.attention import SupportAttention
from ipose.reports.attention_view import (
    HEAT,
    QueryPixel,
    attention_sheet,
    attention_tiles,
    heat_picture,
    part_centres,
    query_picture,
    read_in_words,
)


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
