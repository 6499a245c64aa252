import logging
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from ipose.data.scene_files import find_scene_folder, scene_folder_splits
from ipose.data.scene_folder import SceneFolder, write_scene_folder
from ipose.data.specs import load_spec
from ipose.errors import DataError
from ipose.testing.tiny_scenes import CAR, SPEC, make_scene, write_scenes
from ipose.types import Scene


def assert_equal_scenes(a: Scene, b: Scene) -> None:
    assert (a.name, a.objects) == (b.name, b.objects)
    for key in ("image", "label", "instance", "part"):
        left, right = getattr(a, key), getattr(b, key)
        assert (left is None) == (right is None)
        assert left is None or torch.equal(left, right), key


class TestSceneFolder:
    """A split of a scene folder is a sequence of scenes."""

    def test_what_was_written_is_read_back(self, tmp_path: Path) -> None:
        written = write_scenes(tmp_path)
        folder = SceneFolder(tmp_path, "train", SPEC)
        assert len(folder) == 3
        for a, b in zip(written, folder, strict=True):
            assert_equal_scenes(a, b)

    def test_the_spec_travels_with_the_folder(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        assert load_spec(tmp_path) == SPEC

    def test_scenes_without_photograph_and_parts_read_back_without(self, tmp_path: Path) -> None:
        bare = replace(make_scene(0), image=None, part=None)
        write_scene_folder([bare], tmp_path, "val", SPEC)
        assert_equal_scenes(SceneFolder(tmp_path, "val", SPEC)[0], bare)
        assert scene_folder_splits(tmp_path) == ("val",)

    def test_large_instance_ids_are_written_in_sixteen_bits(self, tmp_path: Path) -> None:
        scene = make_scene(0)
        scene = replace(scene, instance=scene.instance * 20_000, objects=())
        write_scene_folder([scene], tmp_path, "train", SPEC)
        assert torch.equal(SceneFolder(tmp_path, "train", SPEC)[0].instance, scene.instance)

    def test_resizing_keeps_ids_and_remembers_the_photographs_size(self, tmp_path: Path) -> None:
        written = write_scenes(tmp_path, size=(32, 48))
        scene = SceneFolder(tmp_path, "train", SPEC, size=(64, 64))[1]
        assert scene.size == (64, 64)
        assert scene.image is not None
        assert scene.image.shape == (3, 64, 64)
        assert set(scene.label.unique().tolist()) <= set(written[1].label.unique().tolist())
        assert scene.objects
        assert {item.original_size for item in scene.objects} == {(32, 48)}
        box, old = scene.objects[0].box, written[1].objects[0].box
        assert abs(box.min_row - 2 * old.min_row) <= 2
        assert abs(box.max_col - old.max_col * 64 / 48) <= 2

    def test_unresized_objects_were_never_stretched(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        assert {item.original_size for item in SceneFolder(tmp_path, "train", SPEC)[0].objects} == {(1, 1)}

    def test_slices_and_negative_indices_work_as_in_a_list(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        folder = SceneFolder(tmp_path, "train", SPEC)
        assert [scene.name for scene in folder[1:]] == ["scene001", "scene002"]
        assert folder[-1].name == "scene002"
        with pytest.raises(IndexError):
            folder[3]

    def test_a_worker_process_can_hold_it(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        folder = SceneFolder(tmp_path, "train", SPEC, size=(64, 64))
        assert_equal_scenes(pickle.loads(pickle.dumps(folder))[2], folder[2])

    def test_jpeg_photographs_are_found(self, tmp_path: Path) -> None:
        write_scenes(tmp_path, count=1)
        path = tmp_path / "train_img" / "scene000.png"
        with Image.open(path) as image:
            image.save(path.with_suffix(".jpg"))
        path.unlink()
        assert SceneFolder(tmp_path, "train", SPEC)[0].image is not None

    def test_without_instance_maps_connected_pieces_are_objects_and_the_log_says_so(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write_scenes(tmp_path)
        shutil.rmtree(tmp_path / "train_inst")
        with caplog.at_level(logging.WARNING):
            folder = SceneFolder(tmp_path, "train", SPEC)
            list(folder)
        assert [record.message for record in caplog.records if "connected pieces" in record.message] == [
            f"{tmp_path} has no train_inst folder: objects are the connected pieces of thing classes"
        ]
        assert CAR in {item.class_id for item in folder[0].objects}


class TestCheckedOnce:
    """Each scene is checked when its folder is first opened; reading it checks nothing, unless a file has changed."""

    @pytest.fixture
    def checked(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Names of the scenes that are checked from now on, in order."""
        import ipose.data.scene_maps as module

        names: list[str] = []
        real = module.scene_faults
        monkeypatch.setattr(module, "scene_faults", lambda files, *a: names.append(files.name) or real(files, *a))
        return names

    def test_two_epochs_and_a_second_opening_check_nothing_again(self, tmp_path: Path, checked: list[str]) -> None:
        write_scenes(tmp_path)
        for _ in range(2):
            folder = SceneFolder(tmp_path, "train", SPEC, size=(64, 64))
            for _ in range(2):
                assert len(list(folder)) == 3
        assert sorted(checked) == ["scene000", "scene001", "scene002"]

    def test_a_file_that_is_spoiled_after_opening_is_named(self, tmp_path: Path, repaint: Callable[..., None]) -> None:
        write_scenes(tmp_path)
        folder = SceneFolder(tmp_path, "train", SPEC)
        repaint(tmp_path / "train_label" / "scene001.png", (3, 4), 99)
        assert folder[0].name == "scene000"
        with pytest.raises(DataError, match=r"scene001.png: label id outside spec 'tiny': found 99 \(1 pixels\)"):
            folder[1]

    def test_of_a_file_that_is_repainted_after_opening_the_objects_are_found_anew(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        folder = SceneFolder(tmp_path, "train", SPEC)
        for kind in ("label", "inst", "part"):
            path = tmp_path / f"train_{kind}" / "scene001.png"
            with Image.open(path) as image:
                mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            mirrored.save(path)
        scene = folder[1]
        assert torch.equal(scene.label, make_scene(1).label.flip(-1))
        assert [item.box for item in scene.objects] != [item.box for item in folder.objects[1]]
        assert scene.objects == SceneFolder(tmp_path, "train", SPEC)[1].objects

    def test_a_file_that_vanishes_after_opening_is_named(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        folder = SceneFolder(tmp_path, "train", SPEC)
        (tmp_path / "train_label" / "scene002.png").unlink()
        with pytest.raises(DataError, match=r"scene002.png: no such file"):
            folder[2]

    def test_a_photograph_of_another_size_is_found_at_opening(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        Image.new("RGB", (32, 48)).save(tmp_path / "train_img" / "scene000.png")
        with pytest.raises(DataError, match=r"train_img/scene000\.png: sizes differ: found 48x32"):
            SceneFolder(tmp_path, "train", SPEC)


class TestFaultsStopReading:
    """A folder that breaks the layout or the spec is an error that names the file."""

    def test_an_id_outside_the_spec_names_file_and_id(self, tmp_path: Path, repaint: Callable[..., None]) -> None:
        write_scenes(tmp_path)
        repaint(tmp_path / "train_label" / "scene001.png", (3, 4), 99)
        with pytest.raises(DataError, match=r"label id outside spec 'tiny': found 99 \(1 pixels\)") as caught:
            SceneFolder(tmp_path, "train", SPEC)
        assert "train_label/scene001.png" in str(caught.value)

    def test_a_missing_partner_is_named(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        (tmp_path / "train_inst" / "scene002.png").unlink()
        with pytest.raises(DataError, match=r"scene002\.png: missing partner in train_inst"):
            SceneFolder(tmp_path, "train", SPEC)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda root: None, "no such folder"),
            (
                lambda root: (root / "photos").mkdir(parents=True),
                "not a scene folder with a split 'train': found photos",
            ),
            (lambda root: (root / "train_label").mkdir(parents=True), "empty data set"),
        ],
    )
    def test_a_folder_that_is_no_data_set_is_said_to_be_none(
        self, tmp_path: Path, make: Callable[[Path], None], message: str
    ) -> None:
        make(tmp_path / "data")
        with pytest.raises(DataError, match=message):
            SceneFolder(tmp_path / "data", "train", SPEC)

    def test_two_files_of_one_stem_are_named(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        Image.new("RGB", (48, 32)).save(tmp_path / "train_img" / "scene000.jpg")
        (fault,) = find_scene_folder(tmp_path, "train")[1]
        assert (fault.message, fault.found) == ("several files of one stem", "scene000.jpg, scene000.png")

    def test_writing_over_a_split_is_refused(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        with pytest.raises(DataError, match="split is there already"):
            write_scenes(tmp_path)

    def test_writing_beside_another_spec_is_refused(self, tmp_path: Path) -> None:
        write_scenes(tmp_path)
        with pytest.raises(DataError, match="folder of another spec: found 'tiny', expected 'coco-stuff'"):
            write_scene_folder([], tmp_path, "val", load_spec("coco-stuff"))

    @pytest.mark.parametrize("name", ["a/b", "../up", ".hidden"])
    def test_a_name_that_is_no_file_name_is_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(DataError, match="cannot be a file name"):
            write_scene_folder([make_scene(0, name=name)], tmp_path, "train", SPEC)
