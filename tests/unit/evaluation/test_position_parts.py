"""The position baseline: parts are places in an object's box, and nothing else is looked at."""

from dataclasses import replace

import pytest
import torch

from ipose.errors import ConfigError, TooFewObjectsError
from ipose.evaluation.position_parts import places_in_box, position_supports
from ipose.types import PartPair


def bar(top, left, height=40, width=10):
    shape = torch.zeros(64, 64, dtype=torch.bool)
    shape[top : top + height, left : left + width] = True
    return shape


def pair(shape, number=0, part=1):
    return PartPair("rod", shape, (shape * part).to(torch.uint8), f"rod-{number}")


RODS = [pair(bar(4, 8), 0), pair(bar(20, 30, 36), 1), pair(bar(10, 50, 44), 2), pair(bar(2, 20, 30, 12), 3)]


def test_places_do_not_depend_on_where_the_object_stands_and_end_at_half_its_longer_side():
    here, there = places_in_box(bar(0, 0)), places_in_box(bar(20, 40))
    torch.testing.assert_close(here, there)
    assert here.abs().amax(0).tolist() == pytest.approx([0.5, 4.5 / 39])


def test_upright_rods_fall_into_bands_from_top_to_bottom():
    supports = position_supports(RODS, 3)
    assert supports.part_names == {"rod": ("place 1", "place 2", "place 3")}
    for part_map in supports.part_maps["rod"]:
        rows = [torch.nonzero(part_map == part)[:, 0].float().mean().item() for part in (1, 2, 3)]
        assert rows == sorted(rows)
        assert rows[0] < rows[2]


def test_every_object_pixel_gets_a_part_and_no_other():
    chosen = position_supports(RODS, 4, k=4).part_maps["rod"]
    shapes = {tuple(rod.shape.flatten().tolist()) for rod in RODS}
    assert {tuple((one > 0).flatten().tolist()) for one in chosen} == shapes


def test_true_parts_are_not_looked_at():
    other = [replace(rod, part_map=(rod.shape * 7).to(torch.uint8)) for rod in RODS]
    first, second = position_supports(RODS, 3), position_supports(other, 3)
    assert torch.equal(first.part_maps["rod"], second.part_maps["rod"])


@pytest.mark.parametrize("parts", [0, 9])
def test_another_number_of_parts_is_refused(parts):
    with pytest.raises(ConfigError, match="expected 1 to 8"):
        position_supports(RODS, parts)


def test_fewer_objects_than_supports_are_refused():
    with pytest.raises(TooFewObjectsError):
        position_supports(RODS[:2], 3)
