"""A model folder is written whole or not at all, and holds what its reader gives back."""

import hashlib
import os
from pathlib import Path

import pytest
import torch

import ipose
from ipose.errors import RunError
from ipose.label_spec import LabelClass, LabelSpec
from ipose.model_folder import ModelKind, open_model
from ipose.model_writing import write_model
from ipose.part_annotations import SupportSet
from ipose.testing.tiny_scenes import SPEC

ROBOT = ModelKind("robots", "robot painter", "robots train")
STATE = {"robot.safetensors": {"arm": torch.arange(3.0)}}


def supports() -> SupportSet:
    maps = torch.zeros(2, 64, 64, dtype=torch.uint8)
    maps[:, 8:40, 8:40] = 1
    return SupportSet({"car": ("wheel",)}, {"car": maps})


def names(folder):
    return {path.name for path in folder.iterdir()}


class TestWhatIsWritten:
    """The reader gives back what the writer was given."""

    def test_config_and_weights(self, tmp_path):
        write_model(tmp_path / "model", ROBOT, {"arms": 2}, STATE)
        model = open_model(tmp_path, ROBOT)
        assert model.config == {"format": "robots", "ipose_version": ipose.__version__, "arms": 2}
        assert torch.equal(model.weights("robot.safetensors")["arm"], torch.arange(3.0))
        assert names(tmp_path / "model") == {"config.json", "robot.safetensors"}

    @pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
    def test_files_get_the_mode_of_the_umask(self, tmp_path, mask):
        before = os.umask(mask)
        try:
            write_model(tmp_path / "model", ROBOT, {}, STATE)
        finally:
            os.umask(before)
        modes = {(tmp_path / "model" / name).stat().st_mode & 0o777 for name in ("config.json", "robot.safetensors")}
        assert modes == {0o666 & ~mask}

    def test_a_category_whose_part_names_the_model_never_needed(self, tmp_path):
        spec = LabelSpec("garden", (LabelClass("flower", 0, (1, 2, 3), thing=True, part_category="flower"),))
        write_model(tmp_path / "model", ROBOT, {}, STATE, spec=spec)
        assert open_model(tmp_path).spec() == spec

    def test_spec_and_supports(self, tmp_path):
        write_model(tmp_path / "model", ROBOT, {}, STATE, spec=SPEC, supports=supports())
        model = open_model(tmp_path)
        assert model.spec() == SPEC
        assert dict(model.supports().part_names) == {"car": ("wheel",)}
        assert "wheel" in (model.path / "dataset.toml").read_text()

    def test_a_model_without_supports_says_where_to_put_them(self, tmp_path):
        write_model(tmp_path / "model", ROBOT, {}, STATE, supports=SupportSet({}, {}))
        model = open_model(tmp_path)
        assert model.config["support_maps"] == "none"
        assert model.supports().categories == ()
        assert "<category>/<name>_part.png" in (model.path / "supports" / "README.txt").read_text()

    def test_the_hash_of_a_file_stands_in_the_config(self, tmp_path):
        write_model(tmp_path, ROBOT, {}, STATE, hashes={"robot_sha256": "robot.safetensors"})
        model = open_model(tmp_path)
        expected = hashlib.sha256((tmp_path / "robot.safetensors").read_bytes()).hexdigest()
        assert model.config["robot_sha256"] == model.sha256("robot.safetensors") == expected

    def test_files_of_ones_own_are_written_by_their_functions(self, tmp_path):
        write_model(tmp_path, ROBOT, {}, STATE, files={"song.txt": lambda file: file.write_text("la")})
        assert (tmp_path / "song.txt").read_text() == "la"

    def test_tensors_that_share_memory_or_are_transposed_are_written_too(self, tmp_path):
        whole = torch.arange(6.0).reshape(2, 3)
        write_model(tmp_path, ROBOT, {}, {"robot.safetensors": {"a": whole, "b": whole[0], "c": whole.T}})
        weights = open_model(tmp_path).weights("robot.safetensors")
        assert torch.equal(weights["b"], whole[0])
        assert torch.equal(weights["c"], whole.T)

    def test_no_tensors_are_no_file(self, tmp_path):
        write_model(tmp_path, ROBOT, {}, {**STATE, "release_extras.safetensors": {}})
        assert names(tmp_path) == {"config.json", "robot.safetensors"}


class TestReplacing:
    """A folder that holds a model is replaced whole, or left whole; one that holds more is left alone."""

    @pytest.fixture
    def folder(self, tmp_path):
        write_model(tmp_path / "model", ROBOT, {"arms": 2}, STATE, supports=supports())
        return tmp_path / "model"

    def test_nothing_of_the_old_model_is_left(self, folder):
        write_model(folder, ROBOT, {"arms": 3}, {"other.safetensors": {"leg": torch.ones(1)}})
        assert names(folder) == {"config.json", "other.safetensors"}
        assert names(folder.parent) == {"model"}

    def test_a_write_that_fails_leaves_the_old_model(self, folder):
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

        def fail(file):
            raise OSError("the disk is full")

        with pytest.raises(OSError, match="the disk is full"):
            write_model(folder, ROBOT, {"arms": 3}, {}, files={"song.txt": fail})
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before

    def test_a_kill_between_the_two_renames_loses_no_model(self, folder, monkeypatch):
        renames, rename = [], Path.rename

        def killed(self, target):
            renames.append(target)
            if len(renames) == 2:  # the old model has left its place, and the new one has not taken it
                raise KeyboardInterrupt
            return rename(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", killed)
            with pytest.raises(KeyboardInterrupt):
                write_model(folder, ROBOT, {"arms": 3}, STATE)
        assert not folder.exists()
        assert open_model(folder.parent).config["arms"] == 2
        assert open_model(folder).supports().categories == ("car",)

    def test_other_files_are_not_removed(self, folder):
        (folder / "notes.txt").write_text("mine")
        with pytest.raises(RunError, match=r"holds other files .*found notes\.txt, .* Save to another folder"):
            write_model(folder, ROBOT, {"arms": 3}, STATE)
        assert open_model(folder).config["arms"] == 2

    def test_a_folder_without_a_model_is_not_replaced(self, folder):
        (folder / "config.json").unlink()  # supports that somebody has drawn, say
        with pytest.raises(RunError, match=r"found robot\.safetensors, supports"):
            write_model(folder, ROBOT, {"arms": 3}, STATE)
        assert (folder / "supports" / "car").is_dir()

    def test_a_file_is_not_replaced(self, tmp_path):
        (tmp_path / "model").write_text("a file")
        with pytest.raises(NotADirectoryError):
            write_model(tmp_path / "model", ROBOT, {}, STATE)
        assert (tmp_path / "model").read_text() == "a file"
