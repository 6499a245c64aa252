"""`ipose supports from-segmenter` and `ipose supports compare`, by command, with a segmenter that was never trained."""

import json
import shlex
import shutil

import pytest
import torch

from ipose.data.support_folder import load_supports
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.saved_part_segmenter import save_part_segmenter

WORLD = shlex.split("--categories car --objects 1 1 --scenes 4 --val-scenes 2 --size 64 64")
NAMES = ["window", "wheel", "chassis"]


def write_segmenter(folder, parts, bias=10.0):
    """Random weights that answer parts, not background (or background, for a bias below 0)."""
    torch.manual_seed(0)
    network = PartSegmenter(parts, "lraspp_mobilenet_v3_large")
    with torch.no_grad():
        network.model.classifier.high_classifier.bias[1:] += bias
    save_part_segmenter(folder, network, 32)
    return folder


@pytest.fixture(scope="module")
def places(ipose, tiny, tmp_path_factory):
    """What the commands below may name."""
    root = tmp_path_factory.mktemp("join")
    done = ipose("partworld", "--out", root / "scenes", *WORLD)
    assert done.code == 0, done.err
    (root / "empty").mkdir()
    broken = shutil.copytree(root / "scenes" / "train_img", root / "broken")
    for name in ("bad.png", "worse.jpg"):
        (broken / name).write_text("no image")
    maps = shutil.copytree(root / "scenes", root / "maps")
    for split in ("train", "val"):
        shutil.rmtree(maps / f"{split}_img")
    return {
        "root": root,
        "scenes": root / "scenes",
        "photos": root / "scenes" / "train_img",
        "maps": maps,
        "empty": root / "empty",
        "broken": broken,
        "partnet": tiny.partnet,
        "three": write_segmenter(root / "three", 3),
        "nine": write_segmenter(root / "nine", 9),
        "blind": write_segmenter(root / "blind", 3, -100.0),
    }


@pytest.fixture(scope="module")
def made(ipose, places):
    """Supports of cars, by the wording of an option."""
    out = places["root"] / "made"
    words = ["--from-segmenter", places["three"], places["scenes"], "--out", out, "--k", 2]
    said = ipose("supports", *words, "--names", *NAMES)  # cars, the only objects in these scenes
    assert said.code == 0, said.err
    return out, said.out


class TestFromSegmenter:
    """A support folder like any other comes out."""

    def test_is_a_support_folder_with_the_names_given(self, ipose, made):
        folder, said = made
        supports = load_supports(folder)
        assert supports.part_names["car"] == tuple(NAMES)
        assert supports.part_maps["car"].shape == (2, 64, 64)
        assert (folder / "sheet.png").is_file()
        assert json.loads((folder / "supports.json").read_text())["provenance"]["objects"] == 4
        assert "2 supports of car, of 4 objects" in said
        for number, part_map in enumerate(supports.part_maps["car"], start=1):
            lacking = [f"no {name}" for part, name in enumerate(NAMES, start=1) if not (part_map == part).any()]
            assert (f"support {number} has {', '.join(lacking)}" in said) == bool(lacking)
        assert ipose("supports", "check", folder).code == 0

    def test_serves_partnet(self, ipose, made, places, tmp_path):
        said = ipose(
            "parts",
            places["scenes"] / "val_label",
            "--model",
            places["partnet"],
            *("--supports", made[0], "--spec", "partworld", "--out", tmp_path / "parts"),
        )
        assert said.code == 0, said.err

    def test_of_photographs_alone_the_foreground_is_the_object(self, ipose, places, tmp_path):
        words = [places["three"], places["photos"], "--out", tmp_path / "s", "--k", 2, "--category", "thing"]
        said = ipose("supports", "from-segmenter", *words)
        assert said.code == 0, said.err
        assert load_supports(tmp_path / "s").part_names == {"thing": ("part 1", "part 2", "part 3")}

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            ("{partnet} {scenes} --category car", "a model of another system"),
            ("{empty} {scenes} --category car", "no part segmenter here"),
            ("{three} {maps} --category car", "a scene without a photograph"),
            ("{three} {empty} --category car", "no photographs in this folder"),
            ("{three} {root}/nowhere --category car", "no such folder of photographs"),
            ("{three} {broken} --category car", "worse.jpg: not an image"),
            ("{three} {scenes}/train_label --category car", "these look like label maps"),
            ("{three} {photos}", "what do these photographs show?"),
            ("{three} {photos} --category car --spec partworld", "photographs have no label maps"),
            ("{three} partworld", "which objects are meant?: expected one of aeroplane, bicycle,"),
            ("{three} {scenes} --category dog", "the scenes hold no dog: expected one of car."),
            ("{three} {photos} --category ../car", "category name that cannot be a folder name: found '../car'"),
            ("{three} {scenes} --category unicorn", "the data have no such objects: found 'unicorn'"),
            ("{three} {scenes} --category car --names a b", "found 2 names, expected 3"),
            ("{nine} {scenes} --category car", "supports cannot have so many parts: found 9"),
            ("{blind} {scenes} --category car", "the segmenter found no object here: found background everywhere"),
            ("{blind} {photos} --category car", "the segmenter found no object here: found background everywhere"),
            ("{three} {scenes} --category car --limit -1", "[limit] nothing to make supports of: found -1"),
            ("{three} {scenes} --category car --k 0", "[k] nothing to make supports of: found 0"),
            ("{three} {scenes} --category car --k 7", "too few objects of 'car' to choose 7 supports from: found 4"),
        ],
    )
    def test_wrong_use_answers_in_a_sentence(self, ipose, places, tmp_path, words, sentence):
        said = ipose("supports", "from-segmenter", *words.format(**places).split(), "--out", tmp_path / "out")
        assert said.code == 2, said.out
        assert sentence in " ".join(said.err.split())
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("category", ["", " "])
    def test_a_blank_category_is_refused(self, ipose, places, tmp_path, category):
        words = [places["three"], places["photos"], "--category", category, "--out", tmp_path / "out"]
        said = ipose("supports", "from-segmenter", *words)
        assert said.code == 2, said.out
        assert f"category name that cannot be a folder name: found {category!r}" in said.err
        assert not (tmp_path / "out").exists()

    def test_says_how_many_photographs_the_naming_left_too_little_of(self, ipose, places, tmp_path):
        words = ["from-segmenter", places["three"], places["photos"], "--k", 1, "--category", "thing", "--limit", 2]
        kept = [
            ipose("supports", *words, "--out", tmp_path / str(names.index("a")), "--names", *names)
            for names in (["a", "-", "-"], ["-", "a", "-"])
        ]  # of two parts, one at most has half of the foreground
        assert any("less than half of the foreground is left" in said.out + said.err for said in kept)

    def test_supports_that_are_there_are_never_overwritten(self, ipose, made, places):
        before = load_supports(made[0]).part_maps["car"]
        said = ipose("supports", "from-segmenter", places["three"], places["scenes"], "--out", made[0])
        assert (said.code, "there are supports already" in said.err) == (2, True)
        assert torch.equal(load_supports(made[0]).part_maps["car"], before)


class TestCompare:
    """Drawn and found supports in one table and one report."""

    def test_own_supports_others_and_the_segmenter_stand_in_one_table(self, ipose, made, places, tmp_path):
        words = [
            "--data",
            places["scenes"],
            "--segmenter",
            places["three"],
            "--out",
            tmp_path / "out",
            "--positions",
            3,
        ]
        said = ipose("supports", "compare", places["partnet"], made[0], *words)
        assert said.code == 0, said.err
        found = json.loads((tmp_path / "out" / "comparison.json").read_text())
        assert [(score["supports"], score["read_by"]) for score in found["scores"]] == [
            ("the run's own", "PartNet"),
            ("the run's own", "copy"),
            ("made", "PartNet"),
            ("made", "copy"),
            ("places in the box", "PartNet"),
            ("places in the box", "copy"),
            ("none", "the segmenter, in photographs"),
        ]
        assert all(0 <= score["object_pixels"] <= 1 for score in found["scores"])
        assert (tmp_path / "out" / "sheet.png").is_file()
        page = (tmp_path / "out" / "report.html").read_text()
        assert "Supports of car compared" in page
        assert "supports: made" in page
        assert all("AC, the paper&#39;s measure" in text.replace("'", "&#39;") for text in (said.out, page))
        assert "part 1: " in said.out

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            ("{partnet} {root}/made --data {photos}", "no part annotations here"),
            ("{three} {root}/made --data {scenes}", "this model has no PartNet: found ipose-part-segmenter"),
            ("{partnet} {root}/nowhere --data {scenes}", "no such folder"),
            ("{partnet} {root}/made --data {scenes} --category dog", "no such objects in the data and all sets"),
            ("{partnet} {root}/made --data {scenes} --fit 0", "no objects to compare on"),
            ("{partnet} {root}/made --data {scenes} --positions 9", "[positions] no such number of parts: found 9"),
        ],
    )
    def test_wrong_use_answers_in_a_sentence(self, ipose, made, places, tmp_path, words, sentence):
        said = ipose("supports", "compare", *words.format(**places).split(), "--out", tmp_path / "out")
        assert said.code == 2, said.out
        assert sentence in " ".join(said.err.split())
        assert not (tmp_path / "out").exists()
