"""Any part tree, and any scene folder with part maps."""

import json
import shutil

import pytest
import torch

from helpers.published_parts import drawn_pairs, drawn_scenes
from ipose.data.part_pairs import write_pair
from ipose.data.part_sources.part_tree import open_part_tree, open_scenes_with_parts
from ipose.data.png import write_index
from ipose.data.scene_folder import write_scene_folder
from ipose.errors import DataError, SpecError
from ipose.partworld.categories import PARTWORLD


def read_all(source, split=None):
    return [pair for item in source.items if split in (None, item.split) for pair in source.reader.read(item)]


class TestPartTree:
    """`<category>/<split>/<name>_part.png`, of any size."""

    def test_gives_back_the_pairs_of_a_tree(self, tmp_path, same_pairs):
        pairs = drawn_pairs(drawn_scenes(3, ("car", "dog")))
        for pair in pairs:
            write_pair(pair, tmp_path, "train")
        write_pair(pairs[0], tmp_path, "test")
        source = open_part_tree(tmp_path)
        assert same_pairs(read_all(source, "train"), pairs)
        assert same_pairs(read_all(source, "test"), pairs[:1])

    def draw(self, root, category="robot", highest=2):
        part = torch.zeros(100, 80, dtype=torch.uint8)
        part[20:60, 10:70], part[60:90, 30:50] = 1, highest
        (root / category / "train").mkdir(parents=True)
        write_index(root / category / "train" / "r_part.png", part)

    def test_a_category_that_nobody_names_has_numbered_parts(self, tmp_path):
        self.draw(tmp_path)
        source = open_part_tree(tmp_path)
        assert source.part_names["robot"][:2] == ("part 1", "part 2")
        (pair,) = read_all(source)
        assert pair.shape.shape == (64, 64)

    def test_parts_json_names_them(self, tmp_path):
        self.draw(tmp_path)
        (tmp_path / "parts.json").write_text(json.dumps({"part_names": {"robot": ["head", "body"]}}))
        assert open_part_tree(tmp_path).part_names == {"robot": ("head", "body")}

    def test_a_part_without_a_name_is_reported_with_its_file(self, tmp_path):
        self.draw(tmp_path, "car", highest=6)
        with pytest.raises(DataError, match=r"r_part\.png: part id that category 'car' does not have: found 6"):
            read_all(open_part_tree(tmp_path))

    def test_a_shape_without_part_map_is_a_fault(self, tmp_path):
        self.draw(tmp_path)
        write_index(tmp_path / "robot" / "train" / "s_label.png", torch.ones(9, 9, dtype=torch.uint8))
        with pytest.raises(DataError, match=r"s_label\.png: without s_part\.png: expected both side by side"):
            open_part_tree(tmp_path)

    def test_hidden_files_are_passed_over(self, tmp_path):
        self.draw(tmp_path)
        (tmp_path / "robot" / "train" / "._x_part.png").write_bytes(b"")
        assert [item.name for item in open_part_tree(tmp_path).items] == ["robot/train/r_part.png"]


@pytest.fixture(scope="module")
def scenes():
    return drawn_scenes(2, ("car", "dog"))


@pytest.fixture(scope="module")
def folder(scenes, tmp_path_factory):
    """The scenes on disk, the first of them for validation too."""
    root = tmp_path_factory.mktemp("scenes")
    write_scene_folder(scenes, root, "train", PARTWORLD)
    write_scene_folder(scenes[:1], root, "val", PARTWORLD)
    return root


class TestScenesWithParts:
    """`{train,val}_part/` beside label and instance maps."""

    def test_gives_the_objects_of_the_scenes(self, folder, scenes, same_pairs):
        source = open_scenes_with_parts(folder)
        assert same_pairs(read_all(source, "train"), drawn_pairs(scenes))
        assert same_pairs(read_all(source, "val"), drawn_pairs(scenes[:1]))

    def test_a_spec_by_name_serves_too(self, folder, same_pairs, scenes):
        assert same_pairs(read_all(open_scenes_with_parts(folder, "partworld"), "train"), drawn_pairs(scenes))

    def test_a_split_without_part_maps_is_passed_over(self, folder, tmp_path):
        own = shutil.copytree(folder, tmp_path / "own")
        shutil.rmtree(own / "val_part")
        assert {item.split for item in open_scenes_with_parts(own).items} == {"train"}
        shutil.rmtree(own / "train_part")
        with pytest.raises(DataError, match="no scenes with part maps"):
            open_scenes_with_parts(own)

    def test_a_missing_part_map_is_a_fault(self, folder, tmp_path):
        own = shutil.copytree(folder, tmp_path / "own")
        next((own / "train_part").iterdir()).unlink()
        with pytest.raises(DataError, match="missing partner in train_part"):
            open_scenes_with_parts(own)

    def test_a_folder_that_does_not_say_what_its_ids_mean_is_refused(self, folder, tmp_path):
        own = shutil.copytree(folder, tmp_path / "own")
        (own / "dataset.toml").unlink()
        with pytest.raises(SpecError, match="does not say what its label ids mean"):
            open_scenes_with_parts(own)
