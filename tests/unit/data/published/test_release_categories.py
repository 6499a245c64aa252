"""The release's numbers, compared with tables written down independently, and with the built-in specs."""

import pytest

from ipose.data.part_names import PART_NAMES
from ipose.data.part_sources.release_tree import CATEGORY_NAMES, SHARED_SUPPORTS, support_category
from ipose.data.specs import load_spec
from ipose.errors import DataError
from ipose.types import LabelSpec

PASCAL = [
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "table",
    "dog",
    "horse",
    "motorbike",
    "human",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
]
CITYSCAPES = {24: "human", 25: "human", 26: "car", 27: "truck", 28: "bus"}
SINGLE = {36: "washer", 37: "stop sign", 40: "zebra"}
SHARED = [(6, 28), (7, 26), (35, 26), (15, 24), (25, 24), (31, 19), (32, 14), (33, 2), (39, 26), (40, 13)]

CLASSES = {
    "cityscapes": {number: number for number in (24, 25, 26, 27, 28, 31, 32, 33)},
    "coco-stuff": {
        0: 24, 1: 2, 2: 26, 3: 14, 4: 1, 5: 28, 6: 19, 7: 27, 8: 4, 12: 37, 15: 3, 16: 8,
         17: 12, 18: 13, 19: 17, 20: 10, 23: 40, 43: 5, 61: 9, 71: 20, 77: 38
    },
    "ade20k": {
        4: 24, 9: 26, 68: 36, 6: 11, 8: 9, 11: 18, 48: 4, 50: 28, 53: 27, 58: 20, 59: 1,
         64: 5, 74: 14, 83: 2, 80: 38, 65: 39
    },
}  # fmt: skip
"""Class -> category, as the release has it: by label id, by 0-based label, by instance class (1..100)."""

NAMELESS = 38
"""The release's slot for microwaves, whose parts neither the paper nor the release names."""


def published_id(spec: LabelSpec, name: str) -> int:
    """What the release calls the class: ADE20K's instance annotations count things from 1, the others use file ids."""
    if spec.name == "ade20k":
        return [item.name for item in spec.classes if item.thing].index(name) + 1
    return next(item.file_id for item in spec.classes if item.name == name)


class TestCategoryNumbers:
    """Numbers 1..20 are Pascal VOC's in its order, 24..28 Cityscapes' label ids, 36 to 40 single classes."""

    def test_pascals_twenty_stand_in_the_order_of_pascal_voc(self):
        assert [CATEGORY_NAMES[number] for number in range(1, 21)] == PASCAL

    def test_the_others_are_as_the_release_numbers_them(self):
        assert {number: CATEGORY_NAMES[number] for number in (*CITYSCAPES, *SINGLE)} == {**CITYSCAPES, **SINGLE}

    def test_numbers_that_name_nothing_are_absent(self):
        assert set(CATEGORY_NAMES) == {*range(1, 21), *range(24, 29), 31, 32, 33, *range(35, 41)}

    def test_all_names_but_the_nameless_slots_have_parts_in_the_papers_table(self):
        assert {name for number, name in CATEGORY_NAMES.items() if number != NAMELESS} == set(PART_NAMES)


class TestSharedSupports:
    """Ten numbers read the supports of another one."""

    def test_they_are_the_releases(self):
        assert sorted(SHARED_SUPPORTS.items()) == sorted(SHARED)

    def test_nobody_borrows_from_a_borrower(self):
        assert not set(SHARED_SUPPORTS.values()) & set(SHARED_SUPPORTS)

    def test_a_number_shares_what_names_the_same_parts(self):
        for number, lender in SHARED:
            assert PART_NAMES[CATEGORY_NAMES[number]] == PART_NAMES[CATEGORY_NAMES[lender]]

    def test_a_number_without_a_lender_has_its_own(self):
        assert [support_category(number) for number in (24, 25, 38, 40)] == [24, 24, 38, 13]

    def test_a_number_that_names_nothing_is_refused(self):
        with pytest.raises(DataError, match="no such part category in the release: found 21"):
            support_category(21)


@pytest.mark.parametrize("name", CLASSES)
class TestSpecsAgree:
    """The part categories of a built-in spec are the release's, by name."""

    def test_each_class_of_the_release_has_its_category(self, name):
        spec = load_spec(name)
        for item in spec.classes:
            number = CLASSES[name].get(published_id(spec, item.name)) if item.thing else None
            given = None if number in (None, NAMELESS) else CATEGORY_NAMES[number]
            assert item.part_category == given, item.name

    def test_the_slot_without_names_belongs_to_microwaves(self, name):
        spec = load_spec(name)
        slots = [i for i, number in CLASSES[name].items() if number == NAMELESS]
        assert slots == [published_id(spec, c.name) for c in spec.classes if c.name == "microwave"]


def test_the_numbers_of_train_ids_are_those_of_label_ids_by_name():
    by_name = {item.name: item.part_category for item in load_spec("cityscapes").classes}
    assert all(by_name.get(item.name) == item.part_category for item in load_spec("cityscapes-trainids").classes)
