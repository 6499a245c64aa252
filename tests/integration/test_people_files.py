"""Files and environments as people have them: every kind of trouble that users met is used, or told in a sentence.

Each class is a kind. The files are made here; `ipose` runs in this process, and in another one where the locale counts.
"""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.failing_disk import files_of
from ipose.data import file_lists
from ipose.data.input_maps import find_maps
from ipose.data.scene_folder import SceneFolder
from ipose.data.specs import load_spec
from ipose.systems.part_segmenter.segment import photographs_to_segment

from .conftest import PARTNET, SYNTHESIS

TOML = 'name = "t"\n' + "".join(
    f'[[classes]]\nid = {i}\nname = "{name}"\ncolor = [{i}, 0, 0]\n' for i, name in enumerate(("ground", "sky"))
)
NO_UTF8 = os.fsdecode(b"caf\xe9")


def photo(path: Path, size: tuple[int, int] = (12, 16), **more: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(len(path.name)).integers(0, 255, (*size, 3), dtype=np.uint8)).save(
        path, **more
    )
    return path


def label(path: Path, size: tuple[int, int] = (12, 16)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.arange(size[0] * size[1], dtype=np.uint8).reshape(size) % 2).save(path)
    return path


def scenes(root: Path, *names: str) -> Path:
    for name in names:
        photo(root / "train_img" / f"{name}.png")
        label(root / "train_label" / f"{name}.png")
    (root / "dataset.toml").write_text(TOML, encoding="utf-8")
    return root


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("IPOSE_CACHE", str(tmp_path_factory.mktemp("cache")))
    file_lists._say.cache_clear()


class TestTurnedPhotographs:
    """A photograph is read upright, and the doctor says so."""

    @pytest.mark.parametrize(("orientation", "back"), [(3, 180), (6, 90), (8, 270)])
    def test_photograph_and_map_agree(self, ipose, tmp_path, orientation, back):
        upright = Image.fromarray(np.zeros((12, 16, 3), np.uint8))
        upright.paste((250, 250, 250), (0, 0, 16, 4))  # sky on top
        exif = Image.Exif()
        exif[0x0112] = orientation
        scenes(tmp_path, "b")
        label(tmp_path / "train_label" / "a.png")
        upright.rotate(back, expand=True).save(tmp_path / "train_img" / "a.jpg", exif=exif)
        said = ipose("doctor", tmp_path)
        assert said.code == 0
        assert "1 photograph turned upright, as EXIF says (a)" in said.out
        image = SceneFolder(tmp_path, "train", load_spec(tmp_path))[0].image
        assert image[:, :3].float().mean() > 200 > 60 > image[:, 5:].float().mean()

    def test_other_kinds_of_photographs_are_said(self, ipose, tmp_path):
        photo(tmp_path / "p" / "plain.jpg")
        Image.new("CMYK", (9, 9)).save(tmp_path / "p" / "ink.jpg")
        Image.new("RGBA", (9, 9)).save(tmp_path / "p" / "glass.png")
        Image.fromarray(np.zeros((9, 9), np.uint16)).save(tmp_path / "p" / "deep.png")
        said = ipose("doctor", tmp_path / "p").out
        for words in ("in CMYK, taken as RGB (ink.jpg)", "with transparency, laid on white (glass.png)", "(deep.png)"):
            assert words in said


class TestWhatDesktopsLeave:
    """Files that nobody made on purpose are passed over by every command, and said."""

    LEFT = ("._a.png", ".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/._a.png")

    def leave(self, folder: Path) -> None:
        for name in self.LEFT:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(b"\x00\x05\x16\x07junk")

    def test_maps_photographs_scenes_and_supports(self, ipose, tmp_path):
        data = scenes(tmp_path / "d", "a", "b")
        for folder in ("train_img", "train_label"):
            self.leave(data / folder)
        assert ipose("doctor", data).code == 0
        assert [path.name for path in find_maps(data / "train_label")] == ["a.png", "b.png"]
        assert list(photographs_to_segment(data / "train_img")) == ["a", "b"]
        assert ipose("labels", "convert", data / "train_label", tmp_path / "o", "--from", data, "--to", data).code == 0
        parts = np.zeros((64, 64), np.uint8)
        parts[10:30, 10:50] = 1
        for i in range(3):
            (tmp_path / "s" / "thing").mkdir(parents=True, exist_ok=True)
            Image.fromarray(parts).save(tmp_path / "s" / "thing" / f"{i}_part.png")
        (tmp_path / "s" / "thing" / "._0_part.png").write_bytes(b"junk")
        assert ipose("supports", "check", tmp_path / "s").out.startswith("thing: 3 supports")

    def test_a_folder_with_them_alone_is_new(self, ipose, tmp_path):
        self.leave(tmp_path)
        words = ("partworld", "--scenes", 1, "--val-scenes", 1, "--size", 32, 32, "--out", tmp_path)
        assert ipose(*words).code == 0


class TestLinksAndFolders:
    """Folders within a folder are read by every command, links to folders are followed, and a loop ends."""

    def test_links_are_followed(self, ipose, tmp_path):
        photo(tmp_path / "p" / "a" / "1.png")
        photo(tmp_path / "store" / "2.png")
        (tmp_path / "p" / "b").symlink_to(tmp_path / "store")
        (tmp_path / "p" / "a" / "loop").symlink_to(tmp_path / "p")
        assert "photographs: 2 in train" in ipose("doctor", tmp_path / "p").out
        assert list(photographs_to_segment(tmp_path / "p")) == ["a_1", "b_2"]

    def test_label_maps_in_folders_within(self, ipose, tmp_path):
        label(tmp_path / "m" / "a" / "1.png")
        label(tmp_path / "store" / "1.png")
        (tmp_path / "m" / "b").symlink_to(tmp_path / "store")
        (tmp_path / "dataset.toml").write_text(TOML)
        said = ipose("labels", "convert", tmp_path / "m", tmp_path / "o", "--from", tmp_path, "--to", tmp_path)
        assert said.out.startswith("2 maps written")
        assert [path.relative_to(tmp_path / "m").as_posix() for path in find_maps(tmp_path / "m")] == [
            "a/1.png",
            "b/1.png",
        ]

    def test_scenes_in_folders_within(self, ipose, tmp_path):
        scenes(tmp_path, "a")
        for kind in ("img", "label"):
            (tmp_path / f"train_{kind}" / "city").mkdir()
        photo(tmp_path / "train_img" / "city" / "1.png")
        label(tmp_path / "train_label" / "city" / "1.png")
        assert "no faults in 2 scenes" in ipose("doctor", tmp_path).out
        assert SceneFolder(tmp_path, "train", load_spec(tmp_path)).names == ("a", "city_1")


class TestNames:
    """Any name that a file system takes is used."""

    @pytest.mark.parametrize("name", [NO_UTF8, "a\nb", "with blank", "日本", "%s {x} [y] 'q' $HOME", "-dash"])
    def test_doctor_and_convert(self, ipose, tmp_path, name):
        data = scenes(tmp_path / "d", name, "plain")
        assert ipose("doctor", data).code == 0
        assert ipose("doctor", data / "train_img").code == 0
        said = ipose("labels", "convert", data / "train_label", tmp_path / "o", "--from", data, "--to", f"{data}:color")
        assert (said.code, said.out[:6]) == (0, "2 maps")

    @pytest.mark.parametrize("name", [NO_UTF8, "a\nb"])
    def test_evaluation(self, ipose, tmp_path, name):
        folder = scenes(tmp_path / "d", name, "plain") / "train_img"
        words = ("evaluate", "--images", folder, "--real", folder, "--features", "random", "--out", tmp_path / "c")
        assert ipose(*words).code == 0

    @pytest.mark.slow
    @pytest.mark.parametrize("name", [NO_UTF8, "a\nb"])
    def test_training(self, ipose, tmp_path, name):
        data = scenes(tmp_path / "d", name, "plain") / "train_img"
        loop = ("--preset", "tiny", "--steps", 1, "--batch-size", 2, "--device", "cpu")
        assert ipose("train", "ganseg", "--data", data, *loop, "--out", tmp_path / "g").code == 0

    def test_both_forms_of_unicode_are_partners(self, ipose, tmp_path):
        nfc, nfd = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
        scenes(tmp_path, "b")
        photo(tmp_path / "train_img" / f"{nfd}.png")
        label(tmp_path / "train_label" / f"{nfc}.png")
        assert "no faults in 2 scenes" in ipose("doctor", tmp_path).out


class TestLocales:
    """Messages get out, and texts are UTF-8, whatever the locale says."""

    @pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932", "utf-8:strict"])
    def test_the_doctor_speaks(self, tmp_path, encoding):
        scenes(tmp_path / "d", "a", NO_UTF8)
        toml = TOML.replace("sky", "空").replace("ground", "Straße")
        (tmp_path / "d" / "dataset.toml").write_bytes(b"\xef\xbb\xbf" + toml.encode())
        (tmp_path / "d" / "train_img" / f"{NO_UTF8}.png").write_bytes(b"broken")
        plain = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
        run = [sys.executable, "-m", "ipose", "doctor", str(tmp_path / "d")]
        done = subprocess.run(run, env={**os.environ, **plain}, capture_output=True, check=False, timeout=300)
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
        assert b"FAULT" in done.stdout


class TestFailingWrites:
    """A write that fails is one sentence with the file, and what was there stays."""

    def test_a_quota(self, ipose, tmp_path):
        label(tmp_path / "m" / "a.png", (200, 200))
        (tmp_path / "dataset.toml").write_text(TOML)
        words = ("labels", "convert", tmp_path / "m" / "a.png", tmp_path / "o.png", "--overwrite", "--from", tmp_path)
        assert ipose(*words, "--to", tmp_path).code == 0
        before = (tmp_path / "o.png").read_bytes()
        with files_of(100):
            said = ipose(*words, "--to", f"{tmp_path}:color")
        assert said.code == 2
        assert "o.png: could not be written: found File too large. Free some space" in said.err
        assert (tmp_path / "o.png").read_bytes() == before

    def test_a_file_where_a_folder_should_be(self, ipose, tmp_path):
        (tmp_path / "taken").write_text("mine")
        said = ipose("partworld", "--scenes", 1, "--val-scenes", 1, "--size", 32, 32, "--out", tmp_path / "taken")
        assert said.code == 2
        assert "taken" in said.err
        assert (tmp_path / "taken").read_text() == "mine"


class TestPublishedFaults:
    """A slip in a published file costs itself, not its image."""

    def test_a_polygon_of_two_points(self, ipose, tmp_path):
        pytest.importorskip("pycocotools", reason='pip install "ipose[data]" brings pycocotools')
        kinds = [
            {"id": i, "name": f"Quadruped {part}", "supercategory": "Quadruped"}
            for i, part in enumerate(("Head", "Body"))
        ]
        images = [{"id": i, "file_name": f"n{i}.JPEG", "height": 100, "width": 120} for i in range(3)]
        square = [[10, 10, 40, 10, 40, 40, 10, 40]]
        entries = [
            {"id": 10 * i + k, "image_id": i, "category_id": k, "segmentation": [[40 * k + v for v in square[0]]]}
            for i in range(3)
            for k in (0, 1)
        ]
        entries[3]["segmentation"].append([50.0, 20.0, 51.0, 20.0])
        entries.append({"id": 99, "image_id": 7, "category_id": 0, "segmentation": square})
        (tmp_path / "pin").mkdir()
        for split in ("train", "val"):
            table = {"images": images, "annotations": entries, "categories": kinds}
            (tmp_path / "pin" / f"{split}.json").write_text(json.dumps(table))
        said = ipose("data", "build-parts", tmp_path / "pin", tmp_path / "out", "--workers", 1)
        assert said.code == 0
        assert "annotation 11: not a polygon" in said.out
        assert "annotation 99 of no image" in said.out
        assert "4 faults were dropped" in said.out
        assert len(list((tmp_path / "out").rglob("*_part.png"))) == 6


class TestAnyChoiceOfCategories:
    """What `ipose partworld --categories` writes, PartNet and synthesis accept."""

    @pytest.mark.parametrize(
        "categories",
        [("stop sign",), *(pytest.param(c, marks=pytest.mark.slow) for c in (("car", "dog"), ("cat", "human", "bus")))],
    )
    def test_from_the_folder_to_images(self, ipose, few_passes, tmp_path, categories):
        words = ("--scenes", 8 * len(categories), "--val-scenes", 2, "--size", 64, 64, "--categories", *categories)
        assert ipose("partworld", "--out", tmp_path / "w", *words).code == 0
        loop = ("--data", tmp_path / "w", "--preset", "toy", "--steps", 1, "--sample-every", 0, "--device", "cpu")
        partnet = ("train", "partnet", *loop, *PARTNET[:-2], "--out", tmp_path / "parts")
        assert ipose(*partnet).code == 0
        losses = ("--partnet", tmp_path / "parts", "--global-loss", "none", "--style-loss", "none")
        said = ipose("train", "synthesis", *loop, *losses, *SYNTHESIS, "--out", tmp_path / "images")
        assert said.code == 0, said.err
