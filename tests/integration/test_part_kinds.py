"""Models of true parts, of position descriptors and of no parts: trained, resumed and used by the commands."""

import json
import shutil

import pytest

from ipose.pipeline import IPose
from ipose.training.run import Run

KINDS = {
    "true": ["--parts", "true"],
    "position_descriptor": ["--parts", "position_descriptor"],
    "none": ["--part-injection", "none", "--global-loss", "none"],
    "spade": ["--part-injection", "spade", "--parts", "true"],
}


def words_of(tiny, kind):
    """A training without a PartNet."""
    words = tiny.train_synthesis
    place = words.index("--partnet")
    return [*words[:place], *words[place + 2 :], *KINDS[kind], "--steps", "2"]


@pytest.fixture(scope="module", params=KINDS)
def run(request, ipose, tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds") / request.param
    done = ipose(*words_of(tiny, request.param), "--out", folder)
    assert done.code == 0, done.err
    return folder


class TestOfEachKind:
    """Without a PartNet: a run, a model, images."""

    def test_makes_images_of_label_maps(self, ipose, run, scene_folder, tmp_path):
        label = sorted((scene_folder / "val_label").iterdir())[0]
        words = ["generate", label, "--model", run, "--instances", scene_folder / "val_inst", "--out", tmp_path / "out"]
        done = ipose(*words, "--parts", scene_folder / "val_part")
        assert done.code == 0, done.err
        assert len(list((tmp_path / "out").glob("*.png"))) == 3
        alone = ipose(*words)
        wants_parts = run.name == "true" or run.name == "spade"
        assert alone.code == (2 if wants_parts else 0)
        assert ("--parts where maps are handed over" in alone.err) == wants_parts

    def test_is_described(self, ipose, run):
        assert "no PartNet: it reads" in ipose("info", run).out

    def test_goes_on_where_it_stopped(self, ipose, tiny, run, tmp_path):
        folder = shutil.copytree(run, tmp_path / "run")
        done = ipose(*words_of(tiny, run.name), "--out", folder, "--resume", "--steps", "3")
        assert done.code == 0, done.err
        assert IPose.from_pretrained(folder).partnet is None

    def test_what_needs_predicted_parts_says_so(self, ipose, run, scene_folder, tmp_path):
        label = sorted((scene_folder / "val_label").iterdir())[0]
        for words, said in (
            (["figures", run], "the figures edit predicted parts"),
            (["evaluate", run], "this model has no PartNet"),
            (["convert", run, tmp_path / "x.pth", "--to-release"], "reads the parts that its PartNet predicts"),
            (["edit", label, "--model", run, "--drop", "car:wheel", "--out", tmp_path / "e"], "EditSupports changes"),
        ):
            done = ipose(*words)
            assert done.code == 2
            assert said in done.err
        assert list(tmp_path.iterdir()) == []


def test_a_partnet_that_nothing_would_read_is_left_alone_and_that_is_said(ipose, tiny, tmp_path):
    done = ipose(*tiny.train_synthesis, "--parts", "true", "--steps", "1", "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert f"PartNet {tiny.partnet} is not used: the generator reads true parts" in done.out


def test_a_partnet_shows_the_parts_of_a_generator_that_reads_none(ipose, tiny, tmp_path):
    words = [*tiny.train_synthesis, "--part-injection", "none", "--steps", "1", "--out", tmp_path / "run"]
    assert ipose(*words).code == 0
    assert IPose.from_pretrained(tmp_path / "run").partnet is not None


def test_a_run_from_before_there_was_a_choice_goes_on(ipose, tiny, tmp_path):
    folder = shutil.copytree(tiny.synthesis, tmp_path / "run")
    info = json.loads((folder / "run.json").read_text())
    del info["config"]["synthesis"]["parts"], info["config"]["vgg_weights"]
    (folder / "run.json").write_text(json.dumps(info))
    refused = ipose(*tiny.train_synthesis, "--parts", "true", "--out", folder, "--resume", "--steps", "5")
    assert (refused.code, "synthesis.parts 'predicted' there, 'true' here" in refused.err) == (2, True)
    done = ipose(*tiny.train_synthesis, "--out", folder, "--resume", "--steps", "5")
    assert done.code == 0, done.err
    assert Run.open(folder).config["synthesis"]["parts"] == "predicted"
