"""The scene folder that an import writes, and its division into train and val."""

import filecmp

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.unit.data.importing.conftest import square
from tests.unit.data.importing.test_coco import CATEGORIES, annotation, images

from ipose.data.doctor import examine_scenes
from ipose.data.importing.coco import CocoInstances
from ipose.data.importing.source import Photos
from ipose.data.importing.write import divide, import_scenes
from ipose.data.scene_folder import SceneFolder
from ipose.data.specs import load_dataset_spec
from ipose.errors import DataError


@pytest.fixture
def source(photos, write_json):
    entries = [annotation(i, 5, [square(2, 2, 8)]) for i in range(3)] + [annotation(0, 9, [square(2, 2, 3)])]
    content = {"images": images(0, 1, 2), "annotations": entries, "categories": CATEGORIES}
    return CocoInstances(write_json(photos.parent / "x.json", content), Photos(photos))


def test_the_doctor_passes_it_and_photographs_stay_as_they_are(source, photos, tmp_path):
    imported = import_scenes(source, tmp_path / "mine", val=0.34)
    diagnosis = examine_scenes(tmp_path / "mine", tmp_path / "mine")
    assert diagnosis.ok, diagnosis.faults
    assert imported.scenes == {"train": 2, "val": 1} == dict(diagnosis.scenes)
    for path in (tmp_path / "mine").glob("*_img/*"):
        assert filecmp.cmp(path, photos / path.name, shallow=False)


def test_objects_parts_and_names_come_back(source, tmp_path):
    import_scenes(source, tmp_path / "mine", val=0.0)
    spec = load_dataset_spec(tmp_path / "mine")
    assert spec.part_names == {"flower": ("petal", "stem")}
    assert [c.name for c in spec.labels.classes] == ["background", "flower", "box", "unknown"]
    scene = SceneFolder(tmp_path / "mine", "train", spec.labels)[0]
    assert [(item.class_id, item.part_category) for item in scene.objects] == [(1, "flower")]
    assert int((scene.part == 1).sum()) == 9


def test_what_was_written_and_left_out_is_said(source, tmp_path):
    source.ignored["photographs without an annotation"] = 4
    said = import_scenes(source, tmp_path / "mine").text()
    assert "COCO JSON: 2 train, 1 val scenes written" in said
    assert "with objects: flower, box" in said
    assert "left out: 4 photographs without an annotation" in said


def test_a_photograph_of_another_size_than_its_annotations_is_left_out_and_named(source, photos, tmp_path):
    Image.new("RGB", (7, 5)).save(photos / "a1.jpg")
    imported = import_scenes(source, tmp_path / "mine", val=0.0)
    assert imported.scenes == {"train": 2}
    assert "a1.jpg: sizes differ: found 5x7 (height x width), expected 20x30 (height x width), as" in imported.text()
    assert examine_scenes(tmp_path / "mine", tmp_path / "mine").ok


def test_a_folder_that_holds_scenes_is_refused(source, tmp_path):
    import_scenes(source, tmp_path / "mine")
    with pytest.raises(DataError, match="split is there already"):
        import_scenes(source, tmp_path / "mine")


@given(
    names=st.lists(st.text("abc", min_size=1), unique=True, max_size=30), val=st.floats(0, 0.9), seed=st.integers(0, 9)
)
def test_the_division_depends_on_names_and_seed_alone(names, val, seed):
    split = divide(names, val, seed)
    assert split == divide(names, val, seed)
    assert set(split) == set(names)
    expected = max(1, round(val * len(names))) if val and len(names) > 1 else 0
    assert list(split.values()).count("val") == expected


@given(seed=st.integers(0, 50))
def test_a_group_stays_together(seed):
    names = [f"trip{trip}_{frame}" for trip in range(6) for frame in range(4)]
    split = divide(names, 0.25, seed, group="(trip[0-9]+)_")
    for trip in range(6):
        assert len({split[f"trip{trip}_{frame}"] for frame in range(4)}) == 1
    assert 6 <= list(split.values()).count("val") <= 9
