"""Claims about the one lister of files."""

import os
import time
import unicodedata
from pathlib import Path

import pytest

from ipose.data import file_lists
from ipose.data.file_lists import files_by_name, is_free, key_of, list_files, name_of, named_file, names_in
from ipose.errors import DataError


def fill(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def below(root: Path, *endings: str, **options: object) -> list[str]:
    return [path.relative_to(root).as_posix() for path in list_files(root, endings or (".png",), **options)]


@pytest.fixture(autouse=True)
def nothing_said_before():
    file_lists._say.cache_clear()


class TestListFiles:
    """list_files: one rule for every folder that a user names."""

    def test_folders_within_are_read_and_endings_count_in_any_case(self, tmp_path):
        fill(tmp_path, "b.png", "a.PNG", "deep/er/c.Png", "deep/d.png")
        assert below(tmp_path) == ["a.PNG", "b.png", "deep/d.png", "deep/er/c.Png"]

    @pytest.mark.parametrize(
        "name",
        [
            *("._a.png", ".DS_Store", "Thumbs.db", "THUMBS.DB", "desktop.ini", ".hidden/b.png", "__MACOSX/a.png"),
            *("~$a.png", "@eaDir/a.png", "Icon\r", "sub/._a.png"),
        ],
    )
    def test_what_desktops_leave_is_passed_over_and_said(self, name, tmp_path, caplog):
        fill(tmp_path, "a.png", name)
        assert below(tmp_path) == ["a.png"]
        assert "1 hidden or left by a desktop" in caplog.text

    def test_other_endings_are_counted_and_said_once(self, tmp_path, caplog):
        fill(tmp_path, "a.png", "notes.txt", "sub/b.tiff")
        assert below(tmp_path) == below(tmp_path) == ["a.png"]
        assert caplog.text.count("2 of another ending (notes.txt, ...)") == 1

    def test_nothing_is_said_of_a_clean_folder_or_of_files_that_belong_there(self, tmp_path, caplog):
        fill(tmp_path, "a_labelIds.png", "a_color.png", "a_polygons.json")
        assert below(tmp_path, "_labelids.png", beside=("_color.png", ".json")) == ["a_labelIds.png"]
        assert not caplog.records

    def test_links_to_folders_and_files_are_followed(self, tmp_path):
        fill(tmp_path / "store", "b/1.png", "2.png")
        fill(tmp_path / "root", "a/0.png")
        (tmp_path / "root" / "b").symlink_to(tmp_path / "store" / "b")
        (tmp_path / "root" / "c.png").symlink_to(tmp_path / "store" / "2.png")
        assert below(tmp_path / "root") == ["a/0.png", "b/1.png", "c.png"]

    def test_a_loop_ends_and_is_said(self, tmp_path, caplog):
        fill(tmp_path, "a/1.png")
        (tmp_path / "a" / "up").symlink_to(tmp_path)
        (tmp_path / "A-link").symlink_to(
            tmp_path / "a"
        )  # sorts before the folder, which is still found by its own name
        (tmp_path / "self").symlink_to(tmp_path / "self")
        assert below(tmp_path) == ["a/1.png"]
        assert "2 links to a folder that is read already" in caplog.text
        assert "1 of another ending (self)" in caplog.text

    def test_a_link_to_nowhere_is_listed_so_that_its_reader_names_it(self, tmp_path):
        (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
        assert below(tmp_path) == ["gone.png"]

    def test_what_is_no_file_is_passed_over_so_that_nobody_waits_for_it(self, tmp_path, caplog):
        os.mkfifo(tmp_path / "pipe.png")
        assert below(tmp_path) == []
        assert "1 no plain file (pipe.png)" in caplog.text

    def test_names_that_are_no_utf_8_are_found(self, tmp_path):
        name = os.fsdecode(b"caf\xe9.png")
        fill(tmp_path, name, "a\nb.png")
        assert below(tmp_path) == ["a\nb.png", name]

    def test_a_depth_leaves_out_other_depths_and_says_so(self, tmp_path, caplog):
        fill(tmp_path, "car/train/1_part.png", "supports/4/car/1_part.png")
        assert below(tmp_path, "_part.png", depth=3) == ["car/train/1_part.png"]
        assert "1 in another depth of folders (supports/4/car)" in caplog.text

    def test_the_folder_to_write_is_no_input(self, tmp_path):
        fill(tmp_path, "a.png", "out/a_part.png")
        assert below(tmp_path, skip=tmp_path / "out") == ["a.png"]

    def test_time_grows_with_the_number_of_files_and_not_with_its_square(self, tmp_path):
        fill(tmp_path, *(f"{i}.png" for i in range(4000)))
        begun = time.process_time()
        files_by_name(tmp_path, (".png",), "files")
        assert time.process_time() - begun < 2  # a quadratic way takes minutes


class TestNames:
    """A scene has one name, in whatever form, case and folder its files lie."""

    def test_both_forms_of_unicode_are_one_name(self, tmp_path):
        nfc, nfd = (unicodedata.normalize(form, "Stra\u00dfe \u00e9") for form in ("NFC", "NFD"))
        fill(tmp_path, f"label/{nfd}.png", f"img/{nfc}.jpg")
        assert nfc != nfd
        assert key_of(tmp_path / "label" / f"{nfd}.png", tmp_path / "label", ".png") == nfc
        assert named_file(tmp_path / "label", f"{nfc}.png") == tmp_path / "label" / f"{nfd}.png"
        assert named_file(tmp_path / "img", f"{nfd}.png", f"{nfd}.JPG") == tmp_path / "img" / f"{nfc}.jpg"

    def test_a_file_in_a_folder_within_is_named_after_both(self, tmp_path):
        fill(tmp_path, "a/1.png", "2.png")
        assert list(files_by_name(tmp_path, (".png",), "maps")) == ["2", "a_1"]
        assert name_of(tmp_path / "2.png", tmp_path / "2.png") == "2"

    def test_two_files_of_one_name_are_refused(self, tmp_path):
        fill(tmp_path, "a/1.png", "a_1.png")
        with pytest.raises(DataError, match=r"two maps of one name: found a/1\.png, a_1\.png"):
            files_by_name(tmp_path, (".png",), "maps")

    def test_no_such_file(self, tmp_path):
        assert named_file(tmp_path, "a.png") is None
        assert named_file(tmp_path / "nowhere", "a.png") is None


class TestFolders:
    """What a folder is free of."""

    def test_a_folder_with_what_desktops_leave_is_free(self, tmp_path):
        fill(tmp_path, ".DS_Store", "desktop.ini", "._x")
        assert is_free(tmp_path)
        assert is_free(tmp_path / "new")
        assert names_in(tmp_path) == "an empty folder"

    @pytest.mark.parametrize("name", ["a.png", ".lock", "run.json"])
    def test_a_folder_with_anything_else_is_not(self, name, tmp_path):
        fill(tmp_path, name)
        assert not is_free(tmp_path)
        assert not is_free(tmp_path / name)


def test_a_folder_with_a_half_written_file_of_a_killed_process_is_free(tmp_path):
    (tmp_path / "..ipose-labels.4711.json").write_text("{")
    assert is_free(tmp_path)
    (tmp_path / "a.png").write_bytes(b"x")
    assert not is_free(tmp_path)
