"""Every fault that users of this field meet, planted in a real scene folder, is found by the doctor and named."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.doctor import Diagnosis, check_scenes, examine_scenes
from ipose.data.faults import Fault
from ipose.data.scene_folder import SceneFolder, write_scene_folder
from ipose.data.specs import dataset_toml, load_spec
from ipose.data.support_folder import save_supports
from ipose.errors import DataError, SpecError
from ipose.label_spec import LabelClass, LabelSpec
from ipose.part_annotations import SupportSet
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.testing.tiny_scenes import SPEC, write_scenes
from ipose.types import Scene

LABEL, PHOTO = "train_label/scene001.png", "train_img/scene001.png"
INSTANCE, PART = "train_inst/scene001.png", "train_part/scene001.png"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_scenes(tmp_path / "data")
    return tmp_path / "data"


def repaint(path: Path, value: int, place: tuple[int, int] = (1, 1)) -> None:
    """Change one pixel, (row, column), of an index PNG."""
    with Image.open(path) as image:
        image.load()
        image.putpixel((place[1], place[0]), value)
        image.save(path)


def ids(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def save(path: Path, array: np.ndarray, mode: str | None = None) -> None:
    image = Image.fromarray(array)
    (image if mode is None else image.convert(mode)).save(path)


def truncate(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def unreadable(path: Path) -> None:
    """A file that no one can read, not even root: a link to itself."""
    path.unlink()
    path.symlink_to(path)


PLANTED: list[tuple[str, str, Callable[[Path], object], str, str]] = [
    # what, the file at fault, how it is planted, what must be said, what must be said to mend it
    ("id outside the spec", LABEL, lambda f: repaint(f, 99), "found 99 (1 pixels), expected 2, 7, 9, 11, 255", "Add"),
    ("rgb label", LABEL, lambda f: save(f, ids(f), "RGB"), "a colour image (RGB), expected one id", "ids, not colours"),
    ("rgb instance", INSTANCE, lambda f: save(f, ids(f), "RGB"), "a colour image (RGB)", "ids, not colours"),
    ("label with alpha", LABEL, lambda f: save(f, ids(f), "LA"), "greyscale with transparency", "8-bit greyscale"),
    ("sixteen-bit label", LABEL, lambda f: save(f, ids(f).astype(np.uint16)), "wrong bit depth: found 16-bit", "8-bit"),
    ("one-bit part map", PART, lambda f: save(f, ids(f) > 0), "wrong bit depth: found 1-bit", "8-bit"),
    ("jpeg label", LABEL, lambda f: Image.fromarray(ids(f)).save(f, "JPEG"), "found a JPEG image", "PNG"),
    ("photograph of another size", PHOTO, lambda f: Image.new("RGB", (48, 33)).save(f), "found 33x48", "the pair"),
    ("turned photograph", PHOTO, lambda f: Image.new("RGB", (32, 48)).save(f), "found 48x32", "Turn the photograph"),
    ("instance map of another size", INSTANCE, lambda f: save(f, ids(f)[:-1]), "sizes differ", "the pair that fits"),
    ("part map of another size", PART, lambda f: save(f, ids(f)[:, :-1]), "sizes differ", "the pair that fits"),
    ("missing photograph", LABEL, lambda f: (f.parents[1] / PHOTO).unlink(), "missing partner in train_img", "Add it"),
    ("missing label", PHOTO, lambda f: (f.parents[1] / LABEL).unlink(), "missing partner in train_label", "Add it"),
    ("missing part map", LABEL, lambda f: (f.parents[1] / PART).unlink(), "missing partner in train_part", "Add it"),
    ("truncated photograph", PHOTO, lambda f: truncate(f, 0.6), "truncated or damaged", "Get it again"),
    ("truncated label", LABEL, lambda f: truncate(f, 0.9), "truncated or damaged", "Get it again"),
    ("empty photograph", PHOTO, lambda f: f.write_bytes(b""), "empty file", "Get it again"),
    ("empty label", LABEL, lambda f: f.write_bytes(b""), "empty file", "Get it again"),
    ("not an image", PHOTO, lambda f: f.write_text("<html>404"), "not an image: found a file that", "Replace it"),
    ("part id 9", PART, lambda f: save(f, ids(f) * 9 // 2), "part id outside 0..8: found 9", "Merge parts"),
    ("part pixels on the sky", PART, lambda f: repaint(f, 1, (31, 47)), "part pixels outside the object", "Erase"),
    ("unreadable label", LABEL, unreadable, "unreadable file", "permissions"),
    ("unreadable photograph", PHOTO, unreadable, "unreadable file", "permissions"),
    ("a stray file", "train_label/notes.txt", lambda f: f.write_text("hm"), "does not belong here", "Move it away"),
]


def scenes_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the scenes that the doctor reads from now on."""
    import ipose.data.doctor as doctor

    read: list[str] = []
    real = doctor.read_arrays
    monkeypatch.setattr(doctor, "read_arrays", lambda files: read.append(files.name) or real(files))
    return read


def the_fault(diagnosis: Diagnosis, file: Path) -> Fault:
    """The one fault found, which is this file's."""
    assert [fault.file for fault in diagnosis.faults] == [str(file)], "\n".join(map(str, diagnosis.faults))
    return diagnosis.faults[0]


class TestDoctor:
    """examine reads a whole data set and names each fault with its file, what was found and how to mend it."""

    def test_a_sound_folder_has_no_faults_and_a_table_of_its_classes(self, root: Path) -> None:
        diagnosis = examine_scenes(root, SPEC)
        assert diagnosis.ok
        assert diagnosis.summary() == f"{root}: no faults in 3 scenes"
        assert diagnosis.scenes == {"train": 3}
        lines = diagnosis.table().splitlines()
        assert lines[0].split() == ["class", "id", "scenes", "pixels", "%", "objects", "parts", "as"]
        found = [" ".join(line.split()[:3]) for line in lines[2:-1]]
        assert found == ["void 255 3", "sky 2 3", "car 7 3", "dog 9 3", "box 11 3"]
        assert lines[-1].startswith("3 in train; ")

    def test_counts_are_those_of_the_scenes(self, root: Path) -> None:
        scenes = list(SceneFolder(root, "train", SPEC))
        for class_id, count in enumerate(examine_scenes(root, SPEC).counts):
            assert count.pixels == sum(int((scene.label == class_id).sum()) for scene in scenes)
            assert count.objects == sum(item.class_id == class_id for scene in scenes for item in scene.objects)

    def test_objects_that_touch_and_few_objects_are_told_with_counts(self, root: Path) -> None:
        for name in ("scene001", "scene002"):
            for kind in ("img", "label", "inst", "part"):
                (root / f"train_{kind}" / f"{name}.png").unlink()
        label, instance = (ids(root / f"train_{kind}" / "scene000.png") for kind in ("label", "inst"))
        label[:], instance[:] = 2, 0  # sky
        label[4:8, 4:12], instance[4:8, 4:8], instance[4:8, 8:12] = 11, 1, 2  # two boxes that touch
        save(root / LABEL.replace("1", "0"), label)
        save(root / INSTANCE.replace("1", "0"), instance)
        shutil.rmtree(root / "train_part")
        touch, few = examine_scenes(root, SPEC).advice()
        assert touch.startswith("Objects touch. Without instance maps 2 of box are 1:")
        assert few.startswith("Few objects: box (2).")
        shutil.rmtree(root / "train_inst")
        bare, few = examine_scenes(root, SPEC).advice()
        assert bare.startswith("1 scenes have no instance map: each connected piece of a thing is one object")
        assert "box (1)" in few

    def test_drawings_of_no_class_are_told(self, root: Path, tmp_path: Path) -> None:
        maps = torch.ones(1, 64, 64, dtype=torch.uint8)
        names = ("car", "dog", "box", "unicorn")
        save_supports(SupportSet(dict.fromkeys(names, ("all",)), dict.fromkeys(names, maps)), tmp_path / "drawn")
        advice = examine_scenes(root, SPEC, supports=tmp_path / "drawn").advice()
        assert advice[-1].startswith("No class has the part category unicorn, so that these drawings are not read.")

    def test_a_thing_named_as_drawings_has_their_parts_as_in_training(self, root: Path, tmp_path: Path) -> None:
        names = ("car", "dog", "box")
        drawn = dict.fromkeys(names, torch.ones(1, 64, 64, dtype=torch.uint8))
        save_supports(SupportSet(dict.fromkeys(names, ("all",)), drawn), tmp_path / "drawn")
        table = examine_scenes(root, SPEC, supports=tmp_path / "drawn").table()
        (row,) = (line for line in table.splitlines() if line.startswith("box "))
        assert row.rstrip().endswith("box")

    @pytest.mark.parametrize(("file", "plant", "said", "mend"), [p[1:] for p in PLANTED], ids=[p[0] for p in PLANTED])
    def test_a_planted_fault_is_found_alone_and_named(
        self, root: Path, file: str, plant: Callable[[Path], object], said: str, mend: str
    ) -> None:
        plant(root / file)
        diagnosis = examine_scenes(root, SPEC)
        fault = the_fault(diagnosis, root / file)
        assert said in str(fault)
        assert mend in fault.mend
        assert not diagnosis.ok
        assert diagnosis.summary() == f"{root}: 1 fault in 1 file"

    @pytest.mark.parametrize(("file", "plant", "said", "mend"), [p[1:] for p in PLANTED], ids=[p[0] for p in PLANTED])
    def test_training_stops_at_the_door_for_the_same_fault(
        self, root: Path, file: str, plant: Callable[[Path], object], said: str, mend: str
    ) -> None:
        check_scenes(root, SPEC)
        plant(root / file)
        with pytest.raises(DataError, match="1 fault in data set") as caught:
            check_scenes(root, SPEC)
        assert said in str(caught.value)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
    def test_a_file_without_permission_is_found(self, root: Path) -> None:
        (root / LABEL).chmod(0)
        assert "Permission denied" in str(the_fault(examine_scenes(root, SPEC), root / LABEL))

    def test_faults_of_several_files_are_all_found(self, root: Path) -> None:
        repaint(root / LABEL, 99)
        (root / "train_inst/scene000.png").write_bytes(b"")
        (root / "train_part/scene002.png").unlink()
        faulty = {Path(fault.file).name for fault in examine_scenes(root, SPEC).faults}
        assert faulty == {"scene000.png", "scene001.png", "scene002.png"}

    def test_255_without_an_unknown_class_is_explained(self, root: Path) -> None:
        spec = replace(SPEC, classes=SPEC.classes[1:], unknown=None)
        faults = examine_scenes(root, spec).faults
        assert len(faults) == 3
        assert "unknown-id 255 in the label map, and spec 'tiny' has no unknown class: found 1 pixels" in str(faults[0])
        assert "Add a class with id = 255" in faults[0].mend

    def test_an_empty_data_set_is_a_fault(self, tmp_path: Path) -> None:
        (tmp_path / "train_label").mkdir()
        assert the_fault(examine_scenes(tmp_path, SPEC), tmp_path / "train_label").message == "empty data set"

    @pytest.mark.parametrize("there", [True, False])
    def test_a_folder_that_is_no_data_set_is_a_fault(self, tmp_path: Path, there: bool) -> None:
        folder = tmp_path if there else tmp_path / "gone"
        fault = the_fault(examine_scenes(folder, SPEC), folder)
        assert fault.message == ("not a scene folder with a split 'train'" if there else "no such folder")

    def test_a_category_with_fewer_parts_than_the_map_says_so(self, root: Path) -> None:
        classes = tuple(replace(c, part_category="boat") if c.name == "dog" else c for c in SPEC.classes)
        (root / "own.toml").write_text(dataset_toml(replace(SPEC, classes=classes)))
        faults = examine_scenes(root, root / "own.toml").faults
        assert len(faults) == 3
        assert "part id that category 'boat' does not have: found 2, expected 0..1" in str(faults[0])


class TestSpecFaults:
    """A spec that contradicts itself is a fault of the diagnosis, not a crash."""

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda text: text.replace('"sky"', '"car"'), "duplicate names: found car"),
            (lambda text: text.replace("id = 9", "id = 3"), "class ids out of order: found id 3 after id 7"),
            (lambda text: text + "nonsense", "not a TOML file"),
        ],
    )
    def test_it_is_named_with_its_file(self, root: Path, change: Callable[[str], str], said: str) -> None:
        path = root / "dataset.toml"
        path.write_text(change(path.read_text()))
        diagnosis = examine_scenes(root, path)
        assert said in str(the_fault(diagnosis, path))
        assert diagnosis.table() == "no table: the spec is at fault"
        with pytest.raises(SpecError, match=r"dataset\.toml"):
            check_scenes(root, path)

    def test_a_spec_name_that_does_not_exist_lists_those_that_do(self, root: Path) -> None:
        assert "expected one of ade20k" in str(examine_scenes(root, "coco").faults[0])

    def test_a_part_category_without_supports_is_named(self, root: Path, tmp_path: Path) -> None:
        car = torch.ones(1, 64, 64, dtype=torch.uint8)
        save_supports(SupportSet({"car": ("body",)}, {"car": car}), tmp_path / "supports")
        (fault,) = examine_scenes(root, SPEC, supports=tmp_path / "supports").faults
        assert fault.message == "part category 'dog' (of class 'dog') without supports"
        assert fault.found == "car"

    def test_supports_that_cannot_be_read_are_a_fault_before_a_scene_is_read(self, root: Path, tmp_path: Path) -> None:
        (root / LABEL).write_bytes(b"")
        diagnosis = examine_scenes(root, SPEC, supports=tmp_path / "gone")
        assert the_fault(diagnosis, tmp_path / "gone").message == "no such folder"
        assert diagnosis.table() == "no table: the supports are at fault"


class TestCityscapesLayout:
    """In the layout "cityscapes" instance ids are checked against the classes that they count."""

    SPEC = LabelSpec(
        "streets",
        (LabelClass("road", 7, (128, 64, 128)), LabelClass("car", 26, (0, 0, 142), thing=True, part_category="car")),
        instance_layout="cityscapes",
    )

    def write(self, root: Path, values: Sequence[int]) -> Diagnosis:
        """A road with a car; instance ids on the car, then on the road."""
        label = torch.zeros(16, 16, dtype=torch.int64)
        label[4:12, 4:12] = 1
        instance = torch.where(label == 1, values[0], values[1]).int()
        write_scene_folder([Scene("a", None, label, instance, ())], root, "train", self.SPEC)
        return examine_scenes(root, self.SPEC)

    @pytest.mark.parametrize("values", [(26001, 7), (26999, 0), (26, 7)])
    def test_objects_and_groups_pass(self, tmp_path: Path, values: tuple[int, int]) -> None:
        assert self.write(tmp_path, values).ok

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ((24001, 7), "24001 on pixels of label id 26"),
            ((26001, 26002), "26002 on pixels of label id 7"),
            ((26001, 7000), "7000 on pixels of label id 7"),
            ((1, 0), "1 on pixels of label id 26"),
        ],
    )
    def test_ids_that_count_nothing_are_faults(self, tmp_path: Path, values: tuple[int, int], said: str) -> None:
        fault = the_fault(self.write(tmp_path, values), tmp_path / "train_inst" / "a.png")
        assert said in fault.found
        assert 'instance_layout = "pairs"' in fault.mend


class TestCheckScenes:
    """Before a training, the first faults are listed and the rest counted; what has passed is read only once."""

    def test_ten_faults_are_shown_and_the_rest_counted(self, tmp_path: Path) -> None:
        write_scenes(tmp_path, count=14)
        for path in (tmp_path / "train_label").iterdir():
            repaint(path, 99)
        with pytest.raises(DataError, match="14 faults in data set") as caught:
            check_scenes(tmp_path, SPEC)
        text = str(caught.value)
        assert text.count(".png: label id outside spec") == 10
        assert "... and 4 more (4 x label id outside spec 'tiny')" in text

    def test_what_has_passed_is_not_read_again_until_a_file_changes(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = scenes_read(monkeypatch)
        for _ in range(2):
            check_scenes(root, SPEC)
        assert len(read) == 3
        os.utime(root / LABEL, ns=(1, 1))
        check_scenes(root, SPEC)
        assert len(read) == 6

    def test_a_missing_file_is_named_before_any_is_read(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (root / PHOTO).unlink()
        (root / "train_label/scene002.png").write_bytes(b"")
        read = scenes_read(monkeypatch)
        with pytest.raises(DataError, match="1 fault in data set") as caught:
            check_scenes(root, SPEC)
        assert "missing partner in train_img" in str(caught.value)
        assert read == []

    def test_all_splits_are_read_but_the_doctor_can_be_asked_for_one(self, root: Path) -> None:
        write_scenes(root, split="val")
        repaint(root / "val_label/scene000.png", 99)
        assert examine_scenes(root, SPEC, splits=["train"]).ok
        with pytest.raises(DataError):
            check_scenes(root, SPEC)


class TestCommand:
    """`ipose doctor` prints what was found, and no more lines than a person reads."""

    def test_fifty_faults_are_printed_and_the_rest_is_counted(self, ipose, tmp_path: Path) -> None:
        write_scenes(tmp_path, count=53)
        for number, path in enumerate((tmp_path / "train_label").iterdir()):
            repaint(path, 60 + number)
        done = ipose("doctor", tmp_path)
        assert done.code == 1
        assert done.out.count("FAULT") == 50
        assert done.out.splitlines()[-2:] == [
            "  ... and 3 more (3 x label id outside spec 'tiny')",
            f"{tmp_path}: 53 faults in 53 files",
        ]

    def test_coloured_label_maps_are_one_sentence_with_the_way_out(self, ipose, tmp_path: Path) -> None:
        write_scenes(tmp_path, count=5)
        for path in (tmp_path / "train_label").iterdir():
            with Image.open(path) as image:
                image.convert("RGB").save(path)
        done = ipose("doctor", tmp_path)
        assert done.code == 1
        (line,) = [line for line in done.out.splitlines() if line.startswith("FAULT")]
        assert ".png and 4 more files: not an index PNG: found a colour image (RGB)" in line
        assert "ipose data import makes ids of colours (--legend)." in line
        assert done.out.splitlines()[-1] == f"{tmp_path}: 5 faults in 5 files"


class TestRealPhotographs:
    """The photographs beside the project pass, and show what they are known to hold."""

    @pytest.fixture(autouse=True)
    def cache_elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("IPOSE_CACHE", str(tmp_path))

    def data(self, shared: Path, name: str) -> Path:
        folder = shared / "data" / name
        if not folder.is_dir():
            pytest.skip(f"no {name} in the shared data folder")
        return folder

    def test_coco_stuff_sample(self, shared: Path) -> None:
        root = self.data(shared, "coco_stuff_sample")
        diagnosis = examine_scenes(root, "coco-stuff")
        assert diagnosis.ok, "\n".join(map(str, diagnosis.faults[:5]))
        assert diagnosis.scenes == {"train": 13, "val": 8}
        assert diagnosis.spec is not None
        scene = SceneFolder(root, "train", diagnosis.spec, size=(256, 256))[0]
        assert scene.size == (256, 256)
        assert {item.original_size for item in scene.objects} == {(375, 500)}
        assert "cat" in {item.part_category for item in scene.objects}

    def test_ccp_person(self, shared: Path) -> None:
        root = self.data(shared, "ccp_person")
        diagnosis = examine_scenes(root, "ccp-person", splits=["val"])
        assert diagnosis.ok, "\n".join(map(str, diagnosis.faults[:5]))
        assert [(count.scenes, count.objects) for count in diagnosis.counts] == [(124, 0), (124, 124)]


class TestPartWorldOnDisk:
    """PartWorld written out as a scene folder is a data set like any other."""

    def test_it_passes_and_reads_back_as_drawn(self, tmp_path: Path) -> None:
        world = PartWorld(PartWorldConfig(count=4, size=(64, 96)))
        write_scene_folder(world, tmp_path, "train", PARTWORLD)
        check_scenes(tmp_path, tmp_path / "dataset.toml")
        for drawn, read in zip(world, SceneFolder(tmp_path, "train", load_spec(tmp_path)), strict=True):
            assert (drawn.name, drawn.objects) == (read.name, read.objects)
            for key in ("image", "label", "instance", "part"):
                assert torch.equal(getattr(drawn, key), getattr(read, key)), key

    def test_a_split_that_is_there_is_refused_before_the_other_is_written(self, ipose, tmp_path: Path) -> None:
        write_scene_folder(PartWorld(PartWorldConfig(count=1, size=(64, 64))), tmp_path, "val", PARTWORLD)
        done = ipose("partworld", "--out", tmp_path, "--scenes", 2, "--val-scenes", 2, "--size", 64, 64)
        assert (done.code, "split is there already" in done.err) == (2, True)
        assert not (tmp_path / "train_label").exists()
