"""Sets of supports are judged by what they find, not by what they call it."""

import pytest
import torch

from ipose.errors import ConfigError, SupportError
from ipose.evaluation.part_evaluation import PartGuess
from ipose.evaluation.support_comparison import (
    HEADER,
    NOTE,
    JudgedObjects,
    compare_supports,
    comparison_table,
    score_guess,
)
from ipose.part_annotations import PartPair, SupportSet

NAMES = ("head", "torso", "leg")


def body(height, size=16):
    """Three bands, 1 above 2 above 3, in a block of the given height."""
    part = torch.zeros(size, size, dtype=torch.uint8)
    for k in range(3):
        part[2 + k * height // 3 : 2 + (k + 1) * height // 3, 4:12] = k + 1
    return part


def pair(height):
    return PartPair("human", body(height) > 0, body(height), str(height))


OBJECTS = JudgedObjects([pair(9), pair(12)], [pair(6), pair(12)], NAMES)


def renamed(part, order):
    return torch.tensor([0, *order], dtype=torch.uint8)[part.long()]


def set_of(order, names):
    return SupportSet({"human": names}, {"human": torch.stack([renamed(body(h), order) for h in (6, 9, 12)])})


def perfect(order):
    """A network that knows the true parts, and calls them as its supports do."""

    def predict(shapes, supports):
        heights = shapes[:, 0].any(2).sum(1).tolist()
        answer = torch.stack([renamed(body(h), order) for h in heights])
        return PartGuess(answer, answer)

    return predict


class TestCompareSupports:
    """One network, several sets, one truth."""

    @pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (8, 2, 5)])
    def test_the_order_of_parts_does_not_count(self, order):
        names = tuple(f"part {i}" for i in range(1, 9))
        network, copy = compare_supports(perfect(order), {"found": set_of(order, names)}, OBJECTS)
        assert network.score.object_pixels == network.score.ac == network.score.miou == 1
        assert network.stands_for == {names[k - 1]: NAMES[i] for i, k in enumerate(order)}
        assert network.for_none == tuple(name for name in names if name not in network.stands_for)
        assert network.as_named is None
        assert torch.equal(network.predicted, torch.stack([p.part_map for p in OBJECTS.judged]))
        assert copy.score.object_pixels == 1  # supports of the very same heights

    def test_parts_of_the_same_names_are_also_judged_without_matching(self):
        swapped = compare_supports(perfect((2, 1, 3)), {"found": set_of((2, 1, 3), NAMES)}, OBJECTS)[0]
        assert swapped.score.object_pixels == 1
        assert swapped.as_named == pytest.approx(1 / 3)

    @pytest.mark.parametrize(
        ("names", "right"),
        [(("leg", "head", "torso"), 1), (("head", "torso", "leg"), 0), (("leg", "a", "b"), 1 / 3)],
    )
    def test_parts_of_names_in_another_order_or_number_are_judged_by_name(self, names, right):
        found = compare_supports(perfect((2, 3, 1)), {"found": set_of((2, 3, 1), (*names, "tail"))}, OBJECTS)[0]
        assert found.as_named == pytest.approx(right)

    def test_merged_parts_lose_the_smaller_one(self):
        merged = compare_supports(perfect((1, 1, 2)), {"found": set_of((1, 1, 2), NAMES)}, OBJECTS)[0]
        assert merged.score.object_pixels == pytest.approx(2 / 3)

    def test_parts_cut_finer_than_the_true_ones_are_all_right_many_to_one_alone(self):
        """Each true part is found as two: its left half and its right half."""

        def halved(pairs):
            maps = torch.stack([pair.part_map for pair in pairs])
            right = maps.long().where(torch.arange(maps.shape[-1]) >= maps.shape[-1] // 2, 0)
            return PartGuess(*[(maps + 3 * (right > 0)).to(maps.dtype)] * 2)

        names = tuple("abcdef")
        found = score_guess("a", "b", halved(OBJECTS.fit), halved(OBJECTS.judged), OBJECTS, names)
        assert found.many_to_one.object_pixels == found.many_to_one.miou == 1
        assert found.score.object_pixels < 0.7
        assert found.to_dict()["many_to_one"]["miou"] == 1
        assert found.row()[-3:-1] == ("100.00", "100.00")

    def test_the_matching_is_fitted_on_training_objects_alone(self):
        fit, judged = (torch.stack([p.part_map for p in side]) for side in (OBJECTS.fit, OBJECTS.judged))
        swapped = renamed(judged, (2, 1, 3))
        score = score_guess("a", "b", PartGuess(fit, fit), PartGuess(swapped, swapped), OBJECTS, NAMES)
        assert score.score.object_pixels == score.many_to_one.object_pixels == pytest.approx(1 / 3)

    def test_ac_reads_the_whole_frame_and_object_pixels_the_parts_inside(self):
        """Given a network that is right inside the objects, and sees no part where it reads the whole frame."""
        fit, judged = (torch.stack([p.part_map for p in side]) for side in (OBJECTS.fit, OBJECTS.judged))
        guess = PartGuess(torch.zeros_like(judged), judged)
        found = score_guess("a", "b", PartGuess(fit, fit), guess, OBJECTS, NAMES)
        assert found.score.object_pixels == found.as_named == 1
        assert found.score.ac == pytest.approx((judged == 0).double().mean().item())
        assert torch.equal(found.predicted, judged)

    def test_the_matching_reads_the_objects_alone(self):
        """Given training objects of which the network finds every part, and part 1 all around them."""
        fit, judged = (torch.stack([p.part_map for p in side]) for side in (OBJECTS.fit, OBJECTS.judged))
        around = PartGuess(fit, torch.where(fit > 0, fit, 1))
        matching = score_guess("a", "b", around, PartGuess(judged, judged), OBJECTS, NAMES).matching
        assert matching.label_of[:3] == (1, 2, 3)
        assert matching.matched_iou == 1

    def test_a_set_without_the_category_is_refused(self):
        cars = SupportSet({"car": NAMES}, {"car": set_of((1, 2, 3), NAMES).part_maps["human"]})
        with pytest.raises(SupportError, match="no supports for part category 'human'"):
            compare_supports(perfect((1, 2, 3)), {"cars": cars}, OBJECTS)

    def test_the_table_has_a_line_a_reader(self):
        scores = compare_supports(perfect((3, 1, 2)), {"found": set_of((3, 1, 2), NAMES)}, OBJECTS)
        lines = comparison_table(scores).splitlines()
        assert all(name in lines[0] for name in HEADER)
        assert [("PartNet" in line, "copy" in line) for line in lines[2:]] == [(True, False), (False, True)]
        assert "head: torso, torso: leg, leg: head" in lines[2]
        assert scores[0].to_dict()["object_pixels"] == 1


def test_every_part_of_a_set_says_what_it_stands_for():
    scores = compare_supports(perfect((1, 3, 2)), {"found": set_of((1, 3, 2), (*NAMES, "tail"))}, OBJECTS)
    assert scores[0].row()[-1] == "head: head, torso: leg, leg: torso, tail: none"
    assert scores[0].to_dict()["for_none"] == ["tail"]


def test_the_note_explains_every_column_of_numbers():
    assert all(column.removesuffix(" %").lower() in NOTE.lower() for column in HEADER[2:-1] if "many" not in column)
    assert "many to one:" in NOTE.lower()


def test_objects_of_several_categories_or_none_are_refused():
    with pytest.raises(ConfigError, match="0 training and 1 validation objects"):
        JudgedObjects([], [pair(6)], NAMES)
    with pytest.raises(ConfigError, match="of one category"):
        JudgedObjects([PartPair("car", pair(6).shape, pair(6).part_map)], [pair(6)], NAMES)
