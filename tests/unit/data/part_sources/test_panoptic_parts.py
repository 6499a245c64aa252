"""Panoptic part TIFFs give the very pairs that were drawn; splits; and every fault is one sentence with its file."""

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from PIL import Image

from helpers.published_parts import (
    drawn_pairs,
    drawn_scenes,
    panoptic_uids,
    write_cityscapes_pps,
    write_pascal_pps,
    write_tiff,
)
from ipose.data.part_sources.merge_table import load_merge_table
from ipose.data.part_sources.panoptic_parts import (
    NO_INSTANCE,
    PanopticParts,
    PanopticPartsReader,
    decode_uids,
    open_cityscapes_pps,
    open_pascal_pps,
    pooled_split,
)
from ipose.data.part_sources.source import SourceItem
from ipose.errors import DataError, SpecError
from ipose.testing import law

_PASCAL = "aeroplane bicycle bird bottle bus car cat cow dog horse human motorbike pottedplant sheep tvmonitor"
PASCAL = tuple(_PASCAL.split())
"""What PartWorld draws of Pascal's classes."""


def read_all(source, split=None):
    return [pair for item in source.items if split in (None, item.split) for pair in source.reader.read(item)]


@pytest.fixture
def reader(tmp_path):
    return PanopticPartsReader(tmp_path, load_merge_table("pascal-pps"))


def square(side: int = 40) -> np.ndarray:
    """An image with an empty class and room for an object in rows and columns 4..27."""
    return np.full((side, side), 7, dtype=np.int32)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder as published, and the scenes in it."""
    root = tmp_path_factory.mktemp("cpp")
    return root, write_cityscapes_pps(root)


class TestCityscapes:
    """Published folders, official split."""

    def test_gives_the_pairs_that_were_drawn_in_the_official_split(self, published, same_pairs):
        root, scenes = published
        source = open_cityscapes_pps(root)
        for split in ("train", "val"):
            assert same_pairs(read_all(source, split), drawn_pairs(scenes[split]))

    def test_names_pairs_by_image_class_and_instance(self, published):
        source = open_cityscapes_pps(published[0])
        names = [pair.name for pair in read_all(source, "val")]
        assert len(set(names)) == len(names)
        assert all(name.startswith("frankfurt_000003_000019-") for name in names)
        assert {name.split("-")[1] for name in names} <= {"person", "car", "truck", "bus"}

    def test_one_split_given_alone_is_that_split(self, published):
        source = open_cityscapes_pps(published[0] / "gtFinePanopticParts" / "val")
        assert [item.split for item in source.items] == ["val"]

    def test_a_map_in_no_splits_folder_says_so(self, published, tmp_path):
        write_tiff(tmp_path / "aachen" / "a_gtFinePanopticParts.tif", square())
        with pytest.raises(DataError, match=r"a_gtFinePanopticParts\.tif: part map in no split"):
            open_cityscapes_pps(tmp_path)


class TestPascal:
    """All images pooled, a fifth of them validates."""

    def test_gives_the_pairs_that_were_drawn_of_every_class(self, tmp_path, same_pairs):
        write_pascal_pps(tmp_path, 12, PASCAL)
        assert same_pairs(read_all(open_pascal_pps(tmp_path)), drawn_pairs(drawn_scenes(12, PASCAL)))

    def test_a_fifth_of_the_images_validates_whatever_their_folders(self, tmp_path):
        write_pascal_pps(tmp_path, 10)
        splits = {item.name: item.split for item in open_pascal_pps(tmp_path).items}
        assert sorted(splits.values()) == ["train"] * 8 + ["val"] * 2
        moved = tmp_path / "labels" / "validation"
        for file in (tmp_path / "labels" / "training").iterdir():
            file.rename(moved / file.name)
        again = {item.name: item.split for item in open_pascal_pps(tmp_path).items}
        assert sorted(again.values()) == sorted(splits.values())
        assert {n.split("/")[-1]: s for n, s in again.items()} == {n.split("/")[-1]: s for n, s in splits.items()}

    def test_an_image_that_is_there_twice_says_so(self, tmp_path):
        write_tiff(tmp_path / "a" / "x.tif", square())
        write_tiff(tmp_path / "b" / "x.tif", square())
        with pytest.raises(DataError, match="2 faults in source") as caught:
            open_pascal_pps(tmp_path)
        assert "a/x.tif: image there twice" in str(caught.value)

    def test_an_own_table_is_used_in_place_of_the_built_in_one(self, tmp_path):
        table = tmp_path / "own.toml"
        table.write_text(
            'name = "x"\n[[classes]]\nsid = 7\nname = "pot"\ncategory = "bottle"\nparts = ["all"]\n'
            '[classes.merge]\nbody = ["all"]\n'
        )
        uids = square()
        uids[4:28, 4:28] = 700101
        write_tiff(tmp_path / "x.tif", uids)
        (pair,) = read_all(open_pascal_pps(tmp_path, table))
        assert (pair.category, pair.part_map.unique().tolist()) == ("bottle", [0, 2])


class TestObjects:
    """An object is a (class, instance) pair; what is not labelled is no part; groups are no objects."""

    def test_pixels_without_part_belong_to_the_shape_alone(self, reader):
        uids = np.full((80, 90), 7, dtype=np.int32)
        uids[10:71, 20:81] = 5001  # a bottle without a part; with two pixels of context its crop is one to one
        uids[10:40, 20:81] = 500102  # its body
        (pair,) = self.pairs(reader, uids)
        assert torch.equal(pair.shape, torch.from_numpy(uids[8:72, 18:82] != 7))
        assert torch.equal(pair.part_map, torch.from_numpy(uids[8:72, 18:82] == 500102) * torch.tensor(2).byte())

    def test_pid_0_is_no_part(self, reader):
        uids = square()
        uids[4:28, 4:28] = 500100
        assert self.pairs(reader, uids) == []

    def test_two_instances_of_a_class_are_two_objects(self, reader):
        uids = square()
        uids[4:28, 4:14], uids[4:28, 14:28] = 500101, 500201
        assert [pair.name for pair in self.pairs(reader, uids)] == ["x-bottle-1", "x-bottle-2"]

    def test_instance_0_is_an_object(self, reader):
        uids = square()
        uids[4:28, 4:28] = 500001
        assert len(self.pairs(reader, uids)) == 1

    @pytest.mark.parametrize("sid", [15, 4])
    def test_a_group_is_no_object(self, reader, sid):
        uids = square()
        uids[4:28, 4:28] = sid
        assert self.pairs(reader, uids) == []

    def test_a_group_is_no_part_of_instance_0_beside_it(self, reader):
        uids = square()
        uids[4:28, 4:28] = 500001
        (alone,) = self.pairs(reader, uids)
        uids[4:28, 30:38] = 5
        (beside,) = self.pairs(reader, uids)
        assert torch.equal(alone.shape, beside.shape)

    def test_an_object_of_a_class_without_parts_is_one_part_as_a_whole(self, reader):
        uids = square()
        uids[4:28, 4:28] = 4007
        (pair,) = self.pairs(reader, uids)
        assert pair.category == "boat"
        assert torch.equal(pair.part_map > 0, pair.shape)
        assert pair.part_map.unique().tolist() == [0, 1]

    def test_objects_too_small_to_crop_are_passed_over(self, reader):
        uids = square()
        uids[4:5, 4:28] = 500101
        assert self.pairs(reader, uids) == []

    def pairs(self, reader, uids):
        write_tiff(reader.root / "x.tif", uids)
        return reader.read(SourceItem("x.tif", "train"))


class TestFaults:
    """A file that cannot be understood says what is wrong with it, and gives nothing."""

    @pytest.mark.parametrize(
        ("uid", "words"),
        [
            (500103, r"pid 3 of class 5 \(bottle\) on 4 pixels"),
            (400101, r"pid 1 of class 4 \(boat\) on 4 pixels"),
            (2100101, r"pid 1 of class 21 \(without parts\) on 4 pixels"),
            (1400115, r"pid 15 of class 14 \(motorbike\) on 4 pixels"),
        ],
    )
    def test_a_part_of_no_table_is_reported_with_its_file(self, reader, uid, words):
        uids = square()
        uids[4:28, 4:28], uids[6:8, 6:8] = 500101, uid
        write_tiff(reader.root / "x.tif", uids)
        with pytest.raises(DataError, match=words) as caught:
            reader.read(SourceItem("x.tif", "train"))
        assert str(caught.value).startswith(f"{reader.root / 'x.tif'}: a part that the merge table does not have")
        assert "--table" in str(caught.value)

    def test_a_value_that_is_no_uid_is_reported_with_its_file(self, reader):
        write_tiff(reader.root / "x.tif", np.where(np.eye(20) > 0, 123, 0).astype(np.int32))
        with pytest.raises(DataError, match=r"x\.tif: not a panoptic part id: found 123"):
            reader.read(SourceItem("x.tif", "train"))

    @pytest.mark.parametrize(
        ("ids", "found"),
        [
            (np.zeros((9, 9, 3), dtype=np.uint8), "a TIFF of mode RGB"),
            (np.zeros((9, 9), dtype=np.uint8), "a TIFF of mode L"),
            (np.zeros((9, 9), dtype=np.uint16), "a TIFF of mode I;16"),
            (np.zeros((9, 9), dtype=np.float32), "a TIFF of mode F"),
        ],
        ids=["colours", "8 bits", "16 bits", "real numbers"],
    )
    def test_a_tiff_of_another_mode_is_refused(self, reader, ids, found):
        write_tiff(reader.root / "x.tif", ids)
        with pytest.raises(DataError, match=rf"^\S+x\.tif: not a map of panoptic part ids: found {found}"):
            reader.read(SourceItem("x.tif", "train"))

    def test_a_png_by_the_name_of_a_tiff_is_refused(self, reader):
        Image.fromarray(square().astype(np.uint16)).save(reader.root / "x.tif", format="PNG")
        with pytest.raises(DataError, match="found a PNG of mode I;16"):
            reader.read(SourceItem("x.tif", "train"))

    @pytest.mark.parametrize("kept", [0, 6, 40, 300, -200, -20])
    def test_a_truncated_file_is_refused(self, reader, kept):
        uids = np.random.default_rng(0).integers(0, 99, (40, 40)).astype(np.int32)
        write_tiff(reader.root / "x.tif", uids, compression="tiff_lzw")
        whole = (reader.root / "x.tif").read_bytes()
        (reader.root / "x.tif").write_bytes(whole[:kept])
        with pytest.raises(DataError, match=r"x\.tif: (truncated or damaged image|not an image|empty file)"):
            reader.read(SourceItem("x.tif", "train"))

    def test_a_missing_file_says_so(self, reader):
        with pytest.raises(DataError, match="no such file"):
            reader.read(SourceItem("x.tif", "train"))

    @pytest.mark.parametrize("opening", [open_cityscapes_pps, open_pascal_pps])
    def test_a_folder_without_tiffs_says_so(self, tmp_path, opening):
        (tmp_path / "x.png").write_bytes(b"")
        (tmp_path / "._x.tif").write_bytes(b"")
        with pytest.raises(DataError, match="no panoptic part maps: expected TIFFs"):
            opening(tmp_path)

    def test_a_table_that_is_not_there_says_so(self, tmp_path):
        write_tiff(tmp_path / "x.tif", square())
        with pytest.raises(SpecError, match="cannot be read"):
            open_pascal_pps(tmp_path, tmp_path / "nowhere.toml")


def test_every_pid_of_a_part_reads_as_that_part():
    """The drawings that the tests above read really use every pid of a part, not the first one alone."""
    table = load_merge_table("pascal-pps")
    (scene,) = drawn_scenes(1, ("bus",), objects=1)
    pids = panoptic_uids(scene, table) % 100
    windows = pids[(scene.part == 1).numpy()]
    assert set(windows.tolist()) == set(range(40, 60))


NAMES = st.lists(st.text(min_size=1, max_size=6), unique=True, max_size=40)


class TestPooledSplit:
    """A fixed fifth validates: the same names give the same split, in any order, on any machine."""

    @law(names=NAMES)
    def test_a_fifth_validates(self, names):
        split = pooled_split(names)
        assert set(split) == set(names)
        assert list(split.values()).count("val") == round(0.2 * len(names))

    @law(names=NAMES)
    def test_does_not_depend_on_the_order(self, names):
        assert pooled_split(names) == pooled_split(reversed(names))

    def test_does_not_take_the_first_or_last_names(self):
        split = pooled_split(f"2008_{number:06d}" for number in range(100))
        places = [number for number, part in enumerate(split.values()) if part == "val"]
        assert places[:4] == [4, 5, 6, 15]
        assert places[-1] > 80


sids, iids, pids = st.integers(1, 99), st.integers(0, 999), st.integers(1, 99)


def decoded(uid: int) -> tuple[int, int, int]:
    sid, iid, pid = decode_uids(np.array([[uid]], dtype=np.int32))
    return int(sid[0, 0]), int(iid[0, 0]), int(pid[0, 0])


def encode_uids(parts: PanopticParts) -> np.ndarray:
    """The shortest uids that say the same; the inverse of `decode_uids` wherever no pid 0 is written out."""
    instance = parts.sid * 1000 + parts.iid
    whole = instance * 100 + parts.pid
    uids = np.where(parts.iid == NO_INSTANCE, parts.sid, np.where(parts.pid == 0, instance, whole))
    return uids.astype(np.int32)


class TestDecodeUids:
    """Class; class and instance; class, instance and part: by the number of digits."""

    @pytest.mark.parametrize(
        ("uid", "expected"),
        [
            (0, (0, NO_INSTANCE, 0)),
            (7, (7, NO_INSTANCE, 0)),
            (99, (99, NO_INSTANCE, 0)),
            (1000, (1, 0, 0)),
            (24013, (24, 13, 0)),
            (99999, (99, 999, 0)),
            (100000, (1, 0, 0)),
            (2600103, (26, 1, 3)),
            (1512304, (15, 123, 4)),
            (100105, (1, 1, 5)),
            (9999999, (99, 999, 99)),
        ],
    )
    def test_matches_a_hand_count(self, uid, expected):
        assert decoded(uid) == expected

    @law(sid=sids, iid=iids, pid=pids)
    def test_reads_what_the_three_forms_write(self, sid, iid, pid):
        assert decoded(sid) == (sid, NO_INSTANCE, 0)
        assert decoded(sid * 1000 + iid) == (sid, iid, 0)
        assert decoded(sid * 100_000 + iid * 100 + pid) == (sid, iid, pid)

    @law(uids=st.lists(st.one_of(st.integers(0, 99), st.integers(1000, 99_999)), min_size=1, max_size=9))
    def test_encoding_is_the_way_back(self, uids):
        uids = np.array([uids], dtype=np.int32)
        assert (encode_uids(decode_uids(uids)) == uids).all()

    @law(sid=sids, iid=iids, pid=pids)
    def test_encoding_parts_is_the_way_back_too(self, sid, iid, pid):
        parts = PanopticParts(*(np.array([[value]], dtype=np.int32) for value in (sid, iid, pid)))
        assert decoded(int(encode_uids(parts)[0, 0])) == (sid, iid, pid)

    @pytest.mark.parametrize("uid", [-1, 100, 999, 10_000_000])
    def test_values_of_no_form_are_refused_with_their_place(self, uid):
        uids = np.zeros((3, 4), dtype=np.int32)
        uids[1, 2] = uid
        with pytest.raises(DataError, match=f"not a panoptic part id: found {uid} at row 1, column 2"):
            decode_uids(uids)

    def test_the_public_package_says_the_same(self, public_package):
        rng = np.random.default_rng(0)
        sid, iid, pid = rng.integers(1, 100, 90), rng.integers(0, 1000, 90), rng.integers(1, 100, 90)
        uids = np.concatenate([sid, sid * 1000 + iid, sid * 100_000 + iid * 100 + pid]).astype(np.int32)[None]
        for ours, theirs in zip(decode_uids(uids), public_package.decode_uids(uids), strict=True):
            assert (ours == np.where((theirs == -1) & (ours == 0), 0, theirs)).all()
