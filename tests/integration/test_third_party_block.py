"""A stranger's block in place of the PSM block: trained, saved, loaded, and named where it is missing."""

import sys
from pathlib import Path

import pytest
import torch

from helpers.film import Film
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.errors import RunError
from ipose.pipeline import IPose
from ipose.synthesis.presets import preset
from ipose.systems.ipose.record import SYSTEM, IPoseOptions
from ipose.systems.training import Task, Trained, train_system
from ipose.training.run import Run
from ipose.whole_files import read_json

DATA = DataConfig(categories=("car", "dog"), objects=(2, 2), scenes=4, val_scenes=2, scene_size=64)


def trained(partnet: Path, folder: Path) -> Trained:
    config = preset(
        "toy",
        channels=2,
        channel_multipliers=(2, 2, 2, 2, 2),
        part_hidden=2,
        part_noise_channels=2,
        z_channels=3,
        discriminator_channels=(3, 4, 4, 4, 4),
        last_decoder_channels=2,
        batch_size=2,
    )
    task = Task(system=SYSTEM, config=config, data=DATA, options=IPoseOptions(partnet=partnet))
    loop = {"steps": 2, "checkpoint_every": 1, "sample_every": 0, "log_every": 1}
    return train_system(task, folder, loop=loop, block=Film, device="cpu")


@pytest.fixture(scope="module")
def result(tiny, tmp_path_factory):
    return trained(tiny.partnet, tmp_path_factory.mktemp("film") / "run")


class TestThirdPartyBlock:
    """`train_system(..., block=...)`."""

    def test_the_generator_is_made_of_it_and_learns(self, result, tiny, tmp_path):
        blocks = list(result.model.generator.blocks)
        assert {type(block) for block in blocks} == {Film}
        again = trained(tiny.partnet, tmp_path / "run")
        scene = open_scenes(DATA, "val", (64, 64))[0]
        assert torch.equal(again.model(scene).image, result.model(scene).image)
        assert result.model(scene).image.std() > 0

    def test_run_and_model_remember_it_and_it_is_loaded_by_its_name(self, result):
        scene = open_scenes(DATA, "val", (64, 64))[0]
        assert result.run.config["block"] == "helpers.film:Film"
        assert read_json(result.run.model / "config.json")["block"] == "helpers.film:Film"
        for loaded in (IPose.from_pretrained(result.run.folder), IPose.from_pretrained(result.run.folder, block=Film)):
            assert torch.equal(loaded(scene, seed=3).image, result.model(scene, seed=3).image)

    def test_where_it_cannot_be_imported_a_sentence_says_the_way_out(self, result, ipose, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "helpers.film", None)  # as if it were not there
        with pytest.raises(RunError, match=r"blocks of its own.*found helpers\.film:Film .*PYTHONPATH=.*block="):
            IPose.from_pretrained(result.run.folder)
        done = ipose("generate", tmp_path, "--model", result.run.folder)
        assert done.code == 2
        assert "helpers.film:Film" in done.err

    def test_a_model_of_psm_blocks_starts_from_what_fits(self, result, ipose, tiny, tmp_path):
        words = [*tiny.train_synthesis, "--steps", 1, "--init", result.run.folder, "--out", tmp_path / "run"]
        done = ipose(*words)
        assert done.code == 0, done.err
        assert "missing there: blocks.0." in done.out


@pytest.fixture(scope="module")
def run(ipose, tiny, tmp_path_factory):
    """A run of `--block`."""
    run = tmp_path_factory.mktemp("command") / "run"
    done = ipose(*tiny.train_synthesis, "--block", "helpers.film:Film", "--out", run)
    assert done.code == 0, done.err
    return run


class TestBlockOfTheCommand:
    """`ipose train synthesis --block module:Class`: every other command finds it again."""

    def test_the_run_is_made_of_it(self, run):
        assert type(IPose.from_pretrained(run).generator.blocks[0]) is Film
        assert Run.open(run).config["block"] == "helpers.film:Film"

    def test_the_training_goes_on_with_it_and_only_with_it(self, ipose, tiny, run):
        words = [*tiny.train_synthesis, "--steps", 5, "--resume", "--out", run]
        without = ipose(*words)
        assert without.code == 2
        assert "block 'helpers.film:Film' there, None here" in without.err
        done = ipose(*words, "--block", "helpers.film:Film")
        assert done.code == 0, done.err

    @pytest.mark.parametrize(
        "words",
        [
            "info RUN",
            "report RUN",
            "evaluate RUN --features random --device cpu",
            "generate WORLD/val_label --instances WORLD/val_inst --model RUN --out OUT --device cpu",
        ],
    )
    def test_other_commands_need_no_word_about_it(self, ipose, run, scene_folder, tmp_path, words):
        places = {"RUN": run, "WORLD": scene_folder, "OUT": tmp_path / "out"}
        for name, place in places.items():
            words = words.replace(name, str(place))
        done = ipose(*words.split())
        assert done.code == 0, done.err

    def test_it_is_named_by_info(self, ipose, run):
        assert "blocks of helpers.film:Film" in ipose("info", run).out

    def test_a_wrong_name_is_told_before_data_are_read(self, ipose, tiny, tmp_path):
        for words, said in (
            (["--block", "nobodys_idea:Film"], "No module named 'nobodys_idea'"),
            (["--block", "helpers.film:Film", "--part-injection", "none"], "own block takes the place of the PSM"),
        ):
            done = ipose(*tiny.train_synthesis, *words, "--out", tmp_path / "run")
            assert done.code == 2
            assert said in done.err
        assert not (tmp_path / "run").exists()
