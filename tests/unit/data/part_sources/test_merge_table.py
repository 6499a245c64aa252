"""The built-in merge tables, compared with tables written down independently; and what own ones may not say."""

from pathlib import Path

import numpy as np
import pytest

from ipose.data.part_names import PART_NAMES
from ipose.data.part_sources.merge_table import UNKNOWN_PID, load_merge_table
from ipose.errors import SpecError

_PASCAL = (
    "aeroplane bicycle bird boat bottle bus car cat chair cow table dog horse motorbike person pottedplant sheep sofa "
    "train tvmonitor"
)
PASCAL = _PASCAL.split()

PUBLISHED_COUNTS = [7, 6, 13, 0, 2, 13, 13, 17, 0, 19, 0, 18, 21, 5, 24, 2, 19, 0, 13, 2]
"""Parts of each class of Pascal, as published."""

ROAD = ((5, 7), (4, 2), (5, 10), (2, 10), (3, 10), (1, 20))
CATTLE = ((1, 8), (2, 2), (3, 8), (4, 1))
RUNS = {
    "aeroplane": ((1, 1), (2, 1), (3, 2), (2, 1), (1, 10), (4, 10)),
    "bicycle": ((1, 2), (2, 1), (3, 1), (4, 2)),
    "bird": ((1, 4), (2, 4), (3, 4), (4, 1)),
    **dict.fromkeys(("boat", "chair", "table", "sofa"), ()),
    "bottle": ((1, 1), (2, 1)),
    **dict.fromkeys(("bus", "car"), ROAD),
    "cat": ((1, 6), (2, 2), (3, 8), (4, 1)),
    "dog": ((1, 6), (2, 2), (3, 8), (4, 1), (1, 1)),
    **dict.fromkeys(("cow", "sheep"), CATTLE),
    "horse": ((1, 6), (3, 4), (2, 2), (3, 8), (4, 1)),
    "motorbike": ((1, 2), (2, 1), (3, 1), (4, 10)),
    "person": ((1, 10), (2, 2), (4, 6), (3, 6)),
    "pottedplant": ((1, 1), (2, 1)),
    "train": ((2, 6), (1, 10), (2, 60)),
    "tvmonitor": ((1, 1), (2, 1)),
}
"""By class: our part ids of pid 1, 2, ... in the TIFFs, as (part id, how many pids in a row), counted by hand."""

CITYSCAPES = {
    24: ("person", "human", {"torso": 2, "head": 1, "arm": 4, "leg": 3}),
    25: ("rider", "human", {"torso": 2, "head": 1, "arm": 4, "leg": 3}),
    **{
        sid: (name, name, {"window": 1, "wheel": 2, "light": 3, "license plate": 4, "chassis": 5})
        for sid, name in ((26, "car"), (27, "truck"), (28, "bus"))
    },
}


class TestPascal:
    """Twenty classes in alphabetical order; every pid of the TIFFs goes to the part that it should."""

    table = load_merge_table("pascal-pps")

    def test_has_the_twenty_classes_in_their_order(self):
        assert [self.table.classes[sid].name for sid in range(1, 21)] == PASCAL
        assert len(self.table.classes) == 20

    def test_has_as_many_parts_as_published(self):
        assert [len(self.table.classes[sid].parts) for sid in range(1, 21)] == PUBLISHED_COUNTS

    @pytest.mark.parametrize("sid", range(1, 21), ids=PASCAL)
    def test_every_pid_goes_to_the_part_that_it_should(self, sid):
        runs = RUNS[PASCAL[sid - 1]]
        expected = [part for part, count in runs for _ in range(count)]
        row = self.table.lookup[sid]
        assert row[1 : len(expected) + 1].tolist() == expected
        assert (row[len(expected) + 1 :] == UNKNOWN_PID).all()

    def test_an_object_of_a_class_without_parts_is_one_part(self):
        whole = [sid for sid in range(1, 21) if self.table.lookup[sid, 0] == 1]
        assert [PASCAL[sid - 1] for sid in whole] == ["boat", "chair", "table", "sofa"]
        assert set(self.table.lookup[:, 0].tolist()) == {0, 1}

    def test_other_classes_have_no_parts(self):
        others = np.delete(self.table.lookup, range(1, 21), axis=0)
        assert (others[:, 0] == 0).all()
        assert (others[:, 1:] == UNKNOWN_PID).all()

    def test_classes_have_their_own_category_but_person(self):
        categories = {item.name: item.category for item in self.table.classes.values()}
        assert categories.pop("person") == "human"
        assert all(name == category for name, category in categories.items())

    def test_folds_the_countable_parts_as_the_public_package(self, public_package):
        spec = public_package.spec("ppp")
        for sid, item in self.table.classes.items():
            assert spec.part_classes_from_sid(sid)[1:] == list(item.parts)
            folded = (spec._countable_pids_groupings or {}).get(item.name, {})
            assert {part: list(pids) for part, pids in item.pids.items() if part in item.countable} == folded


class TestCityscapes:
    """Five classes with parts, by their label ids."""

    table = load_merge_table("cityscapes-pps")

    def test_is_as_published(self):
        found = {
            sid: (item.name, item.category, {part: self.table.part_id(sid, part) for part in item.parts})
            for sid, item in self.table.classes.items()
        }
        assert found == CITYSCAPES
        assert [list(found[sid][2]) for sid in found] == [list(CITYSCAPES[sid][2]) for sid in found]

    def test_pids_are_places_in_the_lists(self):
        for sid, (_, _, parts) in CITYSCAPES.items():
            assert self.table.lookup[sid, : len(parts) + 2].tolist() == [0, *parts.values(), UNKNOWN_PID]

    def test_has_the_parts_of_the_public_package(self, public_package):
        spec = public_package.spec("cpp")
        with_parts = {spec.sid_from_scene_class(name): name for name in spec.l_parts}
        assert with_parts == {sid: item.name for sid, item in self.table.classes.items()}
        for sid, item in self.table.classes.items():
            assert spec.part_classes_from_sid(sid)[1:] == list(item.parts)


@pytest.mark.parametrize("name", ["cityscapes-pps", "pascal-pps"])
class TestBuiltIn:
    """All built-in tables."""

    def test_part_names_are_the_papers(self, name):
        table = load_merge_table(name)
        assert all(PART_NAMES[category] == parts for category, parts in table.part_names.items())

    def test_every_part_of_the_paper_has_a_source(self, name):
        table = load_merge_table(name)
        for category, parts in table.part_names.items():
            sids = [sid for sid, item in table.classes.items() if item.category == category]
            assert {*range(1, len(parts) + 1)} <= set(table.lookup[sids].ravel().tolist()), category


OWN = """
name = "street"

[[classes]]
sid = 3
name = "robot"
category = "robot"
parts = ["face", "eye", "arm"]
[classes.countable]
arm = [10, 12]
[classes.merge]
head = ["face", "eye"]
arm = ["arm"]

[[classes]]
sid = 4
name = "boat"
category = "boat"
whole = "boat"

[parts]
robot = ["head", "arm"]
"""

WRONG = {
    "not TOML": ('name = "street"', "name = street", "not a TOML file"),
    "part merged into nothing": ('head = ["face", "eye"]', 'head = ["face"]', "parts merged into nothing: found eye"),
    "part merged twice": ('\narm = ["arm"]', '\narm = ["arm", "eye"]', "parts merged twice: found eye"),
    "stranger merged": ('\narm = ["arm"]', '\narm = ["arm", "wing"]', "that the class does not have: found wing"),
    "unknown target": ('\narm = ["arm"]', '\nfoot = ["arm"]', "category 'robot' has no such part: found 'foot'"),
    "unknown category": ('robot = ["head', 'android = ["head', "part category without part names: found 'robot'"),
    "unknown whole": ('whole = "boat"', 'whole = "sail"', "category 'boat' has no such part: found 'sail'"),
    "pids overlap": ("arm = [10, 12]", "arm = [2, 4]", "pids that stand for several parts: found 2"),
    "range of one": ("arm = [10, 12]", "arm = [10]", r"\[classes, entry 1 \('robot'\), countable, arm\] not a range"),
    "range of a stranger": ("arm = [10, 12]", "leg = [10, 12]", "no such part: found 'leg'"),
    "pid of three digits": ("arm = [10, 12]", "arm = [10, 100]", "not a range of pids"),
    "class id twice": ("sid = 4", "sid = 3", "class twice: found 3 'boat'"),
    "class id out of range": ("sid = 4", "sid = 100", "class id out of range: found 100, expected 1..99"),
    "misspelt key": ("sid = 4", "sid = 4\nmerges = 1", "unknown key: expected sid, name, category beside whole"),
    "key missing": ("sid = 3", "", r"\[classes, entry 1 \('robot'\), sid\] key missing"),
    "part twice": ('["face", "eye", "arm"]', '["face", "face", "arm"]', "part names twice"),
    "folder name": ('category = "boat"', 'category = "../boat"', "cannot be a folder's name: found '../boat'"),
}


class TestOwnTable:
    """A table of one's own is read strictly: each of its parts goes to exactly one part."""

    def write(self, folder: Path, text: str) -> Path:
        (folder / "own.toml").write_text(text)
        return folder / "own.toml"

    def test_says_what_it_says(self, tmp_path):
        table = load_merge_table(self.write(tmp_path, OWN))
        assert table.part_names == {"boat": ("boat",), "robot": ("head", "arm")}
        assert table.lookup[3, :14].tolist() == [0, 1, 1, *[UNKNOWN_PID] * 7, 2, 2, 2, UNKNOWN_PID]
        assert table.lookup[4, :2].tolist() == [1, UNKNOWN_PID]

    @pytest.mark.parametrize(("old", "new", "sentence"), WRONG.values(), ids=WRONG)
    def test_a_fault_is_named_with_its_file_and_place(self, tmp_path, old, new, sentence):
        assert OWN.count(old) == 1
        path = self.write(tmp_path, OWN.replace(old, new))
        with pytest.raises(SpecError, match=sentence) as caught:
            load_merge_table(path)
        assert str(path) in str(caught.value)

    def test_a_table_that_is_not_there_says_so(self, tmp_path):
        with pytest.raises(SpecError, match="cannot be read"):
            load_merge_table(tmp_path / "nowhere.toml")
