"""What a person calls found parts."""

import pytest
import torch

from ipose.errors import ConfigError
from ipose.found_supports.segmented_objects import PartNaming, name_parts

FOUND = ("part 1", "part 2", "part 3")


class TestNameParts:
    """Names merge parts and drop them; without names the segmenter's own stay."""

    def test_without_names_every_part_stays_itself(self):
        assert name_parts(FOUND) == PartNaming((1, 2, 3), FOUND)

    def test_equal_names_make_one_part(self):
        assert name_parts(FOUND, ["leg", "head", "leg"]) == PartNaming((1, 2, 1), ("leg", "head"))

    def test_a_dash_makes_background(self):
        naming = name_parts(FOUND, ["-", "head", "torso"])
        assert naming.names == ("head", "torso")
        found = torch.tensor([[0, 1], [2, 3]], dtype=torch.uint8)
        assert naming.apply(found).tolist() == [[0, 0], [1, 2]]

    def test_many_parts_fit_where_names_merge_them(self):
        assert name_parts([str(i) for i in range(10)], ["a", "b"] * 5).ids == (1, 2) * 5

    @pytest.mark.parametrize(
        ("found", "given", "sentence"),
        [
            (FOUND, ["head", "torso"], "found 2 names, expected 3, for part 1, part 2, part 3"),
            (FOUND, ["-", "-", "-"], "no part is left"),
            ([str(i) for i in range(9)], None, "supports cannot have so many parts: found 9 different parts"),
        ],
    )
    def test_names_that_cannot_work_are_refused_in_a_sentence(self, found, given, sentence):
        with pytest.raises(ConfigError, match=sentence.replace("(", r"\(")):
            name_parts(found, given)
