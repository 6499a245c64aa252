"""Files of weights are read as data: whatever else they hold is refused in a sentence, and no code in them runs."""

import argparse
import os
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ipose.errors import ConfigError, RunError
from ipose.interop.weight_files import code_in, read_weights, write_weights

STATE = {"a.weight": torch.arange(6.0).view(2, 3), "a.count": torch.tensor(3), "a.half": torch.ones(2).half()}


class Creates:
    """Unpickling it makes a file: what an attacker would do, but harmless."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def same(found, expected):
    assert set(found) == set(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


class TestReading:
    """A state dict comes back from any file that torch or safetensors made of it."""

    @pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before zip"])
    def test_what_torch_saved(self, tmp_path, zipped):
        torch.save(STATE, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
        same(read_weights(tmp_path / "a.pth"), STATE)

    def test_the_state_dict_of_a_module_with_its_metadata(self, tmp_path):
        layer = nn.BatchNorm2d(2)
        torch.save(layer.state_dict(), tmp_path / "a.pth")
        same(read_weights(tmp_path / "a.pth"), layer.state_dict())

    def test_parameters_as_tensors(self, tmp_path):
        torch.save({"a": nn.Parameter(torch.ones(2))}, tmp_path / "a.pth")
        same(read_weights(tmp_path / "a.pth"), {"a": torch.ones(2)})

    def test_safetensors(self, tmp_path):
        save_file(STATE, tmp_path / "a.safetensors")
        same(read_weights(tmp_path / "a.safetensors"), STATE)

    @pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
    def test_what_was_written_here(self, tmp_path, suffix):
        write_weights(tmp_path / "new" / f"a{suffix}", {**STATE, "view": torch.ones(4, 4).T[:2]})
        same(read_weights(tmp_path / "new" / f"a{suffix}"), {**STATE, "view": torch.ones(2, 4)})
        assert [file.name for file in (tmp_path / "new").iterdir()] == [f"a{suffix}"]


class TestCode:
    """A pickle that calls anything but what tensors need is not followed; what it would call is named."""

    @pytest.mark.parametrize("how", ["torch", "torch before zip", "pickle", "old pickle"])
    def test_never_runs_and_is_named(self, tmp_path, how):
        found = {**STATE, "x": Creates(tmp_path / "ran")}
        save(found, tmp_path / "evil.pth", how)
        with pytest.raises(RunError, match=r"would run code, so it is not read: found a pickle that calls \w+\.mkdir"):
            read_weights(tmp_path / "evil.pth")
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize("value", [nn.Linear(1, 1), argparse.Namespace(a=1)], ids=["module", "options"])
    def test_a_whole_module_or_options_are_code_too(self, tmp_path, value):
        torch.save({**STATE, "x": value}, tmp_path / "a.pth")
        with pytest.raises(RunError, match=f"calls {type(value).__module__}"):
            read_weights(tmp_path / "a.pth")

    def test_torch_has_the_last_word(self, tmp_path, monkeypatch):
        """Even where our look at the pickle sees nothing, no code runs."""
        monkeypatch.setattr("ipose.interop.weight_files.code_in", lambda path: None)
        torch.save({"x": Creates(tmp_path / "ran")}, tmp_path / "evil.pth")
        with pytest.raises(RunError, match="would run code, so it is not read: found more than tensors"):
            read_weights(tmp_path / "evil.pth")
        assert not (tmp_path / "ran").exists()

    def test_a_state_dict_calls_nothing(self, tmp_path):
        torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "a.pth")
        assert code_in(tmp_path / "a.pth") is None

    @pytest.mark.parametrize("protocol", [4, 5])
    def test_a_state_dict_of_a_new_protocol_is_not_accused_but_told_the_way(self, tmp_path, protocol):
        network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2))
        torch.save(network.state_dict(), tmp_path / "a.pth", pickle_protocol=protocol)
        assert code_in(tmp_path / "a.pth") is None
        with pytest.raises(RunError, match="Save it again without pickle_protocol"):
            read_weights(tmp_path / "a.pth")


def save(value, path, how):
    if "torch" in how:
        torch.save(value, path, _use_new_zipfile_serialization=how == "torch")
    else:
        with path.open("wb") as stream:
            pickle.dump(value, stream, protocol=0 if how == "old pickle" else pickle.HIGHEST_PROTOCOL)


class TestOtherFiles:
    """Each wrong file is one sentence that says what it is and what to do."""

    @pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
    def test_an_empty_file(self, tmp_path, name):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(RunError, match="no weights can be read from this file: found an empty file"):
            read_weights(tmp_path / name)

    @pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
    @pytest.mark.parametrize("content", [b"<html>404</html>", b"\x00\x01\x02" * 99, b"PK\x03\x04"])
    def test_a_damaged_or_foreign_file(self, tmp_path, name, content):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RunError, match=rf"no weights can be read from this file: found {len(content)} bytes"):
            read_weights(tmp_path / name)

    def test_half_a_file(self, tmp_path):
        torch.save({"a": torch.zeros(1000)}, tmp_path / "a.pth")
        whole = (tmp_path / "a.pth").read_bytes()
        (tmp_path / "a.pth").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(RunError, match="Download or copy it again, whole"):
            read_weights(tmp_path / "a.pth")

    def test_the_one_state_dict_of_a_checkpoint_is_taken(self, tmp_path):
        torch.save({"epoch": 3, "state_dict": STATE, "options": {"lr": 0.1}}, tmp_path / "a.pth")
        same(read_weights(tmp_path / "a.pth"), STATE)

    def test_a_checkpoint_of_several_networks(self, tmp_path):
        torch.save({"G": STATE, "D": STATE}, tmp_path / "a.pth")
        with pytest.raises(RunError, match=r"several state dicts: found G \(dict\), D \(dict\).*checkpoint\['G'\]"):
            read_weights(tmp_path / "a.pth")

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_weights_that_are_no_numbers(self, tmp_path, value):
        torch.save({**STATE, "bad.weight": torch.tensor([1.0, value])}, tmp_path / "a.pth")
        with pytest.raises(RunError, match=r"\[bad.weight\] weights that are no finite numbers"):
            read_weights(tmp_path / "a.pth")

    @pytest.mark.parametrize(
        ("found", "words"), [({}, "nothing"), ([torch.ones(1)], "a list"), ({"a": 1}, r"a \(int\)")]
    )
    def test_something_else(self, tmp_path, found, words):
        torch.save(found, tmp_path / "a.pth")
        with pytest.raises(RunError, match=f"holds no state dict: found {words}, expected tensors by name"):
            read_weights(tmp_path / "a.pth")

    def test_no_file_and_a_folder(self, tmp_path):
        with pytest.raises(RunError, match=r"no such file: expected \.pth"):
            read_weights(tmp_path / "a.pth")
        with pytest.raises(RunError, match="a folder, where a file of weights is needed"):
            read_weights(tmp_path)


class TestWriting:
    """A file appears whole or not at all, and never in place of another."""

    def test_nothing_is_replaced(self, tmp_path):
        (tmp_path / "a.pth").write_text("mine")
        with pytest.raises(RunError, match="something here already"):
            write_weights(tmp_path / "a.pth", STATE)
        assert (tmp_path / "a.pth").read_text() == "mine"

    def test_another_suffix_is_refused(self, tmp_path):
        with pytest.raises(ConfigError, match=r"expected \.pth or \.pt or \.safetensors"):
            write_weights(tmp_path / "a.bin", STATE)

    def test_nothing_is_left_of_a_failure(self, tmp_path, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(torch, "save", full)
        with pytest.raises(OSError, match="No space"):
            write_weights(tmp_path / "a.pth", STATE)
        assert not list(tmp_path.iterdir())
