"""Claims about the change inside and outside of an edited region."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ShapeMismatchError
from ipose.evaluation.control import (
    Change,
    EditedPair,
    Measured,
    control_cards,
    feature_distance,
    region_distance,
    region_l1,
)
from ipose.evaluation.feature_networks import random_features
from ipose.evaluation.lpips import PerceptualDistance
from ipose.testing.claims import law

LEFT = torch.zeros(8, 8, dtype=torch.bool)
LEFT[:, :2] = True


def pair(inside: float, outside: float, region: torch.Tensor = LEFT) -> EditedPair:
    """A black image that becomes lighter by so much of white."""
    before = torch.full((3, 8, 8), -1.0)
    return EditedPair(before, before + 2 * torch.where(region, inside, outside), region)


def mean_difference(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a.float() - b.float()).abs().mean((1, 2, 3)) / 255


class TestRegionL1:
    """region_l1 is the mean change of the pixels of each side."""

    @law(inside=st.floats(0, 1), outside=st.floats(0, 1))
    def test_each_side_is_measured_on_its_own(self, inside, outside):
        assert region_l1(pair(inside, outside)) == pytest.approx({"inside": inside, "outside": outside}, abs=1e-6)

    def test_a_side_without_pixels_has_no_number(self):
        assert set(region_l1(pair(0.5, 0.5, torch.ones(8, 8).bool()))) == {"inside"}
        assert set(region_l1(pair(0.5, 0.5, torch.zeros(8, 8).bool()))) == {"outside"}


class TestRegionDistance:
    """region_distance asks any distance of whole images what each side's change does alone."""

    def test_matches_a_hand_count(self):
        # given 16 of 64 pixels inside, all white afterwards, and the others at a fifth of white
        found = region_distance(pair(1.0, 0.2), mean_difference)
        assert found == pytest.approx({"inside": 16 / 64, "outside": 0.2 * 48 / 64})

    def test_a_change_on_one_side_leaves_the_other_at_zero(self):
        distance = feature_distance(random_features())
        found = region_distance(pair(0.8, 0.0), distance)
        assert found["inside"] > 1e-6
        assert found["outside"] == pytest.approx(0, abs=1e-12)

    def test_nothing_changed_is_no_distance(self):
        assert region_distance(pair(0, 0), feature_distance(random_features())) == pytest.approx(
            {"inside": 0, "outside": 0}, abs=1e-12
        )


class TestControlCards:
    """control_cards means over edits and names what it measured by."""

    def test_l1_always_and_features_where_there_are_some(self):
        cards = control_cards([pair(1.0, 0.0), pair(0.5, 0.1)], kind="texture", facts={}, features=random_features())
        l1_inside, l1_outside, inside, outside = cards
        assert (l1_inside.metric, l1_inside.value) == ("L1 inside the edit, texture", pytest.approx(0.75))
        assert l1_outside.value == pytest.approx(0.05)
        assert inside.value > outside.value > 0
        assert inside.metric.startswith("Feature distance inside the edit, texture (features random@")
        assert inside.features == random_features().label
        assert {card.protocol for card in cards} == {"control"}
        assert l1_outside.counts == {"images": 2, "pixels": 96}

    def test_lpips_where_it_is_there(self):
        """Given a stand-in for LPIPS, the mean absolute difference of images in [-1, 1]."""
        lpips = PerceptualDistance("a network", lambda a, b: (a - b).abs().mean((1, 2, 3)))
        _, _, inside, outside = control_cards([pair(1.0, 0.0), pair(0.6, 0.2)], facts={}, perceptual=lpips)
        assert (inside.metric, outside.metric) == ("LPIPS inside the edit", "LPIPS outside the edit")
        assert inside.features == "a network"
        assert inside.value == pytest.approx(2 * (1.0 + 0.6) / 2 * 16 / 64, abs=0.01)
        assert outside.value == pytest.approx(2 * (0.0 + 0.2) / 2 * 48 / 64, abs=0.01)

    def test_an_edit_without_a_side_does_not_count_on_that_side(self):
        inside, outside = control_cards([pair(0.5, 0.5, torch.ones(8, 8).bool()), pair(0.3, 0.1)], facts={})
        assert (inside.value, outside.value) == (pytest.approx(0.4), pytest.approx(0.1))
        assert (inside.counts, outside.counts) == ({"images": 2, "pixels": 80}, {"images": 1, "pixels": 48})

    def test_an_edit_of_everything_has_no_outside(self):
        cards = control_cards([pair(0.5, 0.5, torch.ones(8, 8).bool())], facts={})
        assert [card.metric for card in cards] == ["L1 inside the edit"]

    def test_maps_of_other_sizes_are_refused(self):
        with pytest.raises(ShapeMismatchError, match="differ in size"):
            EditedPair(torch.zeros(3, 8, 8), torch.zeros(3, 8, 8), torch.ones(4, 4).bool())


def test_measured_keeps_the_changes_in_order_and_gives_the_cards_of_each_kind_of_edit():
    everything = pair(0.5, 0.5, torch.ones(8, 8).bool())
    measured = Measured()
    for scene, kind, edited in (("a", "move", pair(1.0, 0.2)), ("a", "texture", everything), ("b", "move", pair(0, 0))):
        measured.take(scene, kind, edited)
    assert [(c.scene, c.edit) for c in measured.changes] == [("a", "move"), ("a", "texture"), ("b", "move")]
    assert (measured.changes[0].inside, measured.changes[0].outside) == (pytest.approx(1.0), pytest.approx(0.2))
    assert measured.changes[1] == Change("a", "texture", 0.5, None)
    assert [(card.metric, card.value) for card in measured.cards(facts={})] == [
        ("L1 inside the edit, move", pytest.approx(0.5)),
        ("L1 outside the edit, move", pytest.approx(0.1)),
        ("L1 inside the edit, texture", pytest.approx(0.5)),
    ]
