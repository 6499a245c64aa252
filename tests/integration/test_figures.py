"""`ipose figures`: the paper's editing figures for a run, with the changes inside and outside the regions."""

import json

import pytest
from PIL import Image

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.errors import DataError
from ipose.evaluation.control import Change
from ipose.evaluation.eval_card import read_cards
from ipose.pipeline import IPose
from ipose.systems.ipose.figures import changes_table, find_subjects


@pytest.fixture(scope="module")
def figures(ipose, tiny, tmp_path_factory):
    """The folder that the command wrote, and what it said."""
    out = tmp_path_factory.mktemp("figures")
    done = ipose("figures", tiny.synthesis, "--scenes", "2", "--seed", "5", "--out", out)
    assert done.code == 0, done.err
    return out, done.out


def test_writes_both_figures_and_the_changes(figures):
    out, said = figures
    assert {path.name for path in out.iterdir()} == {"figure5.png", "figure6.png", "changes.json", "cards"}
    for name in ("figure5.png", "figure6.png"):
        with Image.open(out / name) as picture:
            assert picture.width > 300
    assert "texture of an object" in said


def test_every_edit_of_every_scene_is_measured(figures):
    record = json.loads((figures[0] / "changes.json").read_text())
    assert record["seed"] == 5
    kinds = [change["edit"] for change in record["changes"]]
    assert kinds.count("texture of everything") == kinds.count("texture of a part") == 4  # two seeds, two scenes
    assert all(
        (change["outside"] is None) == (change["edit"] == "texture of everything") for change in record["changes"]
    )


def test_cards_say_what_the_changes_say(figures):
    out, said = figures
    changes = json.loads((out / "changes.json").read_text())["changes"]
    cards = {card.metric: card for card in read_cards(out)}
    for kind in {change["edit"] for change in changes}:
        inside = [change["inside"] for change in changes if change["edit"] == kind]
        card = cards[f"L1 inside the edit, {kind}"]
        assert card.value == pytest.approx(sum(inside) / len(inside))
        assert card.counts["images"] == len(inside)
        assert f"L1 inside the edit, {kind} = {card.value:.6g}\n" in said
    assert "L1 outside the edit, texture of everything" not in cards
    assert set(cards["L1 outside the edit, texture of a part"].model) >= {"generator", "PartNet"}


def test_the_table_shows_means_in_percent():
    changes = (Change("a", "x", 0.5, 0.1), Change("b", "x", 0.3, None), Change("b", "y", 0.2, 0.02))
    lines = changes_table(changes).splitlines()
    assert lines[2].split() == ["x", "2", "40.00", "10.00"]
    assert lines[3].split() == ["y", "1", "20.00", "2.00"]


def test_scenes_without_parts_make_no_figure(tiny):
    model = IPose.from_pretrained(tiny.synthesis)
    with pytest.raises(DataError, match="no validation scene has an object that shows two parts: found 0 scenes"):
        find_subjects(model, [], 2)


def test_one_object_of_each_category_comes_first(tiny, scene_folder):
    model = IPose.from_pretrained(tiny.synthesis)
    scenes = open_scenes(DataConfig(data=str(scene_folder), spec="partworld"), "train", (64, 64))
    everyone = find_subjects(model, scenes, 99)
    categories = [item.category for item in everyone]
    different = len(set(categories))
    assert len(set(categories[:different])) == different
    assert [item.scene.name for item in find_subjects(model, scenes, 1)] == [everyone[0].scene.name]
