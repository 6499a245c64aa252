"""Every fault planted in a set of photographs is found and named, with a way out."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.published_photographs import (
    write_aligned_celeba,
    write_celeba,
    write_cub,
    write_flowers,
    write_full_celeba_lists,
    write_picture,
    write_taichi,
)
from helpers.published_scenes import write_ade20k, write_cityscapes
from ipose.data.photo_doctor import examine_photographs, is_photo_set
from ipose.ganseg.presets import preset
from ipose.testing.tiny_scenes import write_scenes

WRITERS = {
    "Flowers-102": write_flowers,
    "CUB-200-2011": write_cub,
    "CelebA in the wild": write_celeba,
    "CelebA aligned": write_aligned_celeba,
    "Taichi": write_taichi,
}
COUNT = "another count than the published one"


def edit_landmarks(root: Path, before: str, after: str) -> None:
    file = root / "parts" / "part_locs.txt"
    file.write_text(file.read_text().replace(before, after))


@pytest.fixture(params=WRITERS)
def published(request, tmp_path) -> tuple[str, Path]:
    return request.param, WRITERS[request.param](tmp_path)


def said(root: Path) -> list[str]:
    """All faults but those of counts: the copies are tiny."""
    diagnosis = examine_photographs(root)
    assert not diagnosis.ok
    return [str(fault) for fault in diagnosis.faults if COUNT not in fault.message]


class TestPublishedSets:
    """Each set is recognised, whole or not, and judged by its own rules."""

    def test_a_sound_copy_has_no_fault_but_its_counts(self, published):
        name, root = published
        diagnosis = examine_photographs(root)
        assert is_photo_set(root)
        assert said(root) == []
        assert {fault.file for fault in diagnosis.faults} == {str(root)}
        assert diagnosis.table().startswith(f"{name}: ")

    def test_a_wrong_count_says_both_numbers_and_what_follows(self, tmp_path):
        fault = str(examine_photographs(write_flowers(tmp_path)).faults[0])
        assert "split 'train' of Flowers-102" in fault
        assert "found 2, expected 6149. Get the data set again, or do not compare" in fault

    def test_birds_without_landmarks_are_no_fault_but_said(self, tmp_path):
        table = examine_photographs(write_cub(tmp_path)).table()
        assert "landmarks: 15 in 22 photographs, 98% of them visible" in table
        shutil.rmtree(tmp_path / "parts")
        assert said(tmp_path) == []
        table = examine_photographs(tmp_path).table()
        assert "No landmarks: parts/part_locs.txt is missing, so that only the foreground can be judged." in table
        assert "splits of our own, as train_val_test_split.txt is missing" in table

    PLANTED = (
        (write_flowers, lambda r: (r / "setid.mat").unlink(), "setid.mat: missing from Flowers-102"),
        (write_flowers, lambda r: shutil.rmtree(r / "segmim"), "segmim: missing from Flowers-102"),
        (write_flowers, lambda r: (r / "segmim" / "segmim_00001.jpg").unlink(), "segmim_00001.jpg: no such file"),
        (write_flowers, lambda r: (r / "jpg" / "image_00003.jpg").unlink(), "image_00003.jpg: no such file"),
        (write_flowers, lambda r: (r / "jpg" / "image_00003.jpg").write_text("404"), "image_00003.jpg: not an image"),
        (write_flowers, lambda r: (r / "setid.mat").write_text("404"), "setid.mat cannot be read"),
        (write_cub, lambda r: (r / "images.txt").unlink(), "images.txt: missing from CUB-200-2011"),
        (write_cub, lambda r: (r / "images/000.Bird/Bird_0.jpg").write_text("404"), "Bird_0.jpg: not an image"),
        (write_cub, lambda r: (r / "images/000.Bird/Bird_0.jpg").unlink(), "Bird_0.jpg: no such file"),
        (write_cub, lambda r: edit_landmarks(r, "3 1 4.0 2.0 1\n", ""), "a photograph without all 15 landmarks"),
        (
            write_cub,
            lambda r: edit_landmarks(r, " 15 60.0 30.0", " 15 30.0 60.0"),
            "visible landmarks beside their photograph: found 22 of ",
        ),
        (write_cub, lambda r: edit_landmarks(r, ".0 1\n", ".0 0\n"), "not one landmark is visible"),
        (write_celeba, lambda r: (r / "training.txt").unlink(), "training.txt: missing from CelebA in the wild"),
        (
            write_celeba,
            lambda r: (r / "list_landmarks_celeba.txt").write_text("0\nhead\n"),
            "a photograph without landmarks: found 000003.jpg",
        ),
        (write_taichi, lambda r: (r / "landmarks.csv").unlink(), "landmarks.csv: missing from Taichi"),
        (
            write_taichi,
            lambda r: write_picture(r / "masks" / "test" / "0.png", np.ones((16, 16))),
            "no mask has a single pixel of foreground. Save masks as this set does: 255",
        ),
    )

    @pytest.mark.parametrize(("write", "plant", "sentence"), PLANTED, ids=[sentence for *_, sentence in PLANTED])
    def test_a_planted_fault_is_found_once(
        self, tmp_path: Path, write: Callable[[Path], Path], plant: Callable[[Path], object], sentence: str
    ) -> None:
        plant(write(tmp_path))
        assert is_photo_set(tmp_path)
        found = said(tmp_path)
        assert len(found) == 1, found
        assert sentence in found[0]


@pytest.fixture(scope="module")
def full_celeba(tmp_path_factory):
    return write_full_celeba_lists(tmp_path_factory.mktemp("celeba") / "set")


class TestCelebALists:
    """A perfect download of CelebA in the wild passes, and each wrong list is told by both numbers.

    The lists have their full length. The photographs are 100x100, and none is written.
    """

    @pytest.fixture(autouse=True)
    def photographs(self, monkeypatch):
        photograph = np.zeros((100, 100, 3), dtype=np.uint8)
        monkeypatch.setattr("ipose.data.celeba.image_size", lambda path, **_: (100, 100))
        monkeypatch.setattr("ipose.data.photo_doctor.read_photo", lambda path, **_: photograph)
        monkeypatch.setattr("ipose.data.photo_doctor.photo_notes", lambda path, **_: ())
        for module in ("celeba", "photo_doctor"):
            monkeypatch.setattr(f"ipose.data.{module}.in_parallel", lambda work, items, what: map(work, items))

    def test_a_perfect_download_has_no_fault(self, full_celeba):
        diagnosis = examine_photographs(full_celeba)
        assert diagnosis.faults == ()
        assert diagnosis.photographs == {"train": 45_609, "regression": 5_379, "test": 283}

    WRONG = (
        ("list_eval_partition.txt", "000001.jpg 0", "000001.jpg 1", [("list of split 'train'", "161961", "161962")]),
        ("testing.txt", "161963.jpg\n", "", [("list of split 'train'", "161963", "161962"), ("'test'", "999", "1000")]),
        ("list_bbox_celeba.txt", "000001.jpg  1 1 60", "000001.jpg  1 1 59", [("split 'train'", "45608", "45609")]),
    )

    @pytest.mark.parametrize(
        ("file", "before", "after", "counts"),
        [pytest.param(*row, id=row[0], marks=[pytest.mark.slow] if i else []) for i, row in enumerate(WRONG)],
    )
    def test_a_wrong_list_is_a_fault(self, full_celeba, file, before, after, counts):
        whole = (full_celeba / file).read_text()
        try:
            (full_celeba / file).write_text(whole.replace(before, after, 1))
            faults = [str(fault) for fault in examine_photographs(full_celeba).faults]
        finally:
            (full_celeba / file).write_text(whole)
        for message, found, expected in counts:
            assert any(message in fault and f"found {found}, expected {expected}" in fault for fault in faults), faults


class TestAnyFolder:
    """Photographs that nobody published."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for i in range(3):
            write_picture(tmp_path / f"{i}.png", np.full((40, 50, 3), i))
        return tmp_path

    def test_without_faults(self, folder):
        diagnosis = examine_photographs(folder)
        assert diagnosis.ok
        assert diagnosis.summary() == f"{folder}: no faults in 3 photographs"
        assert "heights 40 to 40, widths 50 to 50" in diagnosis.table()
        assert "more than 5,000" in diagnosis.table()

    def test_a_small_one_is_no_fault_as_training_takes_it_but_said(self, folder):
        Image.new("RGB", (31, 50)).save(folder / "1.png")
        diagnosis = examine_photographs(folder)
        assert diagnosis.ok
        assert (
            "1 photograph with a side below 32 pixels (1.png: 50x31 (height x width)): training enlarges them"
            in diagnosis.table()
        )

    def test_truncated_and_no_image_are_both_told(self, folder):
        (folder / "1.png").write_text("no image")
        (folder / "2.png").write_bytes((folder / "2.png").read_bytes()[:40])
        assert [fault.partition(": ")[0] for fault in said(folder)] == [f"{folder}/1.png", f"{folder}/2.png"]
        assert examine_photographs(folder).summary() == f"{folder}: 2 faults in 2 files"

    def test_the_squeeze_is_said_where_there_is_one(self, folder):
        squeezed = "widths 50 to 50 pixels; training squeezes them to a square"
        assert squeezed in examine_photographs(folder).table()
        for i in range(3):
            Image.new("RGB", (40, 40)).save(folder / f"{i}.png")
        assert "squeeze" not in examine_photographs(folder).table()

    def test_the_least_number_is_that_of_the_preset_for_folders(self, folder):
        least = preset("folder").batch_size
        assert f"one batch at least (--batch-size: {least} with --preset folder)" in (
            examine_photographs(folder).table()
        )

    def test_hidden_files_are_passed_over(self, folder):
        (folder / "._0.jpg").write_bytes(b"\0\5\26\7 of macOS")
        (folder / ".thumbnails").mkdir()
        (folder / ".thumbnails" / "0.png").write_text("no image")
        assert examine_photographs(folder).summary() == f"{folder}: no faults in 3 photographs"
        for path in folder.glob("[0-9].png"):
            path.unlink()
        assert not is_photo_set(folder)

    def test_a_published_set_one_level_down_is_to_be_named(self, tmp_path):
        write_flowers(tmp_path / "flowers")
        assert said(tmp_path)[0].endswith(f"holds Flowers-102 in a folder of its own. Name {tmp_path}/flowers.")

    def test_the_photographs_of_scenes_are_photographs_and_what_lies_beside_is_said(self, tmp_path):
        write_scenes(tmp_path / "data")
        photographs = tmp_path / "data" / "train_img"
        assert is_photo_set(photographs)
        assert not is_photo_set(tmp_path / "data" / "train_label")
        diagnosis = examine_photographs(photographs)
        assert diagnosis.ok
        assert f"For the label maps beside them: Name {tmp_path}/data, which holds a scene folder." in (
            diagnosis.table()
        )

    @pytest.mark.parametrize(("write", "inside"), [(write_cityscapes, "leftImg8bit"), (write_ade20k, "images")])
    def test_the_photographs_of_a_published_layout_too(self, tmp_path, write, inside):
        write(tmp_path)
        assert is_photo_set(tmp_path / inside)
        assert not is_photo_set(tmp_path / {"images": "annotations"}.get(inside, "gtFine"))

    def test_scenes_are_not_photographs_alone(self, tmp_path):
        write_scenes(tmp_path / "data")
        assert not is_photo_set(tmp_path / "data")
        assert not is_photo_set(tmp_path)
        assert not is_photo_set(tmp_path / "nowhere")
