"""A source's kind is told by its layout; what is no source, or several, is asked about."""

import json

import numpy as np
import pytest
import torch

from helpers.published_parts import (
    drawn_pairs,
    drawn_scenes,
    write_cityscapes_pps,
    write_partimagenet,
    write_pascal_pps,
    write_release_tree,
    write_tiff,
)
from ipose.data.part_pairs import write_pair
from ipose.data.part_sources.recognise import SOURCE_KINDS, open_part_source, recognise
from ipose.data.scene_folder import write_scene_folder
from ipose.errors import ConfigError, DataError
from ipose.partworld.categories import PARTWORLD

WRITERS = {
    "cityscapes-pps": write_cityscapes_pps,
    "pascal-pps": lambda root: write_pascal_pps(root, 2),
    "partimagenet": write_partimagenet,
    "release": write_release_tree,
    "scenes": lambda root: write_scene_folder(drawn_scenes(1, ("car",)), root, "train", PARTWORLD),
    "part-tree": lambda root: [write_pair(pair, root, "train") for pair in drawn_pairs(drawn_scenes(1, ("car",)))],
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A small source of every kind."""
    roots = {kind: tmp_path_factory.mktemp("sources") / kind for kind in SOURCE_KINDS}
    for kind, root in roots.items():
        root.mkdir()
        WRITERS[kind](root)
    return roots


@pytest.mark.parametrize("kind", SOURCE_KINDS)
class TestEveryKind:
    """The six kinds of sources."""

    def test_is_recognised_by_its_layout(self, sources, kind):
        assert recognise(sources[kind]) == kind

    def test_opens_as_what_it_is(self, sources, kind):
        source = open_part_source(sources[kind])
        assert source.kind == kind
        pairs = source.reader.read(source.items[0])
        assert all(pair.category in source.part_names for pair in pairs)

    def test_its_fingerprint_depends_on_its_files_not_on_its_place(self, sources, kind, tmp_path):
        source = open_part_source(sources[kind])
        moved = tmp_path / "moved"
        moved.symlink_to(sources[kind])
        assert open_part_source(moved).fingerprint == source.fingerprint
        fewer = type(source)(kind, source.root, source.part_names, source.items[1:], source.reader, source.rule)
        assert fewer.fingerprint != source.fingerprint

    def test_named_for_another_it_is_refused_or_gives_nothing(self, sources, kind):
        others = {"cityscapes-pps": "partimagenet", "scenes": "part-tree"}
        with pytest.raises(DataError, match=r"no part pairs|no annotations of parts|no panoptic part maps"):
            open_part_source(sources[kind], others.get(kind, "cityscapes-pps" if kind != "pascal-pps" else "release"))


class TestWrongUse:
    """One sentence each."""

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(DataError, match="no such folder"):
            open_part_source(tmp_path / "nowhere")

    def test_an_empty_folder_lists_all_layouts(self, tmp_path):
        with pytest.raises(DataError, match="no part annotations here: found an empty folder") as caught:
            open_part_source(tmp_path)
        assert all(f"({kind})" in str(caught.value) for kind in SOURCE_KINDS)

    def test_a_folder_of_photographs_says_what_is_there(self, tmp_path):
        (tmp_path / "cat.jpg").write_bytes(b"")
        with pytest.raises(DataError, match=r"found cat\.jpg"):
            open_part_source(tmp_path)

    def test_two_kinds_in_one_folder_ask_which(self, tmp_path):
        write_tiff(tmp_path / "x.tif", np.zeros((9, 9), dtype=np.int32))
        (tmp_path / "val.json").write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
        with pytest.raises(ConfigError, match=r"found pascal-pps, partimagenet\. Say which with --kind"):
            open_part_source(tmp_path)

    def test_no_such_kind(self, tmp_path):
        with pytest.raises(ConfigError, match="no such kind of source: found ade, expected cityscapes-pps, "):
            open_part_source(tmp_path, "ade")

    @pytest.mark.parametrize(("option", "owner"), [("table", "cityscapes-pps"), ("spec", "scenes")])
    def test_an_option_of_another_kind(self, sources, option, owner):
        with pytest.raises(ConfigError, match=f"--{option} is for {owner}"):
            open_part_source(sources["release"], **{option: "x"})


def test_shapes_of_sources_are_64_by_64(sources):
    for root in sources.values():
        source = open_part_source(root)
        for item in source.items[:2]:
            assert all(pair.part_map.shape == torch.Size([64, 64]) for pair in source.reader.read(item))
