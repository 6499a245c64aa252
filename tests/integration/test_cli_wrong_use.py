"""Every command, used wrongly: exit code 2 and one sentence that helps; no stack trace, nothing half done."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.png import write_index


@dataclass(frozen=True)
class Desk:
    """Files that a user might have lying about, most of them of no use."""

    root: Path

    def index(self, name: str, value: int, size: tuple[int, int] = (64, 64)) -> str:
        ids = torch.zeros(size, dtype=torch.uint8)
        ids[8:40, 8:40] = value
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_index(path, ids)
        return str(path)

    def colours(self, name: str) -> str:
        canvas = np.zeros((64, 64, 3), dtype=np.uint8)
        canvas[8:40, 8:40] = (12, 34, 56)
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(canvas).save(path)
        return str(path)


@pytest.fixture(scope="module")
def places(tiny, scene_folder, tmp_path_factory) -> dict[str, str]:
    """What the templates below may name."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    (desk.root / "empty").mkdir()
    (desk.root / "text.png").write_text("no image")
    unannotated = shutil.copytree(scene_folder, desk.root / "unannotated")
    for split in ("train", "val"):
        shutil.rmtree(unannotated / f"{split}_part")
    desk.colours("strange_colours/car/1_part.png")
    desk.index("one_category/car/1_part.png", 1)
    return {
        "tmp": str(desk.root),
        "empty": str(desk.root / "empty"),
        "text": str(desk.root / "text.png"),
        "shape": desk.index("shape.png", 255),
        "blank": desk.index("blank.png", 0),
        "map": desk.index("map.png", 5),
        "sky": desk.index("sky.png", 0),
        "map60": desk.index("map60.png", 0, (60, 64)),
        "stranger": desk.index("stranger.png", 200),
        "colours": desk.colours("colours.png"),
        "strange_supports": str(desk.root / "strange_colours"),
        "one_category": str(desk.root / "one_category"),
        "unannotated": str(unannotated),
        "scenes": str(scene_folder),
        "partnet": str(tiny.partnet),
        "synthesis": str(tiny.synthesis),
        "train_partnet": " ".join(tiny.train_partnet),
        "train_synthesis": " ".join(tiny.train_synthesis),
    }


WRONG = {
    "no such command": ("bogus", "Available subcommands: demo, doctor"),
    "no command": ("", "ipose --help"),
    "unknown flag": ("info {partnet} --colour", "--colour"),
    "doctor: missing path": ("doctor {tmp}/nowhere", "no such data folder: expected a scene folder, Cityscapes"),
    "doctor: all that it reads": (
        "doctor {empty}",
        "CelebA in the wild, CelebA aligned or Taichi",
    ),
    "doctor: a photograph": ("doctor {sky}", "no such data folder: found a file"),
    "doctor: empty folder": ("doctor {empty}", "no data set in this folder: found an empty folder"),
    "parts: missing path": ("parts {tmp}/nowhere.png --model {partnet}", "no such file or folder"),
    "parts: empty folder": ("parts {empty} --model {partnet}", "no map in this folder: found an empty folder"),
    "parts: missing model": ("parts {shape} --model {tmp}/nowhere", "no such run or model folder"),
    "parts: data as model": ("parts {shape} --model {scenes}", "no model in here"),
    "parts: shape or map": ("parts {shape} --model {partnet}", "Say --category NAME for silhouettes"),
    "parts: unknown category": (
        "parts {shape} --model {partnet} --category unicorn",
        "no supports for part category 'unicorn': expected car, dog",
    ),
    "parts: nothing drawn": ("parts {blank} --model {partnet} --category car", "nothing drawn here"),
    "parts: strange colours": (
        "parts {shape} --model {partnet} --category car --supports {strange_supports}",
        "colours that are not the palette's",
    ),
    "parts: no supports": ("parts {shape} --model {partnet} --supports {empty}", "no supports: found an empty folder"),
    "parts: device": ("parts {shape} --model {partnet} --category car --device bogus", "no such device here"),
    "parts: unknown spec": ("parts {map} --model {partnet} --spec bogus", "no such spec"),
    "generate: missing path": ("generate {tmp}/nowhere.png --model {synthesis}", "no such file or folder"),
    "generate: empty folder": ("generate {empty} --model {synthesis}", "no map in this folder"),
    "generate: colour map": ("generate {colours} --model {synthesis}", "holds ids, not colours"),
    "generate: no image": ("generate {text} --model {synthesis}", "text.png"),
    "generate: another spec's ids": ("generate {stranger} --model {synthesis}", "label id outside spec 'partworld'"),
    "generate: a PartNet": ("generate {map} --model {partnet}", "A PartNet alone makes no images"),
    "generate: missing instances": (
        "generate {map} --model {synthesis} --instances {tmp}/nowhere.png",
        "no such instance map",
    ),
    "generate: instances of another size": (
        "generate {map} --model {synthesis} --instances {map60}",
        "sizes differ",
    ),
    "generate: missing part maps": (
        "generate {map} --model {synthesis} --parts {tmp}/nowhere.png",
        "no such part map",
    ),
    "generate: no image asked for": ("generate {map} --model {synthesis} --count 0", "nothing to make"),
    "generate: odd size": ("generate {map60} --model {synthesis} --keep-size", "multiples of 8"),
    "generate: device": ("generate {map} --model {synthesis} --device bogus", "no such device here"),
    "generate: out is a file": ("generate {sky} --model {synthesis} --out {sky}", "File exists"),
    "edit: missing path": ("edit {tmp}/nowhere.png --model {synthesis} --drop car:wheel", "found nothing"),
    "edit: a folder": ("edit {scenes} --model {synthesis} --drop car:wheel", "ipose edit takes one scene"),
    "edit: a PartNet": (
        "edit {map} --model {partnet} --drop car:wheel",
        "a model of another system: found ipose-partnet, expected ipose",
    ),
    "edit: words": (
        "edit {map} --model {synthesis} --resample thing=2",
        "everything, object=NUMBER or part=NUMBER:PART",
    ),
    "edit: drop without a part": ("edit {map} --model {synthesis} --drop car", "CATEGORY:PART (car:license)"),
    "edit: rename to nothing": ("edit {map} --model {synthesis} --rename car:light", "CATEGORY:PART:NAME"),
    "edit: replace by nothing": ("edit {map} --model {synthesis} --replace car", "CATEGORY:FILE.png"),
    "edit: replace by a large map": (
        "edit {map} --model {synthesis} --replace car:{map60}",
        "found 60x64 (height x width), expected 64x64",
    ),
    "edit: replace by colours": ("edit {map} --model {synthesis} --replace car:{colours}", "not an index PNG"),
    "edit: category": ("edit {map} --model {synthesis} --drop ship:sail", "no such part category: found 'ship'"),
    "edit: object": ("edit {sky} --model {synthesis} --resample object=0", "the scene has none"),
    "edit: blend": ("edit {map} --model {synthesis} --blend 1 2 1.5", "a blend lies between its seeds"),
    "edit: move": ("edit {map} --model {synthesis} --move 0:3", "NUMBER:DOWN:RIGHT in pixels"),
    "edit: remove": ("edit {map} --model {synthesis} --remove car", "the NUMBER of an object"),
    "edit: remove nobody": ("edit {sky} --model {synthesis} --remove 0", "no such object"),
    "edit: add": ("edit {map} --model {synthesis} --add car:{shape}", "CLASS:SHAPE.png:TOP,LEFT,HEIGHT,WIDTH"),
    "edit: add outside": ("edit {map} --model {synthesis} --add car:{shape}:60,60,30,30", "no place for an object"),
    "edit: add nothing": ("edit {map} --model {synthesis} --add car:{blank}:0,0,9,9", "nothing drawn here"),
    "edit: label": ("edit {map} --model {synthesis} --label lava:{shape}", "no such class: found 'lava'"),
    "edit: label without a file": ("edit {map} --model {synthesis} --label sky", "CLASS:REGION.png"),
    "edit: paint": ("edit {map} --model {synthesis} --paint car", "NUMBER:PARTS.png"),
    "edit: paint nobody": ("edit {sky} --model {synthesis} --paint 0:{sky}", "no such object"),
    "edit: odd size": ("edit {map60} --model {synthesis} --keep-size --resample everything", "multiples of 8"),
    "edit: device": ("edit {map} --model {synthesis} --device bogus --drop car:wheel", "no such device here"),
    "figures: no run": ("figures {empty}", "no run here"),
    "figures: a PartNet": ("figures {partnet}", "A PartNet alone makes no images"),
    "figures: no scenes": ("figures {synthesis} --scenes 0", "nothing to show"),
    "evaluate: no run": ("evaluate {empty}", "no run here: found an empty folder"),
    "evaluate: no part maps": ("evaluate {partnet} --data {unannotated}", "no part annotations here"),
    "info: no run": ("info {tmp}/nowhere", "nothing to describe: found nothing"),
    "info: supports": ("info {one_category}", "ipose supports check"),
    "supports build: no data": ("supports build --out {tmp}/s --data {empty}", "no part annotations here"),
    "supports build: k too large": (
        "supports build --out {tmp}/s --data {scenes} --k 50",
        "to choose 50 supports from",
    ),
    "supports build: taken": (
        "supports build --out {one_category} --data {scenes} --k 1",
        "there are supports already",
    ),
    "supports show: missing path": ("supports show {tmp}/nowhere", "no such folder"),
    "partworld: taken": ("partworld --out {scenes} --scenes 1 --val-scenes 1 --size 64 64", "split is there already"),
    "partworld: data of one's own": ("partworld --out {tmp}/w --data {scenes}", "--data"),
    "demo: taken": ("demo --out {scenes}", "the demo needs a new folder"),
    "train partnet: preset": ("train partnet --out {run} --preset bogus", "'paper'"),
    "train partnet: taken": ("{train_partnet} --out {partnet}", "Add --resume to go on with it"),
    "train partnet: folder of something else": ("{train_partnet} --out {scenes}", "must be new or empty"),
    "train partnet: resume nothing": ("{train_partnet} --out {run} --resume", "Drop --resume to start one here"),
    "train partnet: resume a synthesis run": (
        "{train_partnet} --out {synthesis} --resume",
        "system: found synthesis",
    ),
    "train partnet: resume with other widths": (
        "{train_partnet} --out {partnet} --resume --attention-blocks 2",
        "partnet.attention_blocks 1 there, 2 here",
    ),
    "train partnet: category": ("{train_partnet} --out {run} --categories unicorn", "aeroplane, bicycle"),
    "train partnet: setting": ("{train_partnet} --out {run} --k 0", "[k] a setting that cannot work: found 0"),
    "train partnet: k too large": ("{train_partnet} --out {run} --k 50", "to choose 50 supports from"),
    "train partnet: no steps": ("{train_partnet} --out {run} --steps 0", "[steps]"),
    "train partnet: no part maps": ("{train_partnet} --out {run} --data {unannotated}", "no part annotations here"),
    "train partnet: supports lack a category": (
        "{train_partnet} --out {run} --supports {one_category}",
        "categories of the data without supports",
    ),
    "train partnet: init from nothing": ("{train_partnet} --out {run} --init {empty}", "no model in here"),
    "train partnet: device": ("{train_partnet} --out {run} --device bogus", "no such device here"),
    "train synthesis: preset": ("train synthesis --partnet p --out {run} --preset bogus", "'cityscapes'"),
    "train synthesis: no PartNet": ("{train_synthesis} --partnet {empty} --out {run}", "no model in here"),
    "train synthesis: size": ("{train_synthesis} --out {run} --height 65", "[height]"),
    "train synthesis: category without supports": (
        "{train_synthesis} --out {run} --categories car bus",
        "Or draw scenes of those that it has: --categories car dog.",
    ),
    "train synthesis: init from PartNet": (
        "{train_synthesis} --out {run} --init {partnet}",
        "a model of another system: found ipose-partnet, expected ipose",
    ),
    "train synthesis: style without weights": (
        "{train_synthesis} --out {run} --style-loss clip --clip-weights {tmp}/nowhere.pt",
        "nowhere.pt",
    ),
    "train synthesis: VGG loss without weights": (
        "{train_synthesis} --out {run} --style-loss vgg --vgg-weights {tmp}/nowhere.pth",
        "nowhere.pth: no weights of VGG-19",
    ),
    "train synthesis: predicted parts of no PartNet": (
        "train synthesis --out {run} --data {scenes}",
        "[partnet] predicted parts need a trained PartNet, and none is named",
    ),
    "train synthesis: true parts of data without": (
        "{train_synthesis} --out {run} --parts true --data {unannotated}",
        "training on true parts needs part maps",
    ),
    "train synthesis: resume a PartNet run": (
        "{train_synthesis} --out {partnet} --resume",
        "system: found partnet",
    ),
    "train synthesis: data": ("{train_synthesis} --out {run} --data {tmp}/nowhere", "no such data folder"),
    "train synthesis: spec": (
        "{train_synthesis} --out {run} --data {scenes} --spec coco-stuff",
        "faults in data set",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_answered_in_a_sentence(ipose, places, name, monkeypatch, tmp_path):
    template, words = WRONG[name]
    monkeypatch.chdir(tmp_path)  # where default output folders would appear
    done = ipose(*template.format(**places, run=tmp_path / "run").split())
    said = " ".join(done.err.replace("│", " ").replace("|", " ").split())
    assert done.code == 2, done
    assert words in said
    assert "Traceback" not in done.err
    assert "tyro" not in done.err
    assert list(tmp_path.iterdir()) == []


class TestTheDoorOfTraining:
    """Every file is read before the first step; a fault anywhere stops the training there."""

    @pytest.fixture
    def damaged(self, scene_folder, tmp_path) -> Path:
        return shutil.copytree(scene_folder, tmp_path / "scenes")

    def plant(self, path: Path, value: int) -> Path:
        with Image.open(path) as image:
            ids = torch.from_numpy(np.array(image))
        ids[0, 0] = value
        write_index(path, ids)
        return path

    def test_one_wrong_pixel_of_a_label_map_stops_synthesis_before_its_first_step(self, ipose, tiny, damaged, tmp_path):
        path = self.plant(sorted((damaged / "train_label").iterdir())[-1], 77)
        done = ipose(*tiny.train_synthesis, "--data", damaged, "--out", tmp_path / "run")
        assert done.code == 2
        assert f"1 fault in data set {damaged}" in done.err
        assert f"{path}: label id outside spec 'partworld': found 77 (1 pixels)" in done.err
        assert not (tmp_path / "run").exists()

    def test_a_wrong_file_of_the_validation_split_does_too(self, ipose, tiny, damaged, tmp_path):
        path = sorted((damaged / "val_img").iterdir())[0]
        path.write_bytes(b"")
        done = ipose(*tiny.train_synthesis, "--data", damaged, "--out", tmp_path / "run")
        assert (done.code, str(path) in done.err) == (2, True)

    def test_one_wrong_pixel_of_a_part_map_stops_partnet(self, ipose, tiny, damaged, tmp_path):
        path = self.plant(sorted((damaged / "train_part").iterdir())[0], 12)
        done = ipose(*tiny.train_partnet, "--data", damaged, "--out", tmp_path / "run")
        assert done.code == 2
        assert f"{path}: part id outside 0..8: found 12" in done.err
        assert not (tmp_path / "run").exists()

    def test_a_mended_folder_is_let_through(self, ipose, tiny, damaged, scene_folder, tmp_path):
        path = self.plant(sorted((damaged / "train_part").iterdir())[0], 12)
        words = [*tiny.train_partnet, "--data", damaged, "--out", tmp_path / "run", "--steps", 1, "--k", 1]
        assert ipose(*words).code == 2
        shutil.copy(scene_folder / "train_part" / path.name, path)
        assert ipose(*words).code == 0
