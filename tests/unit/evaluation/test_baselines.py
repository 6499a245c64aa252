"""Claims about the copy, majority and position baselines."""

from dataclasses import replace

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError, SupportError, TooFewObjectsError
from ipose.evaluation.baselines import (
    copy_baseline,
    fill_object,
    majority_baseline,
    places_in_box,
    position_supports,
)
from ipose.part_annotations import PartPair
from ipose.testing.claims import law


def maps(*rows: str) -> torch.Tensor:
    return torch.tensor([[[int(x) for x in line] for line in row.split()] for row in rows], dtype=torch.uint8)


def shapes(*rows: str) -> torch.Tensor:
    return maps(*rows) > 0


def objects(seed: int, count: int = 3, side: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Random shapes and part maps, each with at least one pixel."""
    g = torch.Generator().manual_seed(seed)
    parts = torch.randint(0, 4, (count, side, side), generator=g, dtype=torch.uint8)
    parts[:, 2, 2] = 1
    silhouettes = torch.rand(count, side, side, generator=g) < 0.6
    silhouettes[:, 3, 3] = True
    return silhouettes, parts


def nearest_by_hand(part_map: torch.Tensor, row: int, col: int) -> set[int]:
    """All parts at the smallest distance: a loop over every labelled pixel."""
    labelled = [(r, c) for r in range(len(part_map)) for c in range(len(part_map)) if part_map[r, c] > 0]
    shortest = min((r - row) ** 2 + (c - col) ** 2 for r, c in labelled)
    return {int(part_map[r, c]) for r, c in labelled if (r - row) ** 2 + (c - col) ** 2 == shortest}


class TestFillObject:
    """fill_object makes a part map cover an object exactly."""

    def test_a_bare_pixel_takes_the_nearest_part(self):
        filled = fill_object(maps("1000 0000 0000 0002")[0], shapes("1110 0000 0001 0011")[0])
        assert torch.equal(filled, maps("1110 0000 0002 0022")[0])

    def test_a_labelled_pixel_outside_the_object_still_lends_its_part(self):
        filled = fill_object(maps("2000 0000 0000 0001")[0], shapes("0100 0000 0000 0000")[0])
        assert torch.equal(filled, maps("0200 0000 0000 0000")[0])

    @law(seed=st.integers(0, 999))
    def test_agrees_with_a_loop_over_all_labelled_pixels(self, seed):
        (shape, *_), (part_map, *_) = objects(seed)
        filled = fill_object(part_map, shape)
        for row in range(6):
            for col in range(6):
                allowed = nearest_by_hand(part_map, row, col) if shape[row, col] else {0}
                assert int(filled[row, col]) in allowed

    def test_a_map_without_parts_is_refused(self):
        with pytest.raises(SupportError, match="without any part"):
            fill_object(maps("00 00")[0], shapes("11 11")[0])


class TestCopy:
    """copy_baseline answers with the part map of the most alike support."""

    def test_the_nearest_support_is_copied_and_cut_to_the_object(self):
        supports = maps("1122 1122 0000 0000", "3000 3000 4000 4000")
        tall, wide = "1000 1000 1000 1000", "1111 1111 1100 0000"
        copied = copy_baseline(shapes(tall, wide), supports)
        assert torch.equal(copied, maps("3000 3000 4000 4000", "1122 1122 1100 0000"))

    def test_nearness_is_difference_over_the_larger_area(self):
        # Object: 4 pixels. Support a: 1 of them (3 differ, over 4). Support b: 11 pixels, all 4 among them (7 over 11).
        # Fewer pixels differ from a, but by the geometric score (0.75 against 0.636) b is nearer.
        supports = maps("1000 0000 0000 0000", "2222 2222 2220 0000")
        assert copy_baseline(shapes("1111 0000 0000 0000"), supports).max() == 2

    def test_the_first_support_wins_a_tie(self):
        supports = maps("12 00", "34 00")
        assert torch.equal(copy_baseline(shapes("11 00"), supports), maps("12 00"))

    @law(seed=st.integers(0, 999))
    def test_a_support_recovers_itself(self, seed):
        _, supports = objects(seed)
        assert torch.equal(copy_baseline(supports > 0, supports), supports)

    @law(seed=st.integers(0, 999))
    def test_every_object_pixel_has_a_part_and_no_other(self, seed):
        silhouettes, supports = objects(seed)
        assert torch.equal(copy_baseline(silhouettes, supports) > 0, silhouettes)

    def test_no_objects_give_no_maps(self):
        assert copy_baseline(shapes("11 00")[:0], maps("12 00")).shape == (0, 2, 2)


class TestMajority:
    """majority_baseline answers with the most frequent part of each pixel."""

    def test_votes_are_counted_pixel_by_pixel(self):
        part_maps = maps("12 00", "13 00", "23 40")
        assert torch.equal(majority_baseline(shapes("11 11"), part_maps)[0, 0], maps("13 00")[0, 0])

    def test_no_part_has_no_vote(self):
        # The upper right pixel: part 5 once, no part twice; 5 wins all the same.
        assert torch.equal(majority_baseline(shapes("11 00"), maps("15 00", "10 00", "10 00")), maps("15 00"))

    def test_the_lower_part_wins_a_tie(self):
        assert torch.equal(majority_baseline(shapes("10 00"), maps("70 00", "30 00")), maps("30 00"))

    def test_a_pixel_without_votes_takes_the_nearest_winner(self):
        guess = majority_baseline(shapes("0011 1000 0000 0000"), maps("3002 0000 0000 0000"))
        assert torch.equal(guess, maps("0022 3000 0000 0000"))

    @law(seed=st.integers(0, 999))
    def test_every_object_pixel_has_a_part_and_no_other(self, seed):
        silhouettes, part_maps = objects(seed)
        assert torch.equal(majority_baseline(silhouettes, part_maps) > 0, silhouettes)

    @law(seed=st.integers(0, 999))
    def test_the_shape_only_cuts_it_never_changes_a_vote(self, seed):
        silhouettes, part_maps = objects(seed)
        guess = majority_baseline(silhouettes, part_maps)
        whole = majority_baseline(torch.ones_like(silhouettes), part_maps)
        assert torch.equal(guess, whole.where(silhouettes, 0))


def bar(top, left, height=40, width=10):
    shape = torch.zeros(64, 64, dtype=torch.bool)
    shape[top : top + height, left : left + width] = True
    return shape


def pair(shape, number=0, part=1):
    return PartPair("rod", shape, (shape * part).to(torch.uint8), f"rod-{number}")


RODS = [pair(bar(4, 8), 0), pair(bar(20, 30, 36), 1), pair(bar(10, 50, 44), 2), pair(bar(2, 20, 30, 12), 3)]


class TestPositionSupports:
    """Parts are places in an object's box, and nothing else is looked at."""

    def test_places_do_not_depend_on_where_the_object_stands_and_end_at_half_its_longer_side(self):
        here, there = places_in_box(bar(0, 0)), places_in_box(bar(20, 40))
        torch.testing.assert_close(here, there)
        assert here.abs().amax(0).tolist() == pytest.approx([0.5, 4.5 / 39])

    def test_upright_rods_fall_into_bands_from_top_to_bottom(self):
        supports = position_supports(RODS, 3)
        assert supports.part_names == {"rod": ("place 1", "place 2", "place 3")}
        for part_map in supports.part_maps["rod"]:
            rows = [torch.nonzero(part_map == part)[:, 0].float().mean().item() for part in (1, 2, 3)]
            assert rows == sorted(rows)
            assert rows[0] < rows[2]

    def test_every_object_pixel_gets_a_part_and_no_other(self):
        chosen = position_supports(RODS, 4, k=4).part_maps["rod"]
        shapes = {tuple(rod.shape.flatten().tolist()) for rod in RODS}
        assert {tuple((one > 0).flatten().tolist()) for one in chosen} == shapes

    def test_true_parts_are_not_looked_at(self):
        other = [replace(rod, part_map=(rod.shape * 7).to(torch.uint8)) for rod in RODS]
        first, second = position_supports(RODS, 3), position_supports(other, 3)
        assert torch.equal(first.part_maps["rod"], second.part_maps["rod"])

    @pytest.mark.parametrize("parts", [0, 9])
    def test_another_number_of_parts_is_refused(self, parts):
        with pytest.raises(ConfigError, match="expected 1 to 8"):
            position_supports(RODS, parts)

    def test_fewer_objects_than_supports_are_refused(self):
        with pytest.raises(TooFewObjectsError):
            position_supports(RODS[:2], 3)
