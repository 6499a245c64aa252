"""From a DataConfig to scenes and part pairs, whatever they come from."""

import shutil

import pytest
import torch

from ipose.data.data_config import DataConfig
from ipose.data.open_data import (
    PartData,
    checked_part_pairs,
    checked_scenes,
    open_part_pairs,
    open_scenes,
    open_spec,
    spec_source,
)
from ipose.data.part_pairs import write_pair
from ipose.data.specs import DATASET_FILE
from ipose.errors import DataError, SpecError, TooFewObjectsError
from ipose.testing.tiny_scenes import SPEC, write_scenes

WORLD = DataConfig(categories=("car", "dog"), objects=(2, 2), scenes=6, val_scenes=2, scene_size=64, novel=("dog",))


@pytest.fixture
def folder(tmp_path):
    for split in ("train", "val"):
        write_scenes(tmp_path / "scenes", split, 3)
    return tmp_path / "scenes"


@pytest.fixture(scope="module")
def drawn() -> PartData:
    return open_part_pairs(WORLD)


class TestSpec:
    """The config's spec, else the folder's own."""

    def test_a_folder_brings_its_own(self, folder):
        assert open_spec(DataConfig(data=str(folder))).labels == SPEC
        assert spec_source(DataConfig(data=str(folder))) == folder

    def test_a_named_one_comes_first(self, folder):
        assert open_spec(DataConfig(data=str(folder), spec="cityscapes")).labels.name == "cityscapes"

    def test_partworld_needs_none(self):
        assert open_spec(DataConfig()).labels.name == "partworld"

    def test_what_is_missing_is_named(self, folder, tmp_path):
        with pytest.raises(DataError, match="no such data folder"):
            open_spec(DataConfig(data=str(tmp_path / "nowhere")))
        (folder / DATASET_FILE).unlink()
        with pytest.raises(SpecError, match="Name a built-in spec with --spec"):
            open_spec(DataConfig(data=str(folder)))


class TestScenes:
    """Drawn or read, at the size asked for."""

    def test_partworld_is_drawn_at_the_size_asked_for(self):
        scenes = open_scenes(WORLD, "val", (48, 32))
        assert (len(scenes), scenes[0].size) == (2, (48, 32))
        assert open_scenes(WORLD, "train")[0].size == (64, 64)

    def test_a_folder_is_read_at_the_size_asked_for(self, folder):
        config = DataConfig(data=str(folder))
        assert open_scenes(config, "train")[0].size == (32, 48)
        assert open_scenes(config, "val", (64, 32))[2].size == (64, 32)


class TestCheckedScenes:
    """The training scenes, once nothing is wrong with either split."""

    def test_they_are_the_open_scenes(self, folder):
        config = DataConfig(data=str(folder))
        checked, opened = checked_scenes(config, (64, 32)), open_scenes(config, "train", (64, 32))
        assert [scene.name for scene in checked] == [scene.name for scene in opened]
        assert checked[0].size == (64, 32)
        assert len(checked_scenes(WORLD, (64, 32))) == 6

    def test_a_fault_in_the_other_split_stops_them(self, folder):
        (folder / "val_label" / "scene002.png").write_bytes(b"")
        with pytest.raises(DataError, match="1 fault in data set"):
            checked_scenes(DataConfig(data=str(folder)), (64, 32))


class TestPartPairs:
    """Of basis and novel categories, from three kinds of data."""

    def test_a_novel_category_is_there_but_not_to_be_learned_from(self, drawn):
        assert {pair.category for pair in drawn.train} == {"car", "dog"}
        assert {pair.category for pair in drawn.basis_train} == {"car"}
        assert drawn.novel == ("dog",)
        assert drawn.part_names["car"] == ("window", "wheel", "light", "license", "chassis")

    def test_novel_categories_that_the_data_lack_are_passed_over(self):
        config = DataConfig(categories=("car",), objects=(1, 1), scenes=2, val_scenes=1, scene_size=64)
        assert open_part_pairs(config).novel == ()

    def test_a_scene_folder_with_part_maps_is_cut_into_pairs(self, folder):
        data = open_part_pairs(DataConfig(data=str(folder), novel=("dog",)))
        assert {pair.category for pair in data.train} <= {"car", "dog"}
        assert data.train
        assert all(pair.shape.shape == (64, 64) for pair in data.val)

    def test_a_part_tree_gives_back_what_was_written(self, drawn, tmp_path):
        for split, pairs in (("train", drawn.train), ("val", drawn.val)):
            for pair in pairs:
                write_pair(pair, tmp_path, split)
        read = open_part_pairs(DataConfig(data=str(tmp_path)))
        assert len(read.train) == len(drawn.train)
        assert sum(int(pair.part_map.sum()) for pair in read.train) == sum(
            int(pair.part_map.sum()) for pair in drawn.train
        )

    def test_part_maps_of_one_split_are_refused_before_a_scene_is_read(self, folder):
        shutil.rmtree(folder / "val_part")
        (folder / "train_label" / "scene000.png").write_bytes(b"")
        for read in (open_part_pairs, checked_part_pairs):
            with pytest.raises(DataError, match=r"no part maps of the validation scenes: expected val_part/"):
                read(DataConfig(data=str(folder)))

    def test_a_category_without_part_names_is_refused_before_a_map_is_read(self, tmp_path):
        (tmp_path / "robot" / "train").mkdir(parents=True)
        (tmp_path / "robot" / "train" / "a_part.png").write_bytes(b"")
        with pytest.raises(SpecError, match="part category without part names: found 'robot'"):
            open_part_pairs(DataConfig(data=str(tmp_path)))

    def test_data_without_part_maps_are_refused(self, tmp_path):
        with pytest.raises(DataError, match="no part annotations here"):
            open_part_pairs(DataConfig(data=str(tmp_path)))


class TestChoosingSupports:
    """k-means over the training shapes of each category."""

    def test_every_category_gets_k_of_its_own_training_part_maps(self, drawn):
        supports = drawn.choose_supports(2)
        assert supports.k == 2
        for category in ("car", "dog"):
            own = [pair.part_map for pair in drawn.train if pair.category == category]
            for chosen in supports.part_maps[category]:
                assert any(torch.equal(chosen, part_map) for part_map in own)

    def test_the_seed_decides(self, drawn):
        first, again = drawn.choose_supports(2, seed=3), drawn.choose_supports(2, seed=3)
        assert all(torch.equal(first.part_maps[name], again.part_maps[name]) for name in first.categories)

    def test_more_than_there_are_objects_is_refused(self, drawn):
        with pytest.raises(TooFewObjectsError, match="'car'"):
            drawn.choose_supports(100)
