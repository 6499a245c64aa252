"""Files and folders are replaced whole: whenever the process is killed, a reader finds the old one or the new one."""

from pathlib import Path

import pytest

import ipose.whole_files as whole_files
from ipose.whole_files import put_in_place, recover_folder, replace_folder, write_text_whole, write_whole


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
