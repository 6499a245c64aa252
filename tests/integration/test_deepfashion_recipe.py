"""The recipe of docs/groupdnet.md makes a data set that the doctor passes and that a GroupDNet learns from."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.data.specs import load_spec
from ipose.groupdnet.presets import preset

PAGE = (Path(__file__).parents[2] / "docs" / "groupdnet.md").read_text(encoding="utf-8")
LIP = {item.name: item.file_id for item in load_spec("lip").classes}
MERGED = {
    "background": "background",
    "hair": "hair",
    "face": "face",
    "upper clothes": "top",
    "dress": "top",
    "coat": "top",
    "jumpsuit": "top",
    "pants": "bottom",
    "skirt": "bottom",
    "socks": "socks",
    "left arm": "skin",
    "right arm": "skin",
    "left leg": "skin",
    "right leg": "skin",
    "left shoe": "shoes",
    "right shoe": "shoes",
}
RARE = ("hat", "glove", "sunglasses", "scarf")
SIZE = (32, 24)


def person(path, label, photographs):
    """A photograph, and its map by a parser of LIP, in the folders of In-shop."""
    for file, pixels in (
        (Path("parsed") / f"{path}.png", label),
        (photographs / f"{path}.jpg", np.random.default_rng(len(path)).integers(0, 255, (*SIZE, 3))),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(file)


@pytest.fixture
def in_shop(tmp_path, monkeypatch):
    """Three articles, one of them for validation; one of four photographs shows a hat."""
    monkeypatch.chdir(tmp_path)
    usual = np.resize([LIP[name] for name in MERGED], SIZE)
    rare = usual.copy()
    rare[:2] = LIP["hat"]
    for path in ("WOMEN/Dresses/id_00000001/02_1_front", "MEN/Denim/id_00000012/01_7_additional"):
        person(path, usual, Path("img"))
    person("WOMEN/Dresses/id_00000001/02_2_side", usual, Path("img"))
    person("WOMEN/Tees/id_00000002/01_1_front", rare, Path("img"))
    return tmp_path


def follow_the_page():
    """Step 3 of the recipe, as the page has it."""
    recipe = PAGE[PAGE.index("### DeepFashion") :]
    (code,) = re.findall(r"```python\n(.*?)```", recipe[: recipe.index("\n## ")], re.DOTALL)
    exec(compile(code, "docs/groupdnet.md", "exec"), {})


def test_lips_classes_become_the_eight_of_the_paper():
    assert set(MERGED) | set(RARE) == set(LIP)
    assert set(MERGED.values()) == {item.name for item in load_spec("deepfashion").classes}
    assert load_spec("deepfashion").num_classes == preset("deepfashion").num_classes


def test_the_doctor_passes_what_the_recipe_makes_and_rare_garments_are_left_out(in_shop, ipose):
    done = ipose("labels", "convert", "parsed", "labels", "--from", "lip", "--to", "deepfashion")
    assert done.code == 1
    assert "WOMEN/Tees/id_00000002/01_1_front.png" in done.out + done.err
    assert "hat (48 pixels)" in done.out + done.err
    follow_the_page()
    names = {
        split: sorted(file.stem for file in Path(f"deepfashion/{split}_img").iterdir()) for split in ("train", "val")
    }
    assert names == {
        "train": ["WOMEN-Dresses-id_00000001-02_1_front", "WOMEN-Dresses-id_00000001-02_2_side"],
        "val": ["MEN-Denim-id_00000012-01_7_additional"],
    }
    judged = ipose("doctor", "deepfashion", "--spec", "deepfashion")
    assert judged.code == 0, judged.out + judged.err
    config = preset("deepfashion")
    scene = open_scenes(DataConfig(data="deepfashion", spec="deepfashion"), "val", (config.height, config.width))[0]
    assert scene.image.shape == (3, 256, 256)
    spec = load_spec("deepfashion")
    ids = [next(i for i, item in enumerate(spec.classes) if item.name == name) for name in MERGED.values()]
    assert scene.label[4::8, 5::11].unique().tolist() == sorted(set(ids))
