"""Segmenting files: what is found, and what is read before anything is written."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.data_config import CropRule, DataConfig
from ipose.data.object_photos import silhouette_of
from ipose.data.open_data import open_scenes
from ipose.data.png import write_index
from ipose.errors import DataError
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter
from ipose.systems.part_segmenter.segment import images_to_judge, photographs_to_segment, segment_files


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photos").mkdir()
    for name in ("b.jpg", "a.png", ".hidden.png", "._b.jpg"):
        Image.fromarray(np.zeros((8, 8, 3), dtype=np.uint8)).save(tmp_path / "photos" / name)
    return tmp_path / "photos"


def test_hidden_files_are_passed_over(folder):
    assert [path.name for path in photographs_to_segment(folder).values()] == ["a.png", "b.jpg"]


def test_all_broken_files_are_listed_and_nothing_is_written(folder, tmp_path):
    (folder / "bad.png").write_text("no image")
    (folder / "empty.jpg").touch()
    segmenter = TrainedSegmenter(PartSegmenter(2, "lraspp_mobilenet_v3_large"), 32, ("part 1", "part 2"))
    with pytest.raises(DataError, match=r"2 faults in the photographs(.|\n)*bad\.png(.|\n)*empty\.jpg"):
        list(segment_files(segmenter, folder, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_two_photographs_of_one_name_are_refused(folder):
    (folder / "a.png").rename(folder / "b.png")
    with pytest.raises(DataError, match=r"two photographs of one name: found b\.jpg, b\.png"):
        photographs_to_segment(folder)


SEGMENTER = TrainedSegmenter(PartSegmenter(2, "lraspp_mobilenet_v3_large"), 32, ("part 1", "part 2"))


def test_older_maps_of_other_photographs_are_told(folder, tmp_path, caplog):
    write_index(tmp_path / "out" / "old_part.png", torch.zeros(4, 4, dtype=torch.uint8))
    list(segment_files(SEGMENTER, folder, tmp_path / "out"))
    assert "1 part maps of other photographs stay there (old_part.png)" in caplog.text
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("a_part.png", "b_part.png", "old_part.png", "sheet.png")
    }


def test_one_of_crops_says_what_it_wants(folder, tmp_path, caplog):
    list(segment_files(replace(SEGMENTER, crops=CropRule()), folder, tmp_path / "out"))
    assert "this segmenter knows objects that are cut out of their photographs" in caplog.text


class TestImagesToJudge:
    """A scene as a whole; for a segmenter of crops, each of its objects."""

    @pytest.fixture
    def scene(self):
        world = DataConfig(categories=("car",), objects=(2, 2), scenes=1, val_scenes=1, scene_size=64)
        return open_scenes(world, "train")[0]

    def test_are_the_scene(self, scene):
        (found,) = images_to_judge(scene, scene.instance > 0, None)
        assert all(a is b for a, b in zip(found[1:], (scene.image, found[2], scene.part), strict=True))

    def test_are_its_objects_with_their_own_pixels_alone(self, scene):
        found = list(images_to_judge(scene, scene.instance > 0, CropRule(margin=0.5, ground="grey")))
        assert [name for name, *_ in found] == [f"{scene.name}-{item.instance_id}" for item in scene.objects]
        for item, (_, image, foreground, part) in zip(scene.objects, found, strict=True):
            own = silhouette_of(scene, item)
            assert image.shape[1:] == foreground.shape == part.shape
            assert foreground.sum() == own.sum()
            assert torch.equal(part[foreground], scene.part[own])
            assert not part[~foreground].any()
            assert torch.equal(image[:, foreground], scene.image[:, own])
            assert (image[:, ~foreground] == 128).all()


def test_maps_are_not_written_among_the_photographs(folder):
    with pytest.raises(DataError, match="the folder to write is that of the photographs"):
        list(segment_files(SEGMENTER, folder, folder))


def test_a_folder_to_write_within_the_photographs_is_no_input(folder):
    list(segment_files(SEGMENTER, folder, folder / "out"))
    assert list(photographs_to_segment(folder, folder / "out")) == ["a", "b"]
