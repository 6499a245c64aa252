"""The authors' tree of numbered categories gives its pairs by name, and its supports as support sets.

Its numbers are compared with tables written down independently, and with the built-in specs.
"""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.published_parts import write_release_tree
from ipose.data.part_names import PART_NAMES
from ipose.data.part_sources.release_tree import (
    CATEGORY_NAMES,
    SHARED_SUPPORTS,
    open_release,
    release_supports,
    support_category,
)
from ipose.data.specs import load_spec
from ipose.errors import DataError
from ipose.label_spec import LabelSpec


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = tmp_path_factory.mktemp("release")
    return root, write_release_tree(root)


@pytest.fixture
def own(published, tmp_path):
    """A copy to damage."""
    return shutil.copytree(published[0], tmp_path / "release")


def read_all(source, split):
    return [pair for item in source.items if item.split == split for pair in source.reader.read(item)]


def save_support(root, number, corners):
    """The one support of a category, its quarters of the part ids in `corners`; the map, (1, 64, 64)."""
    part_map = np.kron(np.array(corners, dtype=np.uint8), np.ones((32, 32), dtype=np.uint8))
    folder = root / "support_shape" / "1" / str(number)
    folder.mkdir(exist_ok=True)
    Image.fromarray(part_map).save(folder / "0_part.png")
    return torch.from_numpy(part_map)[None]


class TestReleaseTree:
    """`<number>/{train,val}/*_label.png` with `*_part.png`."""

    def test_gives_its_pairs_by_the_names_of_their_numbers(self, published, same_pairs):
        root, made = published
        source = open_release(root)
        for split in ("train", "val"):
            assert same_pairs(read_all(source, split), made[split])

    def test_names_tell_numbers_of_one_category_apart(self, own):
        shutil.copytree(own / "15", own / "24")  # both human
        names = [pair.name for pair in read_all(open_release(own), "train") if pair.category == "human"]
        assert len(set(names)) == len(names)
        assert {name.split("_")[0] for name in names} == {"15", "24"}

    @pytest.mark.parametrize(
        ("gone", "words"), [("_part", r"without 0_part\.png"), ("_label", r"without 0_label\.png")]
    )
    def test_a_file_without_its_partner_is_a_fault(self, own, gone, words):
        (own / "26" / "val" / f"0{gone}.png").unlink()
        with pytest.raises(DataError, match=words):
            open_release(own)

    def test_a_folder_of_no_category_is_a_fault(self, own):
        (own / "26").rename(own / "21")
        with pytest.raises(DataError, match="21: no category of the release: found 21, expected a category's number"):
            open_release(own)

    def test_a_part_that_the_category_lacks_is_reported_with_its_file(self, own):
        path = own / "13" / "train" / next((own / "13" / "train").glob("*_part.png")).name
        ids = np.array(Image.open(path))
        ids[ids == 1] = 5
        Image.fromarray(ids).save(path)
        source = open_release(own)
        with pytest.raises(DataError, match=r"part id that category 'horse' does not have: found 5, expected 0\.\.4"):
            read_all(source, "train")

    def test_maps_in_colour_are_refused(self, own):
        path = own / "26" / "val" / "0_part.png"
        Image.open(path).convert("RGB").save(path)
        with pytest.raises(DataError, match=r"0_part\.png: not an index PNG"):
            read_all(open_release(own), "val")

    def test_an_empty_folder_says_what_was_expected(self, tmp_path):
        with pytest.raises(DataError, match="no part pairs: found an empty folder"):
            open_release(tmp_path)


class TestReleaseSupports:
    """`support_shape/<k>/<number>/` as support sets by name, lent as the release lends them."""

    def test_there_is_a_set_for_every_k(self, published):
        found = release_supports(published[0])
        assert {k: supports.k for k, supports in found.items()} == {1: 1, 2: 2}

    def test_categories_read_the_supports_that_serve_them(self, published):
        root, made = published
        supports = release_supports(root)[2]
        assert set(supports.categories) == {"car", "human", "horse", "van", "zebra"}
        assert torch.equal(supports.part_maps["van"], supports.part_maps["car"])
        assert torch.equal(supports.part_maps["zebra"], supports.part_maps["horse"])
        cars = [pair.part_map for pair in made["train"] if pair.category == "car"][:2]
        assert torch.equal(supports.part_maps["car"], torch.stack(cars))

    def test_own_maps_of_a_borrower_are_not_read(self, own):
        shutil.copytree(own / "support_shape" / "1" / "13", own / "support_shape" / "1" / "15")
        assert torch.equal(release_supports(own)[1].part_maps["human"], release_supports(own)[1].of(["human"])[0])
        shutil.rmtree(own / "support_shape" / "1" / "24")
        assert "human" not in release_supports(own)[1].categories

    def test_a_van_reads_the_supports_of_pascals_car(self, own):
        """Given supports of 7 and of 26, the van (39) reads those of 7; without a folder 7, those of 26."""
        sevens = save_support(own, 7, [[1, 5], [5, 5]])
        supports = release_supports(own)[1]
        assert torch.equal(supports.part_maps["van"], sevens)
        assert not torch.equal(supports.part_maps["car"], sevens)
        shutil.rmtree(own / "support_shape" / "1" / "7")
        supports = release_supports(own)[1]
        assert torch.equal(supports.part_maps["van"], supports.part_maps["car"])

    def test_a_washer_has_one_part(self, own):
        """Given door glass 1, door 2 and machine body 3, parts 2 and 3 are merged into 1, and nothing else changes."""
        written = save_support(own, 36, [[1, 2], [3, 0]])
        supports = release_supports(own)[1]
        assert torch.equal(supports.part_maps["washer"], (written > 0).to(torch.uint8))
        assert supports.part_names["washer"] == ("washer",)
        assert supports.part_maps["car"].max() > 1

    def test_the_slot_of_microwaves_has_two_parts(self, own):
        written = save_support(own, 38, [[1, 2], [2, 0]])
        supports = release_supports(own)[1]
        assert torch.equal(supports.part_maps["microwave"], written)
        assert supports.part_names["microwave"] == ("part 1", "part 2")
        save_support(own, 38, [[1, 3], [3, 0]])
        with pytest.raises(DataError, match="part id that category 'microwave' does not have: found 3"):
            release_supports(own)

    def test_another_number_of_maps_than_the_folder_says_is_a_fault(self, own):
        next((own / "support_shape" / "2" / "26").iterdir()).unlink()
        with pytest.raises(DataError, match="2/26: wrong number of supports: found 1, expected 2"):
            open_release(own)

    def test_a_tree_without_supports_has_none(self, own):
        shutil.rmtree(own / "support_shape")
        assert open_release(own).supports == {}


_PASCAL = (
    "aeroplane bicycle bird boat bottle bus car cat chair cow table dog horse motorbike human pottedplant sheep sofa "
    "train tvmonitor"
)
PASCAL = _PASCAL.split()
CITYSCAPES = {24: "human", 25: "human", 26: "car", 27: "truck", 28: "bus"}
SINGLE = {36: "washer", 37: "stop sign", 40: "zebra"}
SHARED = [(6, 28), (7, 26), (35, 26), (15, 24), (25, 24), (31, 19), (32, 14), (33, 2), (39, 7), (40, 13)]

COCO = "0:24 1:2 2:26 3:14 4:1 5:28 6:19 7:27 8:4 12:37 15:3 16:8 17:12 18:13 19:17 20:10 23:40 43:5 61:9 71:20 77:38"
ADE20K = "4:24 9:26 68:36 6:11 8:9 11:18 48:4 50:28 53:27 58:20 59:1 64:5 74:14 83:2 80:38 65:39"
CLASSES = {
    "cityscapes": {number: number for number in (24, 25, 26, 27, 28, 31, 32, 33)},
    **{
        name: {int(item.split(":")[0]): int(item.split(":")[1]) for item in pairs.split()}
        for name, pairs in (("coco-stuff", COCO), ("ade20k", ADE20K))
    },
}
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

    def test_nobody_borrows_from_a_borrower_but_the_van(self):
        borrowers = [number for number, lender in SHARED_SUPPORTS.items() if lender in SHARED_SUPPORTS]
        assert [CATEGORY_NAMES[number] for number in borrowers] == ["van"]

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
