"""Files and folders are replaced whole: whenever the process is killed, a reader finds the old one or the new one."""

import errno
import os
import shutil
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from safetensors import SafetensorError

import ipose.whole_files as whole_files
from helpers.failing_disk import DISK, files_of, killed_at
from ipose.errors import DataError, WriteError
from ipose.whole_files import (
    append_text,
    put_in_place,
    read_json,
    recover_folder,
    replace_folder,
    write_text_whole,
    write_whole,
)


class Killed(BaseException):
    """Stands for a kill: no `except Exception` catches it."""


def write(text: str):
    """A `write` that fills a folder with two files, one of them in a folder of its own."""

    def fill(folder: Path) -> None:
        (folder / "config.json").write_text(text)
        (folder / "supports").mkdir()
        (folder / "supports" / "names.json").write_text(text)

    return fill


def read(folder: Path) -> str:
    """The text of a folder that `write` filled, after the recovery that every reader begins with."""
    recover_folder(folder)
    texts = {(folder / name).read_text() for name in ("config.json", "supports/names.json")}
    assert len(texts) == 1, "half of the old folder and half of the new one"
    return texts.pop()


@pytest.fixture
def killed_after(monkeypatch):
    """`killed_after(n, work)` runs `work` until its n-th rename is done, and kills it there."""

    def run(number: int, work) -> bool:
        """Whether the kill came before the work was done."""
        renames, rename = [], Path.rename

        def counted(self: Path, target: Path) -> Path:
            moved = rename(self, target)
            renames.append(target)
            if len(renames) == number:
                raise Killed
            return moved

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", counted)
            try:
                work()
            except Killed:
                return True
        return False

    return run


class TestReplaceFolder:
    """`replace_folder` fills a folder beside the target and puts it into the target's place."""

    def test_the_new_folder_stands_where_the_old_one_was_and_nothing_else_is_left(self, tmp_path):
        for text in ("old", "new"):
            replace_folder(tmp_path / "runs" / "model", write(text))
        assert read(tmp_path / "runs" / "model") == "new"
        assert [path.name for path in (tmp_path / "runs").iterdir()] == ["model"]

    @pytest.mark.parametrize("renames", [1, 2])
    def test_a_kill_after_any_rename_leaves_the_old_folder_or_the_new_one(self, tmp_path, killed_after, renames):
        model = tmp_path / "model"
        replace_folder(model, write("old"))
        assert killed_after(renames, lambda: replace_folder(model, write("new")))
        assert read(model) in ("old", "new")

    @pytest.mark.parametrize("first", [1, 2])
    @pytest.mark.parametrize("second", [1, 2, 3])
    def test_a_second_kill_during_the_next_save_loses_nothing_either(self, tmp_path, killed_after, first, second):
        model = tmp_path / "model"
        replace_folder(model, write("first"))
        assert killed_after(first, lambda: replace_folder(model, write("second")))
        killed_after(second, lambda: replace_folder(model, write("third")))
        assert read(model) in ("first", "second", "third")

    def test_a_kill_while_the_new_folder_is_filled_leaves_the_old_one(self, tmp_path, monkeypatch):
        model = tmp_path / "model"
        replace_folder(model, write("old"))

        def half(folder: Path) -> None:
            (folder / "config.json").write_text("new")
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(whole_files.shutil, "rmtree", lambda *a, **k: None)  # a kill leaves no time to clear away
            with pytest.raises(Killed):
                replace_folder(model, half)
        assert read(model) == "old"
        replace_folder(model, write("new"))
        assert read(model) == "new"
        assert [path.name for path in tmp_path.iterdir()] == ["model"]

    def test_a_kill_after_the_first_rename_is_mended_by_the_next_save(self, tmp_path, killed_after):
        model = tmp_path / "model"
        replace_folder(model, write("old"))
        killed_after(1, lambda: replace_folder(model, write("new")))
        assert not model.exists()

        def fails(folder: Path) -> None:
            raise OSError("no space left")

        with pytest.raises(OSError, match="no space left"):
            replace_folder(model, fails)
        assert read(model) == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["model"]

    def test_a_write_that_fails_leaves_the_old_folder_and_nothing_beside_it(self, tmp_path):
        model = tmp_path / "model"
        replace_folder(model, write("old"))

        def fails(folder: Path) -> None:
            (folder / "config.json").write_text("new")
            raise ValueError

        with pytest.raises(ValueError):
            replace_folder(model, fails)
        assert read(model) == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["model"]

    def test_a_reader_that_recovers_between_the_renames_does_not_stop_the_writer(self, tmp_path, monkeypatch):
        model, rename = tmp_path / "model", Path.rename
        replace_folder(model, write("old"))
        read_between = []

        def watched(self: Path, target: Path) -> Path:
            moved = rename(self, target)
            if target.name == ".model.old" and not read_between:
                read_between.append("")
                read_between[0] = read(model)
            return moved

        monkeypatch.setattr(Path, "rename", watched)
        replace_folder(model, write("new"))
        assert read_between == ["old"]
        assert read(model) == "new"

    def test_a_folder_named_by_a_dot_is_replaced(self, tmp_path, monkeypatch):
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        replace_folder(Path(), write("new"))
        assert read(tmp_path / "here") == "new"


class TestPutInPlace:
    """`put_in_place` renames a finished folder to where another one may stand."""

    def test_the_finished_folder_takes_the_place(self, tmp_path):
        for text in ("old", "new"):
            (tmp_path / "beside").mkdir()
            write(text)(tmp_path / "beside")
            assert put_in_place(tmp_path / "beside", tmp_path / "step-1") == tmp_path / "step-1"
        assert read(tmp_path / "step-1") == "new"
        assert [path.name for path in tmp_path.iterdir()] == ["step-1"]

    def test_a_source_that_is_not_there_changes_nothing(self, tmp_path):
        replace_folder(tmp_path / "step-1", write("old"))
        with pytest.raises(FileNotFoundError):
            put_in_place(tmp_path / "beside", tmp_path / "step-1")
        assert read(tmp_path / "step-1") == "old"


class TestRecoverFolder:
    """`recover_folder` undoes half a replacement, and does nothing to a whole folder."""

    def test_nothing_there_stays_nothing(self, tmp_path):
        recover_folder(tmp_path / "model")
        assert not list(tmp_path.iterdir())

    def test_a_whole_folder_stays_as_it_is(self, tmp_path):
        replace_folder(tmp_path / "model", write("new"))
        (tmp_path / ".model.old").mkdir()
        assert read(tmp_path / "model") == "new"


class TestWriteWhole:
    """`write_whole` replaces one file."""

    def test_the_new_text_takes_the_place_of_the_old_one(self, tmp_path):
        for text in ("old", "über"):
            write_text_whole(tmp_path / "run.json", text)
        assert (tmp_path / "run.json").read_text(encoding="utf-8") == "über"
        assert [path.name for path in tmp_path.iterdir()] == ["run.json"]

    def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(self, tmp_path):
        write_text_whole(tmp_path / "run.json", "old")

        def fails(path: Path) -> None:
            path.write_text("ne")
            raise OSError("no space left")

        with pytest.raises(OSError, match="no space left"):
            write_whole(tmp_path / "run.json", fails)
        assert (tmp_path / "run.json").read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["run.json"]

    def test_the_file_beside_has_the_same_ending_and_is_hidden(self, tmp_path):
        beside = []
        write_whole(tmp_path / "a_part.png", lambda path: (beside.append(path), path.touch()))
        assert (beside[0].suffix, beside[0].name[0], beside[0].parent) == (".png", ".", tmp_path)
        assert not beside[0].match("*_part.png")


class TestFailingWrites:
    """A write that fails is a sentence with the file, and what was there stays whole."""

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (OSError(errno.ENOSPC, "No space left on device"), "found No space left on device. Free some space"),
            (
                OSError(errno.EDQUOT, "Disk quota exceeded"),
                "found Disk quota exceeded. Free some space",
            ),
            (OSError(errno.EROFS, "Read-only file system"), "found Read-only file system. Change its permissions"),
            (SafetensorError("I/O error: File too large (os error 27)"), "found File too large. Free some space"),
            (
                RuntimeError("[enforce fail at inline_container.cc:603]"),
                "found [enforce fail at",
            ),
        ],
    )
    def test_whichever_library_fails_the_file_and_the_way_out_are_named(self, error, words, tmp_path):
        write_text_whole(tmp_path / "a.json", "old")

        def fails(beside: Path) -> None:
            beside.write_text("ne")
            raise error

        with pytest.raises(WriteError) as caught:
            write_whole(tmp_path / "a.json", fails)
        assert str(caught.value).startswith(f"{tmp_path / 'a.json'}: could not be written: {words}")
        assert (tmp_path / "a.json").read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["a.json"]

    def test_a_fault_of_another_kind_stays_what_it_is(self, tmp_path):
        def fails(beside: Path) -> None:
            raise DataError("not this")

        with pytest.raises(DataError, match="not this"):
            write_whole(tmp_path / "a.json", fails)

    def test_a_file_where_a_folder_should_be_stays_and_is_named(self, tmp_path):
        (tmp_path / "model").write_text("mine")
        with pytest.raises(WriteError, match=r"model: could not be written: .*A file is where a folder should be"):
            replace_folder(tmp_path / "model", write("new"))
        with pytest.raises(WriteError, match="A file is where a folder should be"):
            write_text_whole(tmp_path / "model" / "a.json", "new")
        with pytest.raises(WriteError, match="A file is where a folder should be"):
            append_text(tmp_path / "model" / "a.json", "new")
        assert (tmp_path / "model").read_text() == "mine"
        assert [path.name for path in tmp_path.iterdir()] == ["model"]

    def test_a_folder_where_a_file_should_be_stays_and_is_named(self, tmp_path):
        (tmp_path / "a.json" / "inside").mkdir(parents=True)
        with pytest.raises(WriteError, match="A folder is where the file should be"):
            write_text_whole(tmp_path / "a.json", "new")
        assert [path.name for path in tmp_path.iterdir()] == ["a.json"]

    def test_a_quota_leaves_the_old_file(self, tmp_path):
        write_text_whole(tmp_path / "a.json", "old")
        with files_of(10), pytest.raises(WriteError, match="File too large"):
            write_text_whole(tmp_path / "a.json", "new" * 100)
        assert (tmp_path / "a.json").read_text() == "old"

    def test_a_name_may_have_as_many_letters_as_the_system_takes(self, tmp_path):
        write_text_whole(tmp_path / ("a" * 250 + ".json"), "new")
        with pytest.raises(WriteError, match="Name it shorter"):
            write_text_whole(tmp_path / ("a" * 260), "new")

    def test_a_disk_that_fails_at_the_nth_change_leaves_the_old_folder_or_the_new_one(self, tmp_path):
        for number in count(1):
            model = tmp_path / str(number) / "model"
            replace_folder(model, write("old"))
            try:
                with DISK.failing_at(number, tmp_path):
                    replace_folder(model, write("new"))
            except WriteError:
                assert read(model) in ("old", "new")
            if not DISK.reached:
                break
            replace_folder(model, write("newest"))
            assert read(model) == "newest"
            assert [path.name for path in model.parent.iterdir()] == ["model"]
        assert number > 6

    def test_a_kill_at_any_line_of_a_replacement_leaves_the_old_folder_or_the_new_one(self, tmp_path):
        for number in range(1, 500, 5):  # a fork each
            model = tmp_path / str(number) / "model"
            replace_folder(model, write("old"))
            work = partial(replace_folder, model, write("new"))
            killed = killed_at(number, work, whole_files.__file__, shutil.__file__)
            assert read(model) in (("old", "new") if killed else ("new",))
            if not killed:
                break
            replace_folder(model, write("newest"))
            assert read(model) == "newest"
        assert number > 30


class TestText:
    """Text is UTF-8 in and out, whatever the locale and whatever the names."""

    def test_a_byte_order_mark_means_nothing(self, tmp_path):
        (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + '{"a": "ß"}'.encode())
        assert read_json(tmp_path / "a.json") == {"a": "ß"}

    def test_a_name_that_is_no_utf_8_comes_back_from_json(self, tmp_path):
        name = os.fsdecode(b"caf\xe9")
        write_text_whole(tmp_path / "a.json", f'{{"name": "{name}"}}')
        assert read_json(tmp_path / "a.json") == {"name": name}

    def test_brackets_without_end_are_no_json(self, tmp_path):
        (tmp_path / "a.json").write_text("[" * 100_000)
        with pytest.raises(ValueError, match="brackets"):
            read_json(tmp_path / "a.json")
