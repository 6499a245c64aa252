from collections.abc import Callable
from pathlib import Path

import pytest

from ipose.data.part_names import PART_NAMES, part_names_for
from ipose.data.specs import dataset_toml, load_dataset_spec, load_spec, spec_names
from ipose.errors import SpecError
from ipose.label_spec import LabelClass, LabelSpec

BUILT_IN = [name for name in spec_names() if name != "partworld"]
HEAD = 'name = "own"\n'


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "dataset.toml"
        path.write_text(text)
        return path

    return write


def entry(file_id: int, name: str, more: str = "") -> str:
    return f'[[classes]]\nid = {file_id}\nname = "{name}"\n{more}\n'


def numbered(text: str) -> dict[int, str]:
    """ "2 car, 3 stop sign" as a table."""
    return {int(number): name for number, _, name in (item.partition(" ") for item in text.split(", "))}


class TestBuiltInSpecs:
    """The public data sets are known by name."""

    @pytest.mark.parametrize(
        ("name", "classes", "unknown", "layout"),
        [
            ("coco-stuff", 183, 0, "pairs"),
            ("cityscapes", 35, 0, "cityscapes"),
            ("cityscapes-trainids", 20, 19, "pairs"),
            ("ade20k", 151, 0, "pairs"),
            ("ccp-person", 2, None, "pairs"),
        ],
    )
    def test_class_count_unknown_class_and_instance_layout(
        self, name: str, classes: int, unknown: int | None, layout: str
    ) -> None:
        spec = load_spec(name)
        assert (spec.name, spec.num_classes, spec.unknown, spec.instance_layout) == (name, classes, unknown, layout)

    def test_coco_stuff_has_unknown_first_then_file_id_plus_one(self) -> None:
        classes = load_spec("coco-stuff").classes
        assert [item.file_id for item in classes] == [255, *range(182)]
        assert [classes[i + 1].name for i in (0, 62, 90, 91, 156, 181)] == [
            "person",
            "couch",
            "hair brush",
            "banner",
            "sky-other",
            "wood",
        ]
        assert [item.thing for item in classes] == [False, *[True] * 91, *[False] * 91]

    def test_coco_stuff_part_categories_are_the_releases(self) -> None:
        given = numbered(
            "0 human, 1 bicycle, 2 car, 3 motorbike, 4 aeroplane, 5 bus, 6 train, 7 truck, 8 boat, 12 stop sign, "
            "15 bird, 16 cat, 17 dog, 18 horse, 19 sheep, 20 cow, 23 zebra, 43 bottle, 61 chair, 71 tvmonitor"
        )
        assert {c.file_id: c.part_category for c in load_spec("coco-stuff").classes if c.part_category} == given

    def test_cityscapes_has_parts_on_people_and_vehicles_without_caravan_and_trailer(self) -> None:
        given = numbered("24 human, 25 human, 26 car, 27 truck, 28 bus, 31 train, 32 motorbike, 33 bicycle")
        for name, id_of in (("cityscapes", "label id"), ("cityscapes-trainids", "train id")):
            classes = load_spec(name).classes
            assert sorted(c.part_category for c in classes if c.part_category) == sorted(given.values()), id_of
        assert {c.file_id: c.part_category for c in load_spec("cityscapes").classes if c.part_category} == given
        assert [c.file_id for c in load_spec("cityscapes").classes if c.thing] == list(range(24, 34))

    def test_ade20k_things_are_the_hundred_instance_classes_and_parts_follow_their_numbers(self) -> None:
        classes = load_spec("ade20k").classes
        assert [c.file_id for c in classes] == list(range(151))
        things = [c for c in classes if c.thing]
        assert len(things) == 100
        given = numbered(
            "4 human, 6 table, 8 chair, 9 car, 11 sofa, 48 boat, 50 bus, 53 truck, 58 tvmonitor, 59 aeroplane, "
            "64 bottle, 65 van, 68 washer, 74 motorbike, 83 bicycle"
        )
        assert {i: c.part_category for i, c in enumerate(things, start=1) if c.part_category} == given

    @pytest.mark.parametrize("name", BUILT_IN)
    def test_only_things_have_parts_and_each_category_has_names(self, name: str) -> None:
        dataset = load_dataset_spec(name)
        assert all(item.thing for item in dataset.labels.classes if item.part_category)
        assert tuple(dataset.part_names) == dataset.labels.part_categories

    @pytest.mark.parametrize("name", ["coco-stuff", "ade20k"])
    def test_colours_tell_classes_apart(self, name: str) -> None:
        assert len({item.color for item in load_spec(name).classes}) == load_spec(name).num_classes

    def test_the_part_table_has_the_papers_25_categories(self) -> None:
        assert len(PART_NAMES) == 25
        assert PART_NAMES["car"] == ("window", "wheel", "light", "license", "chassis")
        assert PART_NAMES["human"] == ("head", "torso", "leg", "arm")
        assert max(map(len, PART_NAMES.values())) == 5


class TestOwnSpec:
    """A dataset.toml says what the ids of an own data set mean, and every slip in it is named."""

    def test_the_example_of_the_module_docstring_reads(self, toml: Callable[[str], Path]) -> None:
        import ipose.data.specs as module

        text = module.__doc__ or ""
        example = text[text.index("    name =") : text.index("Ids must ascend")]
        spec = load_spec(toml("\n".join(line[4:] for line in example.splitlines())))
        assert [(c.name, c.file_id, c.thing, c.part_category) for c in spec.classes] == [
            ("void", 0, False, None),
            ("car", 3, True, "car"),
        ]
        assert spec.unknown == 0

    def test_a_folder_is_read_by_its_dataset_toml(self, toml: Callable[[str], Path]) -> None:
        assert load_spec(toml(HEAD + entry(4, "sky")).parent).name == "own"

    def test_own_parts_join_the_papers(self, toml: Callable[[str], Path]) -> None:
        things = entry(0, "bot", 'thing = true\npart_category = "robot"') + entry(
            1, "auto", 'thing = true\npart_category = "car"'
        )
        names = load_dataset_spec(toml(HEAD + things + '[parts]\nrobot = ["head", "arm"]\n')).part_names
        assert names == {"robot": ("head", "arm"), "car": PART_NAMES["car"]}

    def test_the_unknown_class_alone_may_stand_out_of_order(self, toml: Callable[[str], Path]) -> None:
        classes = entry(255, "void") + entry(0, "sky") + entry(1, "sea")
        assert load_spec(toml(HEAD + 'unknown = "void"\n' + classes)).unknown == 0
        with pytest.raises(SpecError, match="out of order"):
            load_spec(toml(HEAD + classes))

    @pytest.mark.parametrize("name", spec_names())
    def test_writing_and_reading_back_changes_nothing(self, name: str, toml: Callable[[str], Path]) -> None:
        dataset = load_dataset_spec(name)
        assert load_dataset_spec(toml(dataset_toml(dataset.labels, dataset.part_names))) == dataset

    def test_odd_names_survive_writing(self, toml: Callable[[str], Path]) -> None:
        spec = LabelSpec('a "b"\\ \x7f ü', (LabelClass("über\nweg", 0, (1, 2, 3)),))
        assert load_spec(toml(dataset_toml(spec))) == spec

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (HEAD, r"\[classes\] key missing"),
            (HEAD + "classes = []", "no classes"),
            (entry(0, "sky"), r"\[name\] key missing"),
            (HEAD + entry(0, "sky") + entry(1, "sky"), "duplicate names: found sky"),
            (HEAD + entry(0, "sky") + entry(0, "sea"), "duplicate file ids: found 0"),
            (
                HEAD + entry(5, "sky") + entry(2, "sea"),
                r"entry 2 \('sea'\)\] class ids out of order: found id 2 after id 5",
            ),
            (HEAD + entry(256, "sky"), "cannot hold: found 256"),
            (HEAD + entry(0, "sky", 'colour = "red"'), "unknown key"),
            (HEAD + entry(0, "sky", "color = [1, 2]"), "not a colour"),
            (HEAD + entry(0, "sky", "thing = 1"), "wrong type: found 1, expected true or false"),
            (HEAD + '[[classes]]\nid = true\nname = "sky"\n', "wrong type: found True"),
            (HEAD + "classes = [3]\n", "wrong type: found 3"),
            (HEAD + 'unknown = "void"\n' + entry(0, "sky"), "no such unknown class: found 'void'"),
            (HEAD + 'instance_layout = "coco"\n' + entry(0, "sky"), "no such instance layout: found coco"),
            (HEAD + 'layout = "pairs"\n' + entry(0, "sky"), r"\[layout\] unknown key"),
            (HEAD + entry(0, "sky", 'part_category = "car"'), "only things have parts"),
            (HEAD + entry(0, "sky") + "[parts]\nrobot = []\n", "not a list of part names"),
            (HEAD + entry(0, "sky") + '[parts]\nrobot = ["a", "a"]\n', "part names twice"),
            (HEAD + entry(0, "sky") + "[parts]\nrobot = " + str(list("abcdefghi")), "too many parts: found 9"),
            ("name = street", "not a TOML file"),
        ],
    )
    def test_a_slip_is_named_with_its_file(self, text: str, message: str, toml: Callable[[str], Path]) -> None:
        with pytest.raises(SpecError, match=message) as caught:
            load_spec(toml(text))
        assert "dataset.toml" in str(caught.value)

    def test_an_unknown_name_lists_the_known_ones(self) -> None:
        with pytest.raises(SpecError, match="found 'coco', expected one of ade20k, ccp-cloth, ccp-person, cityscapes"):
            load_spec("coco")

    def test_a_category_without_names_says_how_to_name_them(self) -> None:
        with pytest.raises(SpecError, match=r"Name its parts in dataset\.toml"):
            part_names_for(["robot"])
