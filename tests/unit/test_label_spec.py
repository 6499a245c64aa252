"""A label spec's names and ids are there once each."""

import subprocess
import sys
from dataclasses import replace

import pytest

from ipose.errors import SpecError
from ipose.label_spec import LabelClass, LabelSpec
from ipose.testing.tiny_scenes import SPEC


class TestLabelSpec:
    """Names and ids, each once."""

    def test_things_without_parts_get_those_of_the_category_of_their_name(self):
        spec = LabelSpec(
            "garden",
            (
                LabelClass("mushroom", 0, (0, 0, 0), thing=True),
                LabelClass("sky", 1, (0, 0, 0)),
                LabelClass("van", 2, (0, 0, 0), thing=True, part_category="car"),
                LabelClass("cat", 3, (0, 0, 0), thing=True),
            ),
        )
        found = spec.with_parts(["mushroom", "sky", "van"])
        assert [item.part_category for item in found.classes] == ["mushroom", None, "car", None]

    def test_part_categories_come_once_each_in_class_order(self):
        assert SPEC.part_categories == ("car", "dog")
        twice = replace(SPEC, classes=(*SPEC.classes, LabelClass("taxi", 12, (1, 1, 1), True, "car")))
        assert twice.part_categories == ("car", "dog")
        assert twice.num_classes == SPEC.num_classes + 1

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"classes": ()}, "has no classes"),
            ({"classes": (LabelClass("a", 0, (0, 0, 0)), LabelClass("a", 1, (0, 0, 0)))}, "duplicate names: found a"),
            (
                {"classes": (LabelClass("a", 3, (0, 0, 0)), LabelClass("b", 3, (0, 0, 0)))},
                "duplicate file ids: found 3",
            ),
            ({"unknown": 5}, r"found 5, expected 0\.\.4"),
            ({"instance_layout": "stacked"}, "pairs or cityscapes"),
        ],
    )
    def test_what_contradicts_itself_is_refused(self, change, words):
        with pytest.raises(SpecError, match=words):
            replace(SPEC, **change)


def test_reading_a_spec_needs_no_torch():
    words = "import sys, ipose.label_spec; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0
