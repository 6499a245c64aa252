"""The commands on the published folders as downloaded: doctor, both trainings, and the way to mend what is wrong."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.published_scenes import write_ade20k, write_cityscapes, write_coco_stuff
from ipose.data.doctor import examine_scenes
from ipose.data.object_index import NO_OBJECT
from ipose.data.part_names import part_names_for
from ipose.data.png import read_index
from ipose.data.scene_folder import SceneFolder
from ipose.data.specs import load_spec
from ipose.data.support_folder import load_supports, save_supports
from ipose.part_annotations import SupportSet

WRITERS = {"cityscapes": write_cityscapes, "ade20k": write_ade20k, "coco-stuff": write_coco_stuff}


@pytest.fixture(autouse=True)
def cache_elsewhere(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("IPOSE_CACHE", str(tmp_path_factory.mktemp("cache")))


def write_panoptic_parts(root: Path, pid: int = 2) -> Path:
    """Cityscapes' part annotations beside a copy of it: each car is window above, `pid` below; each person head, torso.

    Returns one of the files.
    """
    for file in sorted(root.glob("gtFine/*/*/*_instanceIds.png")):
        ids = read_index(file, bits=16)
        below = np.zeros_like(ids)
        for number in np.unique(ids[ids >= 1000]):
            own = ids == number
            rows = np.nonzero(own)[0]
            below[own] = (np.nonzero(own)[0] > (rows.min() + rows.max()) // 2).astype(np.int32)
        lower, upper = np.where(ids // 1000 == 26, pid, 1), np.where(ids // 1000 == 26, 1, 2)
        parts = np.where(below == 1, lower, upper)
        uids = np.where(np.isin(ids // 1000, [24, 25, 26]), ids * 100 + parts, ids).astype(np.int32)
        name = file.name.replace("_gtFine_instanceIds.png", "_gtFinePanopticParts.tif")
        path = root / "gtFinePanopticParts" / file.relative_to(root / "gtFine").with_name(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(uids).save(path)
    return min(root.glob("gtFinePanopticParts/train/*/*.tif"))


class TestDoctor:
    """`ipose doctor PATH` knows the layout; a spec is needed for COCO-Stuff alone."""

    @pytest.mark.parametrize("name", WRITERS)
    def test_a_clean_copy_has_no_fault(self, ipose, tmp_path, name):
        drawn = WRITERS[name](tmp_path)
        more = ["--spec", name] if name == "coco-stuff" else []
        done = ipose("doctor", tmp_path, *more)
        assert done.code == 0, done.out + done.err
        assert f"no faults in {sum(map(len, drawn.values()))} scenes" in done.out
        assert "person" in done.out

    def test_a_fault_is_printed_with_its_file_and_mend(self, ipose, tmp_path):
        write_cityscapes(tmp_path)
        gone = next(tmp_path.glob("gtFine/train/bochum/*_instanceIds.png"))
        gone.unlink()
        done = ipose("doctor", tmp_path)
        assert done.code == 1
        assert f"expected {gone}. Unpack gtFine_trainvaltest.zip again" in done.out

    def test_coco_without_a_spec_is_told_to_name_it(self, ipose, tmp_path):
        write_coco_stuff(tmp_path)
        done = ipose("doctor", tmp_path)
        assert done.code == 2
        assert "add --spec coco-stuff" in done.err

    def test_a_path_too_deep_is_told_the_root(self, ipose, tmp_path):
        write_cityscapes(tmp_path)
        for words in (["doctor", tmp_path / "gtFine"], ["doctor", tmp_path / "gtFine", "--spec", "cityscapes"]):
            done = ipose(*words)
            assert done.code in (1, 2)
            assert f"Name {tmp_path}, which holds Cityscapes." in done.out + done.err

    def test_another_spec_says_which_ids_it_lacks(self, ipose, tmp_path):
        write_cityscapes(tmp_path)
        done = ipose("doctor", tmp_path, "--spec", "cityscapes-trainids")
        assert done.code == 1
        assert "label id outside spec 'cityscapes-trainids'" in done.out


@pytest.fixture(scope="module")
def partnet(tiny, tmp_path_factory):
    """The tiny PartNet with supports for every part category of the published data sets: drawn, not trained."""
    folder = shutil.copytree(tiny.partnet, tmp_path_factory.mktemp("models") / "partnet")
    k = load_supports(folder / "model" / "supports").k
    shutil.rmtree(folder / "model" / "supports")
    halves = torch.ones(k, 64, 64, dtype=torch.uint8)
    names = part_names_for(sorted({name for spec in WRITERS for name in load_spec(spec).part_categories}))
    save_supports(SupportSet(names, dict.fromkeys(names, halves)), folder / "model" / "supports")
    return folder


class TestTraining:
    """`ipose train` reads the published folders, and stops before its first step where a file is at fault."""

    def synthesis(self, tiny, partnet, root, out):
        loop = ["--steps", "1", "--checkpoint-every", "1", "--style-loss", "none", "--height", "64", "--width", "64"]
        return [*tiny.train_synthesis, "--partnet", partnet, "--data", root, "--out", out, *loop]

    @pytest.mark.parametrize("name", ["cityscapes", "ade20k"])
    def test_synthesis_trains_on_the_folder_as_it_is(self, ipose, tiny, partnet, tmp_path, name):
        WRITERS[name](tmp_path / "data")
        done = ipose(*self.synthesis(tiny, partnet, tmp_path / "data", tmp_path / "run"))
        assert done.code == 0, done.err
        assert load_spec(tmp_path / "run" / "model") == load_spec(name)

    def test_synthesis_stops_at_the_door(self, ipose, tiny, partnet, tmp_path):
        write_cityscapes(tmp_path / "data")
        gone = next((tmp_path / "data").glob("gtFine/val/*/*_labelIds.png"))
        gone.unlink()
        done = ipose(*self.synthesis(tiny, partnet, tmp_path / "data", tmp_path / "run"))
        assert done.code == 2
        assert "1 fault in data set" in done.err
        assert str(gone) in done.err
        assert not (tmp_path / "run").exists()

    def test_partnet_trains_on_cityscapes_with_its_panoptic_parts(self, ipose, tiny, tmp_path):
        write_cityscapes(tmp_path)
        write_panoptic_parts(tmp_path)
        words = ["--steps", "1", "--checkpoint-every", "1", "--k", "1", "--novel", "bus"]
        done = ipose(*tiny.train_partnet, *words, "--data", tmp_path, "--spec", "cityscapes", "--out", tmp_path / "run")
        assert done.code == 0, done.err
        supports = load_supports(tmp_path / "run" / "model" / "supports")
        assert set(supports.categories) == {"car", "human"}
        assert supports.part_names["car"] == ("window", "wheel", "light", "license", "chassis")

    def test_a_part_that_no_table_has_stops_it_with_the_file(self, ipose, tiny, tmp_path):
        write_cityscapes(tmp_path)
        path = write_panoptic_parts(tmp_path, pid=77)
        done = ipose(*tiny.train_partnet, "--data", tmp_path, "--out", tmp_path / "run")
        assert done.code == 2
        assert f"{path}: a part that the merge table does not have: found pid 77 of class 26 (car)" in done.err

    @pytest.mark.parametrize(
        ("name", "said"),
        [("cityscapes", "Unpack Cityscapes Panoptic Parts here"), ("ade20k", "ipose data build-parts")],
    )
    def test_partnet_without_part_annotations_is_told_where_to_get_them(self, ipose, tiny, tmp_path, name, said):
        WRITERS[name](tmp_path)
        done = ipose(*tiny.train_partnet, "--data", tmp_path, "--out", tmp_path / "run")
        assert done.code == 2
        assert "no part annotations here" in done.err
        assert said in done.err


class TestRealPhotographs:
    """SPADE's sample of COCO-Stuff, where it lies beside the project, is read as published."""

    def test_every_thing_pixel_belongs_to_an_object_and_ids_are_labels_plus_one(self, shared, tmp_path):
        root = shared / "data" / "coco_stuff_sample"
        if not root.is_dir():
            pytest.skip("no coco_stuff_sample in the shared data folder")
        spec = load_spec("coco-stuff")
        assert examine_scenes(root, spec).ok
        for split, count in (("train", 13), ("val", 8)):
            folder = SceneFolder(root, split, spec)
            assert len(folder) == count
            for scene, files in zip(folder, folder.files, strict=True):
                assert ((read_index(files.label) + 1) % 256 == scene.label.numpy()).all()
                assert (scene.instance != NO_OBJECT).all()
                assert {item.class_id for item in scene.objects} <= set(range(1, 92))


def test_a_copy_without_instances_is_said_to_have_none(ipose, tmp_path, caplog):
    write_ade20k(tmp_path)
    shutil.rmtree(tmp_path / "annotations_instance")
    assert ipose("doctor", tmp_path).code == 0
