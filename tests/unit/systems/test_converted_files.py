"""What all conversions share: hints, errors that name the file, folders that appear whole or not at all."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ipose.errors import ConfigError, RunError, ShapeMismatchError
from ipose.systems.converted_files import Hints, at_home, read_network, refuse_occupied, write_new


class TestHints:
    """What the user says of a file."""

    def test_what_is_not_said_is_none(self):
        hints = Hints({"preset": "ade20k", "spec": None})
        assert (hints.preset, hints.spec, hints.encoder) == ("ade20k", None, None)

    def test_a_hint_of_no_use_is_refused_by_its_option(self, tmp_path):
        hints = Hints({"preset": "ade20k", "z_channels": 3, "spec": None})
        hints.refuse_all_but("preset", "z_channels", file=tmp_path, network="a line")
        with pytest.raises(ConfigError, match=r"\[z_channels\] of no use to a line: found 3.*Leave out --z-channels"):
            hints.refuse_all_but("preset", file=tmp_path, network="a line")


class TestAtHome:
    """Complaints about a state name the file that it came from."""

    def test_a_complaint_without_a_file_gets_one_and_stays_of_its_kind(self, tmp_path):
        def complain():
            raise ShapeMismatchError("too wide", field="conv", found=3, expected=4, mend="Cut it.")

        with pytest.raises(ShapeMismatchError) as caught:
            at_home(tmp_path / "a.pth", complain)
        assert str(caught.value) == f"{tmp_path / 'a.pth'}: [conv] too wide: found 3, expected 4. Cut it."

    def test_one_that_names_a_file_is_left_alone(self, tmp_path):
        def complain():
            raise RunError("gone", file="b.pth")

        with pytest.raises(RunError, match=r"^b\.pth: gone"):
            at_home(tmp_path / "a.pth", complain)

    def test_otherwise_it_is_what_was_made(self, tmp_path):
        assert at_home(tmp_path, lambda: 3) == 3


class TestReadNetwork:
    """The state dict to convert."""

    def test_wrappers_names_are_taken_off(self, tmp_path):
        torch.save({"module.conv.weight": torch.ones(1)}, tmp_path / "a.pth")
        assert list(read_network(tmp_path / "a.pth")) == ["conv.weight"]

    def test_a_folder_is_no_file(self, tmp_path):
        with pytest.raises(RunError, match=r"a folder, where a file.*--to-release"):
            read_network(tmp_path)

    def test_weights_inside_a_model_folder_need_no_converting(self, tmp_path):
        save_file({"conv.weight": torch.ones(1)}, tmp_path / "model.safetensors")
        (tmp_path / "config.json").write_text("{}")
        with pytest.raises(RunError, match=r"needs no converting.*as it is"):
            read_network(tmp_path / "model.safetensors")


class TestWriteNew:
    """A folder appears whole, or not at all."""

    def test_it_is_filled_beside_and_renamed(self, tmp_path):
        def fill(folder):
            assert folder != tmp_path / "out"
            (folder / "a").touch()

        write_new(tmp_path / "out", fill)
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        assert (tmp_path / "out" / "a").is_file()

    def test_a_failure_leaves_nothing(self, tmp_path):
        def fail(folder):
            (folder / "a").touch()
            raise RunError("no luck")

        with pytest.raises(RunError, match="no luck"):
            write_new(tmp_path / "out", fail)
        assert list(tmp_path.iterdir()) == []

    def test_here_is_a_place_too(self, tmp_path, monkeypatch):
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        write_new(Path(), lambda folder: (folder / "a").touch())
        assert (tmp_path / "here" / "a").is_file()

    def test_only_a_new_or_empty_folder_will_do(self, tmp_path):
        refuse_occupied(tmp_path / "new")
        refuse_occupied(tmp_path)
        (tmp_path / "a").touch()
        for taken in (tmp_path, tmp_path / "a"):
            with pytest.raises(RunError, match="must be new or empty"):
                refuse_occupied(taken)
