"""The files of checkpoints: their names and order, whether they are whole, room for one more, clearing away."""

import json
import shutil
import zlib
from collections import namedtuple

import pytest
from hypothesis import strategies as st

from ipose.errors import RunError
from ipose.testing.law import law
from ipose.training.checkpoint_files import (
    DamagedCheckpointError,
    check_space,
    check_whole,
    checkpoint_path,
    crc32,
    list_checkpoints,
    remove_old,
    remove_unfinished,
    step_of,
    write_manifest,
)


@pytest.fixture
def checkpoint(tmp_path):
    """A whole checkpoint of two files."""
    folder = checkpoint_path(tmp_path, 7)
    folder.mkdir()
    (folder / "weights.bin").write_bytes(bytes(range(256)))
    (folder / "state.pt").write_bytes(b"state")
    write_manifest(folder, 7)
    return folder


def made(folder, *names):
    for name in names:
        (folder / name).mkdir()
        (folder / name / "file").touch()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


class TestNames:
    """step-N, ordered by N."""

    @law(step=st.integers(0, 10**9))
    def test_a_step_comes_back_from_its_path(self, step):
        from pathlib import Path

        assert step_of(checkpoint_path(Path("run"), step)) == step

    @pytest.mark.parametrize("name", ["step-", "step-x", "step-1.5", "step--1", "damaged-step-3", ".unfinished-step-3"])
    def test_other_names_have_no_step(self, name, tmp_path):
        assert step_of(tmp_path / name) is None

    def test_checkpoints_are_listed_oldest_first_by_number(self, tmp_path):
        made(tmp_path, "step-100", "step-9", "step-10", "step-0")
        assert [path.name for path in list_checkpoints(tmp_path)] == ["step-0", "step-9", "step-10", "step-100"]

    def test_what_is_no_checkpoint_is_not_listed(self, tmp_path):
        made(tmp_path, "step-1", "step-new", "damaged-step-2", ".unfinished-step-3")
        (tmp_path / "step-4").touch()  # a file
        assert [path.name for path in list_checkpoints(tmp_path)] == ["step-1"]

    def test_where_there_is_no_folder_there_are_none(self, tmp_path):
        assert list_checkpoints(tmp_path / "nowhere") == []


class TestWhole:
    """A checkpoint is whole where each file of its manifest is there with its bytes."""

    def test_what_was_written_down_is_whole(self, checkpoint):
        check_whole(checkpoint)

    def test_the_manifest_holds_size_and_checksum_of_every_file(self, checkpoint):
        manifest = json.loads((checkpoint / "manifest.json").read_text())
        assert manifest["step"] == 7
        assert manifest["files"] == {
            "state.pt": {"bytes": 5, "crc32": zlib.crc32(b"state")},
            "weights.bin": {"bytes": 256, "crc32": zlib.crc32(bytes(range(256)))},
        }

    @pytest.mark.parametrize("name", ["weights.bin", "state.pt"])
    def test_a_missing_file_is_named(self, checkpoint, name):
        (checkpoint / name).unlink()
        with pytest.raises(DamagedCheckpointError, match=rf"{name}: a damaged checkpoint: found 0 bytes"):
            check_whole(checkpoint)

    def test_a_file_cut_short_is_named_with_both_sizes(self, checkpoint):
        (checkpoint / "weights.bin").write_bytes(bytes(range(200)))
        with pytest.raises(DamagedCheckpointError, match=r"found 200 bytes, expected 256 bytes"):
            check_whole(checkpoint)

    @law(place=st.integers(0, 255), bit=st.integers(0, 7))
    def test_one_altered_bit_is_found(self, place, bit, tmp_path_factory):
        folder = tmp_path_factory.mktemp("altered")
        (folder / "weights.bin").write_bytes(bytes(range(256)))
        write_manifest(folder, 1)
        data = bytearray(range(256))
        data[place] ^= 1 << bit
        (folder / "weights.bin").write_bytes(data)
        with pytest.raises(DamagedCheckpointError, match="the file was altered"):
            check_whole(folder)

    @pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"format": 1}', '{"format": 1, "files": 3}'])
    def test_without_a_readable_manifest_it_is_damaged(self, checkpoint, text):
        (checkpoint / "manifest.json").unlink()
        if text is not None:
            (checkpoint / "manifest.json").write_text(text)
        with pytest.raises(DamagedCheckpointError, match=r"without a readable manifest\.json"):
            check_whole(checkpoint)

    def test_one_of_another_version_is_refused_but_not_called_damaged(self, checkpoint):
        file = checkpoint / "manifest.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "format": 2}))
        with pytest.raises(RunError, match="another version of ipose: found 2, expected 1") as caught:
            check_whole(checkpoint)
        assert not isinstance(caught.value, DamagedCheckpointError)

    def test_a_file_larger_than_one_piece_has_the_checksum_of_the_whole(self, tmp_path):
        data = bytes(range(256)) * (5 << 12)  # 5 MiB
        (tmp_path / "large").write_bytes(data)
        assert crc32(tmp_path / "large") == zlib.crc32(data)


class TestSpace:
    """A checkpoint is begun only where it fits, with 2 % and 16 MiB to spare."""

    @pytest.mark.parametrize(("free", "enough"), [(102_000_000 + (16 << 20), True), (101_999_999 + (16 << 20), False)])
    def test_the_limit_is_that_to_the_byte(self, tmp_path, monkeypatch, free, enough):
        usage = namedtuple("usage", "total used free")(10**12, 0, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        if enough:
            check_space(tmp_path, 100_000_000)
        else:
            with pytest.raises(RunError, match=r"too little space.*found 119 MB free, expected 119 MB.*--keep 1"):
                check_space(tmp_path, 100_000_000)


class TestRemoval:
    """Old ones go, the newest stay; what a kill left goes too."""

    @pytest.mark.parametrize("keep", [1, 2, 3, 5])
    def test_the_newest_stay(self, tmp_path, keep):
        made(tmp_path, "step-8", "step-9", "step-10")
        remove_old(tmp_path, keep)
        assert [path.name for path in list_checkpoints(tmp_path)] == ["step-8", "step-9", "step-10"][-keep:]

    def test_damaged_ones_that_were_set_aside_go_and_nothing_else_does(self, tmp_path):
        made(tmp_path, "step-9", "damaged-step-7", "notes")
        remove_old(tmp_path, 1)
        assert names(tmp_path) == ["notes", "step-9"]

    def test_one_that_is_half_deleted_no_longer_bears_a_checkpoints_name(self, tmp_path, monkeypatch):
        made(tmp_path, "step-1", "step-2")

        def killed(path):
            raise KeyboardInterrupt

        monkeypatch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_old(tmp_path, 1)
        assert [path.name for path in list_checkpoints(tmp_path)] == ["step-2"]
        monkeypatch.undo()
        remove_unfinished(tmp_path)
        assert names(tmp_path) == ["step-2"]

    def test_unfinished_ones_go_and_nothing_else_does(self, tmp_path):
        made(tmp_path, ".unfinished-step-3", ".unfinished-old-step-2", "step-2", "damaged-step-1")
        remove_unfinished(tmp_path)
        assert names(tmp_path) == ["damaged-step-1", "step-2"]
