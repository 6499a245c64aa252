"""The door of training."""

import shutil

import pytest
import torch

from ipose.data.data_config import DataConfig
from ipose.data.open_data import checked_part_pairs, checked_scenes
from ipose.data.png import write_index
from ipose.errors import ConfigError, DataError, RunError
from ipose.systems.checks import check_compiler, check_device, check_run_folder
from ipose.testing.tiny_scenes import write_scenes
from ipose.training.config import TrainConfig
from ipose.training.run import Run


class TestCheckRunFolder:
    """Whether a run can begin or go on in a folder."""

    def test_a_new_or_empty_folder_can_begin(self, tmp_path):
        check_run_folder(tmp_path / "new", resume=False)
        check_run_folder(tmp_path, resume=False)
        assert not (tmp_path / "new").exists()

    def test_a_run_can_go_on_and_not_begin_again(self, tmp_path):
        Run.create(tmp_path, kind="line", config={}, train=TrainConfig(steps=1, batch_size=1), command="")
        check_run_folder(tmp_path, resume=True)
        with pytest.raises(RunError, match="Add --resume"):
            check_run_folder(tmp_path, resume=False)

    def test_nothing_cannot_go_on(self, tmp_path):
        with pytest.raises(RunError, match=r"no run to go on with.*Drop --resume"):
            check_run_folder(tmp_path / "new", resume=True)
        with pytest.raises(RunError, match="no run here"):
            check_run_folder(tmp_path, resume=True)

    def test_of_several_processes_only_the_first_asks(self, tmp_path, monkeypatch):
        (tmp_path / "notes.txt").touch()  # by now, the first one may have begun the run
        monkeypatch.setenv("RANK", "1")
        check_run_folder(tmp_path, resume=False)
        monkeypatch.setenv("RANK", "0")
        with pytest.raises(RunError):
            check_run_folder(tmp_path, resume=False)


class TestCheckDevice:
    """Whether torch can compute there."""

    def test_what_is_there_passes(self):
        check_device(None)
        check_device("cpu")

    @pytest.mark.parametrize("name", ["nonsense", "cuda:99", ""])
    def test_what_is_not_there_is_told(self, name):
        with pytest.raises(ConfigError, match=r"\[device\] no such device here.*expected cpu"):
            check_device(name)


@pytest.fixture
def folder(tmp_path):
    for split in ("train", "val"):
        write_scenes(tmp_path / "scenes", split, 2)
    return tmp_path / "scenes"


class TestCheckedScenes:
    """Training scenes, every file of which has been read."""

    def test_a_folder_without_faults_is_opened_at_the_size_asked_for(self, folder):
        scenes = checked_scenes(DataConfig(data=str(folder)), (16, 24))
        assert len(scenes) == 2
        assert scenes[0].size == (16, 24)

    @pytest.mark.parametrize("split", ["train", "val"])
    def test_a_fault_in_either_split_stops_it(self, folder, split):
        label = sorted((folder / f"{split}_label").iterdir())[-1]
        write_index(label, torch.full((32, 32), 99, dtype=torch.uint8))
        with pytest.raises(DataError, match=label.name):
            checked_scenes(DataConfig(data=str(folder)), (16, 16))

    def test_drawn_scenes_have_no_files_to_read(self):
        assert len(checked_scenes(DataConfig(scenes=3, val_scenes=1), (32, 32))) == 3


class TestCheckedPartPairs:
    """Part pairs of both splits."""

    def test_drawn_ones_are_cut_from_their_scenes(self):
        found = checked_part_pairs(
            DataConfig(scenes=2, val_scenes=2, scene_size=32, categories=("car",), objects=(1, 1))
        )
        assert {pair.category for pair in (*found.train, *found.val)} == {"car"}

    def test_a_folder_without_part_maps_says_so(self, folder):
        for split in ("train", "val"):
            shutil.rmtree(folder / f"{split}_part")
        with pytest.raises(DataError, match="no part annotations here"):
            checked_part_pairs(DataConfig(data=str(folder)))


class TestCheckCompiler:
    """Whether --compile works here."""

    def test_what_torch_says_becomes_a_sentence(self, monkeypatch):
        def fail(function):
            raise RuntimeError("InvalidCxxCompiler: no working C++ compiler\nand a page of reasons")

        monkeypatch.setattr(torch, "compile", fail)
        expected = r"\[compile\] torch.compile does not work here: found InvalidCxxCompiler.*leave out --compile"
        with pytest.raises(ConfigError, match=expected):
            check_compiler("cpu")

    def test_what_works_is_passed_over(self, monkeypatch):
        monkeypatch.setattr(torch, "compile", lambda function: function)
        check_compiler("cpu")
