"""Model folders are found and read in one place; one sentence tells what is wrong with one."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from ipose.data.png import write_index
from ipose.errors import ConfigError, RunError
from ipose.model_folder import EXTRAS, SUPPORTS, ModelKind, open_model, sha256_of

ROBOT = ModelKind("robots", "robot painter", "robots train")
CAT = ModelKind("cats", "cat painter", "cats train")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "run" / "model"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"format": "robots", "arms": 2}))
    save_file({"arm": torch.ones(2)}, folder / "robot.safetensors")
    return folder


class TestOpenModel:
    """A run, its model/ folder, or a folder that was opened before."""

    def test_a_run_leads_to_its_model(self, folder):
        for path in (folder, folder.parent, str(folder)):
            model = open_model(path, CAT, ROBOT)
            assert (model.path, model.format, model.config["arms"]) == (folder, "robots", 2)

    def test_an_opened_folder_is_not_read_again(self, folder):
        model = open_model(folder)
        (folder / "config.json").unlink()
        assert open_model(model, ROBOT) is model

    def test_another_kind_is_refused_with_the_command_that_trains_the_right_one(self, folder):
        for given in (folder, open_model(folder)):
            with pytest.raises(RunError, match=r"found robots, expected cats\. Name a run of cats train\."):
                open_model(given, CAT)

    def test_a_path_that_leads_nowhere(self, tmp_path):
        with pytest.raises(RunError, match=r"nowhere: no such run or model folder\. Train one with ipose train, or"):
            open_model(tmp_path / "nowhere")
        with pytest.raises(RunError, match=r"Train one with robots train or cats train, or check the path"):
            open_model(tmp_path / "nowhere", ROBOT, CAT)

    def test_no_model_here(self, tmp_path):
        with pytest.raises(RunError, match=r"no model in here: found no config\.json, expected a run folder"):
            open_model(tmp_path)
        with pytest.raises(RunError, match=r"no robot painter here: found no config\.json"):
            open_model(tmp_path, ROBOT)

    @pytest.mark.parametrize("version", ["9.9.0", "0.10.0", "1.0"])
    def test_a_newer_version_asks_for_an_upgrade(self, folder, version):
        (folder / "config.json").write_text(json.dumps({"format": "robots 2", "ipose_version": version}))
        with pytest.raises(RunError, match=rf"made by ipose {version}; this is ipose .*Upgrade: pip install -U ipose"):
            open_model(folder, ROBOT)

    @pytest.mark.parametrize("version", ["0.0.9", "0.1.7"])
    def test_an_older_or_equal_release_is_read(self, folder, version):
        (folder / "config.json").write_text(json.dumps({"format": "robots", "ipose_version": version}))
        assert open_model(folder, ROBOT).config["ipose_version"] == version

    def test_a_run_that_has_saved_no_model_yet(self, tmp_path):
        (tmp_path / "run.json").write_text("{}")
        with pytest.raises(RunError, match="found a run that has saved no model yet"):
            open_model(tmp_path)

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 3}'])
    def test_a_config_that_is_none(self, folder, text):
        (folder / "config.json").write_text(text)
        with pytest.raises(RunError, match=r"model: config\.json cannot be read .* Copy the model folder again, whole"):
            open_model(folder.parent)

    def test_no_torch_is_imported(self, folder):
        words = f"import sys; from ipose.model_folder import open_model; open_model({str(folder)!r})"
        done = subprocess.run([sys.executable, "-c", f"{words}; sys.exit('torch' in sys.modules)"], check=False)
        assert done.returncode == 0


class TestModelFolder:
    """What an opened folder gives."""

    def test_weights_by_name(self, folder):
        assert torch.equal(open_model(folder).weights("robot.safetensors")["arm"], torch.ones(2))

    @pytest.mark.parametrize(
        "damage", [lambda file: file.unlink(), lambda file: file.write_bytes(b"no tensors")], ids=["missing", "damaged"]
    )
    def test_a_missing_or_damaged_file_is_named(self, folder, damage):
        damage(folder / "robot.safetensors")
        with pytest.raises(RunError, match=r"robot\.safetensors: the weights cannot be read .* Copy the model folder"):
            open_model(folder).weights("robot.safetensors")

    def test_extras_are_empty_where_there_are_none(self, folder):
        assert open_model(folder).extras() == {}
        save_file({"left": torch.zeros(1)}, folder / EXTRAS)
        assert open_model(folder).extras().keys() == {"left"}

    def test_supports_that_somebody_put_there_later_are_read(self, folder):
        (folder / "config.json").write_text(json.dumps({"format": "robots", "support_maps": "none"}))
        (folder / SUPPORTS / "robot").mkdir(parents=True)
        assert open_model(folder).supports().categories == ()
        write_index(folder / SUPPORTS / "robot" / "1_part.png", torch.ones(64, 64, dtype=torch.uint8))
        assert open_model(folder).supports().categories == ("robot",)

    def test_it_is_a_path_for_whoever_wants_one(self, folder):
        assert os.fspath(open_model(folder)) == str(folder)


class TestReading:
    """`reading`: whatever a damaged file leads to is one RunError."""

    @pytest.mark.parametrize(
        "error", [KeyError("arms"), TypeError("x"), ConfigError("x"), OSError("x"), RuntimeError("size mismatch")]
    )
    def test_it_names_what_was_read_and_why(self, folder, error):
        with (
            pytest.raises(RunError, match=r"model: the robot cannot be read \(.+\)\. Copy the model folder again"),
            open_model(folder).reading("robot"),
        ):
            raise error

    def test_a_long_reason_is_cut(self, folder):
        with pytest.raises(RunError) as caught, open_model(folder).reading("robot"):
            raise RuntimeError("word " * 1000)
        assert len(str(caught.value)) < 500

    def test_an_error_that_says_more_stays(self, folder):
        with pytest.raises(RunError, match="mine"), open_model(folder).reading("robot"):
            raise RunError("mine")


class TestHash:
    """sha256_of: of all bytes of a file."""

    @pytest.mark.parametrize("data", [b"", b"abc", bytes(range(256)) * 4097])
    def test_is_that_of_its_bytes(self, tmp_path, data):
        (tmp_path / "file").write_bytes(data)
        assert sha256_of(tmp_path / "file") == hashlib.sha256(data).hexdigest()

    def test_of_abc_is_the_published_one(self, tmp_path):
        (tmp_path / "file").write_bytes(b"abc")
        assert sha256_of(tmp_path / "file").startswith("ba7816bf8f01cfea414140de5dae2223")
