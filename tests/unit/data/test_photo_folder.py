"""Photographs of a folder: all of them, at one size; what cannot be read is listed before anything is trained."""

import numpy as np
import pytest
import torch
from PIL import Image

import ipose.data.photo_folder as photo_folder
from ipose.data.data_config import PhotoConfig
from ipose.data.photo_folder import PhotoFolder, check_photographs, find_photographs, open_photographs
from ipose.data.png import write_index
from ipose.errors import ConfigError, DataError


def picture(path, size=(40, 60), value=100, mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), value, dtype=np.uint8)).convert(mode).save(path)


@pytest.fixture
def folder(tmp_path):
    for i in range(4):
        picture(tmp_path / "photos" / f"{i}.{'jpg' if i % 2 else 'png'}", value=20 * i)
    (tmp_path / "photos" / "notes.txt").write_text("no image")
    return tmp_path / "photos"


class TestFindPhotographs:
    """Any folder, a scene folder, or one with train/ and val/."""

    def test_all_images_below_a_folder(self, folder):
        picture(folder / "more" / "deep.JPG")
        assert [path.name for path in find_photographs(folder)] == ["0.png", "1.jpg", "2.png", "3.jpg", "deep.JPG"]
        assert find_photographs(folder, "val") == []

    @pytest.mark.parametrize("names", [("train_img", "val_img"), ("train", "val")])
    def test_splits_where_there_are_some(self, tmp_path, names):
        for name in names:
            picture(tmp_path / name / f"of_{name}.png")
        picture(tmp_path / "train_label" / "ids.png")
        for split, name in zip(("train", "val"), names, strict=True):
            assert [path.name for path in find_photographs(tmp_path, split)] == [f"of_{name}.png"]

    def test_hidden_files_are_no_photographs(self, folder):
        for name in (".hidden.png", "._0.jpg", ".thumbnails/0.png"):
            picture(folder / name)
        assert [path.name for path in find_photographs(folder)] == ["0.png", "1.jpg", "2.png", "3.jpg"]

    def test_a_hidden_folder_may_be_named(self, folder):
        assert len(find_photographs(folder.rename(folder.parent / ".photos"))) == 4

    def test_no_folder_and_no_photographs(self, tmp_path):
        with pytest.raises(DataError, match="no such folder of photographs"):
            find_photographs(tmp_path / "nowhere")
        with pytest.raises(DataError, match=r"no photographs in this folder: expected files ending in \.jpg"):
            find_photographs(tmp_path)


class TestCheckPhotographs:
    """Every file is read before any work."""

    def test_all_broken_files_are_listed(self, folder):
        check_photographs(find_photographs(folder))
        (folder / "bad.png").write_text("no image")
        (folder / "empty.jpg").touch()
        with pytest.raises(DataError, match=r"2 faults in the photographs(.|\n)*bad\.png(.|\n)*empty\.jpg"):
            check_photographs(find_photographs(folder))


class TestPhotoFolder:
    """Squares of bytes."""

    @pytest.mark.parametrize("keep", [True, False])
    def test_every_photograph_at_the_size_asked_for(self, folder, monkeypatch, keep):
        monkeypatch.setattr(photo_folder, "KEPT_BYTES", 4 * 3 * 32 * 32 - (not keep))
        photos = PhotoFolder(find_photographs(folder), 32, progress=False)
        assert len(photos) == 4
        assert photos[2].shape == (3, 32, 32)
        assert photos[2].dtype == torch.uint8
        assert (photos[2] == 40).all()
        assert photos.names == ["0.png", "1.jpg", "2.png", "3.jpg"]

    def test_grey_photographs_become_colour(self, tmp_path):
        picture(tmp_path / "grey.png", mode="L")
        assert PhotoFolder([tmp_path / "grey.png"], 32, progress=False)[0].shape == (3, 32, 32)

    def test_files_at_fault_are_listed_together(self, folder):
        (folder / "bad.png").write_text("no image")
        (folder / "empty.jpg").touch()
        with pytest.raises(DataError, match=r"2 faults in the photographs(.|\n)*bad\.png(.|\n)*empty\.jpg"):
            PhotoFolder(find_photographs(folder), 32, progress=False)


class TestOpenPhotographs:
    """A folder or PartWorld."""

    def test_too_few_photographs(self, folder):
        with pytest.raises(DataError, match=r"too few photographs: found 4, expected 16 or more .*--batch-size"):
            open_photographs(PhotoConfig(data=str(folder)), "train", 32, least=16)

    def test_they_are_counted_before_any_is_read(self, folder):
        (folder / "bad.png").write_text("no image")
        with pytest.raises(DataError, match="too few photographs: found 5"):
            open_photographs(PhotoConfig(data=str(folder)), "train", 32, least=16)

    def test_label_maps_are_refused(self, tmp_path):
        for i in range(4):
            write_index(tmp_path / f"{i}.png", torch.full((8, 8), i, dtype=torch.uint8))
        with pytest.raises(DataError, match="these look like label maps, not photographs: found 4 greyscale"):
            open_photographs(PhotoConfig(data=str(tmp_path)), "train", 32)

    def test_partworld_draws_scenes_of_one_object(self):
        photos = open_photographs(PhotoConfig(scenes=3, val_scenes=2, categories=("car",)), "val", 32)
        assert len(photos) == len(photos.names) == 2
        assert photos.images[0].shape == (3, 32, 32)

    def test_no_scenes_are_refused(self):
        with pytest.raises(ConfigError, match="scenes"):
            PhotoConfig(scenes=0)
