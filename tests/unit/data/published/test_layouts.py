"""The published data sets, read from copies of their folders: every pixel's class, every object's pixels."""

import logging
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.published_scenes import write_ade20k, write_cityscapes, write_coco_stuff
from ipose.data.augment import flip_scene
from ipose.data.doctor import examine_scenes
from ipose.data.object_index import by_instance_alone
from ipose.data.published.layouts import find_scenes, published_layout, splits_of
from ipose.data.scene_folder import SceneFolder
from ipose.data.specs import load_spec
from ipose.errors import DataError
from ipose.label_spec import LabelSpec
from ipose.types import Scene, SceneBatch

WRITERS = {"cityscapes": write_cityscapes, "ade20k": write_ade20k, "coco-stuff": write_coco_stuff}


@pytest.fixture(scope="module", params=WRITERS)
def published(request, tmp_path_factory):
    """Folder, spec and what was drawn."""
    root = tmp_path_factory.mktemp(request.param)
    return root, load_spec(request.param), WRITERS[request.param](root)


def object_pixels(scene: Scene, spec: LabelSpec) -> dict[tuple[int, int], int]:
    """Pixels of each object, by (file id, number within the image or class)."""
    layout = spec.instance_layout
    return {
        (
            spec.classes[item.class_id].file_id,
            item.instance_id % 1000 if layout == "cityscapes" else item.instance_id,
        ): int(((scene.label == item.class_id) & (scene.instance == item.instance_id)).sum())
        for item in scene.objects
    }


class TestEveryPublishedDataSet:
    """What was drawn is what is read, whatever the folders are called."""

    def test_both_splits_are_found_and_no_more(self, published):
        root, _, drawn = published
        assert splits_of(root) == ("train", "val")
        for split, scenes in drawn.items():
            found, faults = find_scenes(root, split)
            assert not faults
            assert [files.name for files in found] == [scene.name for scene in scenes]
            assert all(len(files.paths) == 3 for files in found)

    def test_the_doctor_finds_no_fault(self, published):
        root, spec, drawn = published
        diagnosis = examine_scenes(root, spec)
        assert diagnosis.faults == ()
        assert diagnosis.scenes == {split: len(scenes) for split, scenes in drawn.items()}
        objects = sum(len(scene.objects) for scenes in drawn.values() for scene in scenes)
        assert sum(count.objects for count in diagnosis.counts) == objects

    def test_every_pixel_has_the_class_of_its_id(self, published):
        root, spec, drawn = published
        file_ids = np.array([item.file_id for item in spec.classes])
        for read, scene in zip(SceneFolder(root, "train", spec), drawn["train"], strict=True):
            assert (file_ids[read.label.numpy()] == scene.label).all()
            assert read.image is not None

    @pytest.mark.parametrize("name", ["cityscapes", "ade20k"])
    def test_published_maps_are_of_the_stored_pixels_so_exif_turns_no_photograph(self, name, tmp_path):
        WRITERS[name](tmp_path)
        scenes, _ = find_scenes(tmp_path, "train")
        photo, exif = scenes[0].image, Image.Exif()
        exif[0x0112] = 6
        Image.open(photo).save(photo, exif=exif)
        stored = torch.from_numpy(np.array(Image.open(photo)))
        assert torch.equal(SceneFolder(tmp_path, "train", load_spec(name))[0].image.movedim(0, -1), stored)
        assert not examine_scenes(tmp_path, load_spec(name)).notes

    def test_every_object_has_the_pixels_that_were_drawn_and_nothing_else_is_an_object(self, published):
        root, spec, drawn = published
        for split, scenes in drawn.items():
            for read, scene in zip(SceneFolder(root, split, spec), scenes, strict=True):
                assert object_pixels(read, spec) == scene.objects

    def test_an_object_has_the_part_category_of_its_class(self, published):
        root, spec, _ = published
        objects = SceneFolder(root, "train", spec).objects[0]
        expected = {
            "cityscapes": ["human", "human", "car", "car", None, "bicycle"],
            "ade20k": ["human", "human", "table", "chair"],
            "coco-stuff": ["human", "human", "car", "zebra"],
        }
        assert [item.part_category for item in objects] == expected[spec.name]

    def test_squashed_scenes_remember_the_photographs_size(self, published):
        root, spec, drawn = published
        folder = SceneFolder(root, "train", spec, size=(64, 64))
        for scene, was in zip(folder, drawn["train"], strict=True):
            assert scene.size == (64, 64)
            assert {item.original_size for item in scene.objects} == {was.label.shape}

    def test_the_cached_index_is_the_built_one(self, published):
        root, spec, _ = published
        first, again = (SceneFolder(root, "train", spec) for _ in range(2))
        assert first.objects == again.objects


class TestCocoStuff:
    """SPADE's layout is a scene folder; class = id + 1, and 255, the unknown, is class 0."""

    def test_classes_are_ids_plus_one_and_255_is_0(self, tmp_path):
        drawn = write_coco_stuff(tmp_path)["train"][0]
        assert published_layout(tmp_path) is None
        scene = SceneFolder(tmp_path, "train", load_spec("coco-stuff"))[0]
        assert torch.equal(scene.label, torch.from_numpy((drawn.label.astype(np.int64) + 1) % 256))

    def test_number_0_is_an_object_like_any_other(self, tmp_path):
        write_coco_stuff(tmp_path)
        objects = SceneFolder(tmp_path, "train", load_spec("coco-stuff")).objects[0]
        assert (objects[0].class_id, objects[0].instance_id) == (1, 0)


class TestAde20k:
    """The first channel names the class of an instance, the second its number."""

    def test_without_instances_the_pieces_are_objects_and_the_log_names_the_folder(self, tmp_path, caplog):
        write_ade20k(tmp_path)
        shutil.rmtree(tmp_path / "annotations_instance")
        with caplog.at_level(logging.WARNING):
            folder = SceneFolder(tmp_path, "train", load_spec("ade20k"))
        assert "has no annotations_instance folder: objects are the connected pieces" in caplog.text
        assert len(folder.objects[0]) == 5  # the chair that no instance tells of is one now

    def test_splits_are_called_train_and_val(self, tmp_path):
        write_ade20k(tmp_path)
        assert find_scenes(tmp_path, "val")[0][0].label.parent.name == "validation"

    def test_an_object_that_no_label_shows_is_read_by_the_instance_rule_alone(self, tmp_path):
        """Given a person whose label is the floor's, in the scene and in its mirror image. The release keeps it."""
        write_ade20k(tmp_path)
        spec, file = load_spec("ade20k"), find_scenes(tmp_path, "train")[0][0].label
        before = SceneFolder(tmp_path, "train", spec)[0]
        person = before.objects[0]
        ids = np.array(Image.open(file))
        ids[((before.label == person.class_id) & (before.instance == person.instance_id)).numpy()] = 4
        Image.fromarray(ids).save(file)
        scene = SceneFolder(tmp_path, "train", spec)[0]
        assert scene.objects == before.objects[1:]
        read, mirrored = (
            by_instance_alone(SceneBatch.from_scenes([each])).objects for each in (scene, flip_scene(scene))
        )
        assert read == by_instance_alone(SceneBatch.from_scenes([before])).objects
        assert [item.instance_id for item in mirrored] == [item.instance_id for item in read]


class TestRecognition:
    """A folder is known by what lies in it; a path that misses by a level is told which one is meant."""

    @pytest.mark.parametrize(("name", "layout"), [("cityscapes", "Cityscapes"), ("ade20k", "ADE20K")])
    def test_a_published_layout_is_known_by_its_folders(self, tmp_path, name, layout):
        WRITERS[name](tmp_path)
        found = published_layout(tmp_path)
        assert found is not None
        assert (found.name, found.spec) == (layout, name)

    def test_a_scene_folder_comes_first(self, tmp_path):
        write_cityscapes(tmp_path)
        write_coco_stuff(tmp_path)
        assert published_layout(tmp_path) is None

    @pytest.mark.parametrize("inside", ["gtFine", "gtFine/train", "leftImg8bit/val/frankfurt"])
    def test_a_path_too_deep_is_told_the_root(self, tmp_path, inside):
        write_cityscapes(tmp_path)
        (fault,) = find_scenes(tmp_path / inside, "train")[1]
        assert fault.mend == f"Name {tmp_path}, which holds Cityscapes."

    def test_a_path_too_high_is_told_the_folder(self, tmp_path):
        write_ade20k(tmp_path / "ADEChallengeData2016")
        (fault,) = find_scenes(tmp_path, "train")[1]
        assert fault.mend == f"Name {tmp_path / 'ADEChallengeData2016'}, which holds ADE20K."

    def test_a_folder_beside_a_data_set_is_not_taken_for_a_part_of_it(self, tmp_path):
        write_cityscapes(tmp_path)
        (tmp_path / "notes").mkdir()
        (fault,) = find_scenes(tmp_path / "notes", "train")[1]
        assert fault.mend.startswith("Name the folders so")

    def test_the_full_ade20k_is_told_from_its_benchmark(self, tmp_path):
        (tmp_path / "images" / "ADE" / "training").mkdir(parents=True)
        with pytest.raises(DataError, match=r"unpack its benchmark, ADEChallengeData2016\.zip"):
            SceneFolder(tmp_path, "train", load_spec("ade20k"))
