"""Pairs and supports check themselves when they are made."""

import pytest
import torch

from ipose.errors import ShapeMismatchError, SupportError
from ipose.part_annotations import PartPair, SupportSet


class TestPartPair:
    """A shape and its part map."""

    def test_part_ids_and_sizes_are_checked(self):
        shape, part = torch.ones(64, 64, dtype=torch.bool), torch.ones(64, 64, dtype=torch.uint8)
        assert PartPair("car", shape, part).category == "car"
        with pytest.raises(ShapeMismatchError, match=r"found 9, expected 0\.\.8"):
            PartPair("car", shape, part * 9)
        with pytest.raises(ShapeMismatchError, match="differ in size"):
            PartPair("car", shape[:32], part)


class TestSupportSet:
    """k part maps for each category, with part names."""

    def maps(self, highest: int = 2, k: int = 2) -> torch.Tensor:
        maps = torch.zeros(k, 64, 64, dtype=torch.uint8)
        maps[:, 8:40, 8:40] = highest
        return maps

    def test_supports_of_objects_come_in_their_order(self):
        supports = SupportSet({"car": ("a",), "dog": ("a", "b")}, {"car": self.maps(1), "dog": self.maps(2)})
        assert [int(maps.max()) for maps in supports.of(["dog", "car", "dog"])] == [2, 1, 2]
        assert supports.of([]).shape == (0, 2, 64, 64)
        assert (supports.k, supports.categories) == (2, ("car", "dog"))

    @pytest.mark.parametrize(
        ("names", "categories", "words"),
        [
            ({"car": ("a", "b")}, {"dog": (2, 2)}, "with part names and with part maps differ"),
            ({"car": ("a",)}, {"car": (2, 2)}, r"found 2, expected 0\.\.1"),
            ({"car": ("a",), "dog": ("a",)}, {"car": (1, 2), "dog": (1, 3)}, "the same number of supports"),
        ],
    )
    def test_what_contradicts_itself_is_refused(self, names, categories, words):
        with pytest.raises(SupportError, match=words):
            SupportSet(names, {name: self.maps(*arguments) for name, arguments in categories.items()})

    def test_a_category_that_is_not_there_is_named_with_those_that_are(self):
        with pytest.raises(SupportError, match="'cat': found car"):
            SupportSet({"car": ("a", "b")}, {"car": self.maps()}).of(["car", "cat"])
