"""`parts.json` says what parts are called and where a tree came from; an unfinished tree is no data to train on."""

import pytest

from helpers.published_parts import drawn_pairs, drawn_scenes
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_part_pairs
from ipose.data.part_manifest import BuiltSource, PartManifest, read_manifest, tree_part_names, write_manifest
from ipose.data.part_pairs import write_pair
from ipose.errors import DataError

DONE = BuiltSource("pascal-pps", "ppp", "abc", True, {"robot": {"train": 3}}, ("x.tif: damaged.",))
MANIFEST = PartManifest({"robot": ("head", "body")}, (DONE,))


class TestPartManifest:
    """What is written reads back; what is not of its form says so."""

    def test_reads_back(self, tmp_path):
        write_manifest(tmp_path, MANIFEST)
        assert read_manifest(tmp_path) == MANIFEST
        assert [path.name for path in tmp_path.iterdir()] == ["parts.json"]

    def test_a_tree_without_one_names_nothing(self, tmp_path):
        assert read_manifest(tmp_path) is None
        assert tree_part_names(tmp_path) == {}

    def test_names_alone_are_enough(self, tmp_path):
        (tmp_path / "parts.json").write_text('{"part_names": {"robot": ["head", "body"]}}')
        assert tree_part_names(tmp_path) == {"robot": ("head", "body")}

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("{", "not a list of part names"),
            ("[]", "not a list of part names"),
            ('{"part_names": 3}', "not a list of part names"),
            ('{"part_names": {"robot": "head"}}', r"\[parts, robot\] not a list of part names: found head"),
            ('{"sources": [{"sort": "x"}]}', "not a list of part names"),
            ('{"sources": [3]}', "not a list of part names"),
        ],
    )
    def test_a_damaged_one_says_so(self, tmp_path, text, words):
        (tmp_path / "parts.json").write_text(text)
        with pytest.raises(DataError, match=words) as caught:
            tree_part_names(tmp_path)
        assert str(tmp_path / "parts.json") in str(caught.value)


class TestOpenedTree:
    """`open_part_pairs` reads the names beside the tree."""

    @pytest.fixture
    def tree(self, tmp_path):
        pairs = drawn_pairs(drawn_scenes(2, ("car",)))
        robots = [type(pair)("robot", pair.shape, pair.part_map, pair.name) for pair in pairs]
        for split in ("train", "val"):
            for robot in robots:
                write_pair(robot, tmp_path, split)
        return tmp_path

    def test_part_names_of_categories_that_the_paper_lacks_come_from_it(self, tree):
        names = ("roof", "wheel", "lamp", "plate", "body")
        write_manifest(tree, PartManifest({"robot": names}))
        assert open_part_pairs(DataConfig(data=str(tree))).part_names == {"robot": names}

    def test_an_unfinished_build_is_refused_with_the_way_out(self, tree):
        write_manifest(tree, PartManifest(sources=(BuiltSource("release", "there", "abc"),)))
        with pytest.raises(DataError, match=f"not finished.*Run it again: ipose data build-parts there {tree}"):
            open_part_pairs(DataConfig(data=str(tree)))
