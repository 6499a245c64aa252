"""The run folder."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ipose.errors import RunError
from ipose.training.config import TrainConfig
from ipose.training.run import Run
from ipose.whole_files import replace_folder

TRAIN = TrainConfig(steps=10, batch_size=2)


@dataclass(frozen=True)
class Config:
    widths: tuple[int, ...] = (1, 2)
    learning_rate: float = 1e-4


def create(folder: Path, **more) -> Run:
    return Run.create(folder, **({"kind": "partnet", "config": Config(), "train": TRAIN, "command": "ipose x"} | more))


def resume(folder: Path, **more) -> Run:
    return Run.resume(folder, **({"kind": "partnet", "config": Config(), "train": TRAIN, "command": "ipose y"} | more))


class TestCreate:
    """Run.create starts a run in a folder of its own."""

    def test_writes_down_what_is_trained_on_what_and_how(self, tmp_path):
        create(tmp_path / "deep" / "run", data="PartWorld, 100 scenes")
        info = json.loads((tmp_path / "deep" / "run" / "run.json").read_text())
        assert info["kind"] == "partnet"
        assert info["config"] == {"widths": [1, 2], "learning_rate": 1e-4}
        assert info["train"]["steps"] == 10
        assert (info["data"], info["command"]) == ("PartWorld, 100 scenes", "ipose x")
        assert {"ipose", "python", "torch"} <= info["versions"].keys()

    def test_takes_an_empty_folder(self, tmp_path):
        assert create(tmp_path).folder == tmp_path

    def test_refuses_a_run_and_says_how_to_go_on(self, tmp_path):
        create(tmp_path)
        with pytest.raises(RunError, match=r"there is a run here already.*--resume"):
            create(tmp_path)

    def test_refuses_a_folder_that_holds_something_else(self, tmp_path):
        (tmp_path / "thesis.tex").touch()
        with pytest.raises(RunError, match=r"must be new or empty: found thesis\.tex"):
            create(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

    def test_refuses_a_file(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(RunError, match="found a file"):
            create(tmp_path / "file")


class TestOpen:
    """Run.open reads a run, or says what is there instead."""

    def test_gives_back_what_create_wrote(self, tmp_path):
        create(tmp_path)
        run = Run.open(tmp_path)
        assert (run.kind, run.config, run.train_config) == ("partnet", {"widths": [1, 2], "learning_rate": 1e-4}, TRAIN)

    def test_names_its_places(self, tmp_path):
        run = create(tmp_path)
        places = [run.metrics, run.samples, run.checkpoints, run.model, run.report]
        names = ["metrics.jsonl", "samples", "checkpoints", "model", "report.html"]
        assert places == [tmp_path / name for name in names]

    def test_says_what_it_found_in_place_of_a_run(self, tmp_path):
        (tmp_path / "notes.txt").touch()
        for folder, found in (("none", "nothing"), (".", r"notes\.txt"), ("notes.txt", "a file")):
            with pytest.raises(RunError, match=rf"no run here: found {found}, expected run\.json"):
                Run.open(tmp_path / folder)

    def test_points_to_a_run_one_level_up_or_down(self, tmp_path):
        create(tmp_path / "run")
        (tmp_path / "run" / "samples").mkdir()
        with pytest.raises(RunError, match=r"one level up: .*run\."):
            Run.open(tmp_path / "run" / "samples")
        with pytest.raises(RunError, match=r"runs inside: .*run\."):
            Run.open(tmp_path)

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
    def test_a_broken_run_json_is_said_to_be_one(self, tmp_path, text):
        (tmp_path / "run.json").write_text(text)
        with pytest.raises(RunError, match=r"run\.json cannot be read"):
            Run.open(tmp_path)

    def test_training_settings_of_another_version_are_said_to_be_so(self, tmp_path):
        run = create(tmp_path)
        run.info["train"]["optimiser"] = "adam"
        with pytest.raises(RunError, match="optimiser"):
            _ = run.train_config


@dataclass(frozen=True)
class Later(Config):
    """The config of a later version, with a field more."""

    dropout: float = 0.0


class TestResumeOfAnEarlierVersion:
    """A field that a config did not have yet when a run was started counts as its default there."""

    @pytest.mark.parametrize("wrap", [lambda config: config, lambda config: {"net": config, "init": None}])
    def test_a_new_field_at_its_default_is_welcome_and_written_down(self, tmp_path, wrap):
        create(tmp_path, config=wrap(Config()))
        resume(tmp_path, config=wrap(Later()))
        config = Run.open(tmp_path).config
        assert config.get("net", config) | {"init": None} == {
            "widths": [1, 2],
            "learning_rate": 1e-4,
            "dropout": 0.0,
            "init": None,
        }

    @pytest.mark.parametrize("wrap", [lambda config: config, lambda config: {"net": config}])
    def test_a_new_field_with_another_value_is_refused(self, tmp_path, wrap):
        create(tmp_path, config=wrap(Config()))
        with pytest.raises(RunError, match=r"dropout 0\.0 there, 0\.5 here"):
            resume(tmp_path, config=wrap(Later(dropout=0.5)))

    def test_a_field_that_is_no_more_is_refused(self, tmp_path):
        create(tmp_path, config=Later(dropout=0.5))
        with pytest.raises(RunError, match=r"dropout 0\.5 there, None here"):
            resume(tmp_path, config=Config())

    def test_a_field_that_was_there_keeps_its_value(self, tmp_path):
        create(tmp_path, config=Config(learning_rate=1.0))
        with pytest.raises(RunError, match=r"learning_rate 1\.0 there, 0\.0001 here"):
            resume(tmp_path, config=Later())

    def test_a_new_setting_of_the_loop_counts_as_its_default_too(self, tmp_path):
        run = create(tmp_path)
        del run.info["train"]["schedule"]
        run._write()
        with pytest.raises(RunError, match=r"train\.schedule 'constant' there, 'cosine' here"):
            resume(tmp_path, train=replace(TRAIN, schedule="cosine"))
        assert resume(tmp_path).info["resumed"][0]["changed"] == {}


class TestResume:
    """Run.resume goes on with the same configuration only."""

    def test_the_same_configuration_is_welcome(self, tmp_path):
        create(tmp_path)
        assert resume(tmp_path).info["resumed"][0]["changed"] == {}

    @pytest.mark.parametrize(
        "change",
        [
            {"steps": 20},
            {"max_minutes": 3.0},
            {"workers": 2},
            {"keep": 5},
            {"log_every": 1},
            {"sample_every": 0},
            {"checkpoint_every": 1},
            {"tensorboard": False},
        ],
    )
    def test_how_long_and_how_often_may_change_and_is_noted(self, tmp_path, change):
        create(tmp_path)
        resume(tmp_path, train=replace(TRAIN, **change))
        run = Run.open(tmp_path)
        assert run.train_config == replace(TRAIN, **change)
        assert run.info["resumed"][0]["changed"] == {f"train.{key}": value for key, value in change.items()}

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"config": Config(widths=(1, 3))}, r"config\.widths \[1, 2\] there, \[1, 3\] here"),
            ({"kind": "synthesis"}, "a run of another system: found partnet, expected synthesis"),
            ({"train": replace(TRAIN, batch_size=4)}, r"train\.batch_size 2 there, 4 here"),
            ({"train": replace(TRAIN, seed=4, schedule="linear")}, r"train\.seed .*train\.schedule "),
        ],
    )
    def test_what_is_computed_may_not_and_the_differing_fields_are_listed(self, tmp_path, change, said):
        create(tmp_path)
        with pytest.raises(RunError, match=said):
            resume(tmp_path, **change)
        assert Run.open(tmp_path).info["resumed"] == []

    def test_where_there_is_no_run_it_says_so(self, tmp_path):
        with pytest.raises(RunError, match="no run here"):
            resume(tmp_path)

    def test_says_how_to_go_on(self, tmp_path):
        assert create(tmp_path / "a", command="ipose train --out a").resume_command == "ipose train --out a --resume"
        assert create(tmp_path / "b", command="ipose train --resume").resume_command == "ipose train --resume"

    def test_a_resumed_run_goes_on_as_it_was_resumed(self, tmp_path):
        create(tmp_path / "a", command="ipose train --max-minutes 9")
        longer = resume(tmp_path / "a", command="ipose train --max-minutes 20 --resume")
        assert longer.resume_command == "ipose train --max-minutes 20 --resume"

    def test_a_run_that_a_program_started_is_not_resumed_by_a_flag_that_the_program_lacks(self, tmp_path):
        said = create(tmp_path / "a", command="my_idea.py --steps 3").resume_command
        assert said == "my_idea.py --steps 3, with resume=True in its call of train_system"
        module = create(tmp_path / "b", command="python -m ipose train tiny").resume_command
        assert module == "python -m ipose train tiny --resume"


class TestBegin:
    """Run.begin creates or resumes; of several processes, the first does."""

    def begin(self, folder: Path, resume: bool) -> Run:
        return Run.begin(folder, resume=resume, kind="partnet", config=Config(), train=TRAIN, command="ipose x")

    def test_does_what_the_flag_says(self, tmp_path):
        self.begin(tmp_path, resume=False)
        with pytest.raises(RunError, match="a run here already"):
            self.begin(tmp_path, resume=False)
        assert len(self.begin(tmp_path, resume=True).info["resumed"]) == 1

    @pytest.mark.parametrize("resume", [False, True])
    def test_a_process_that_is_not_the_first_touches_no_file(self, tmp_path, monkeypatch, resume):
        """It may be on another host, where there is no such folder."""
        monkeypatch.setenv("RANK", "1")
        run = self.begin(tmp_path / "run", resume)
        assert not (tmp_path / "run").exists()
        assert (run.kind, run.train_config, run.checkpoints) == ("partnet", TRAIN, tmp_path / "run" / "checkpoints")


class TestLock:
    """One process per run."""

    def test_a_second_holder_is_refused_and_told_who_holds_it(self, tmp_path):
        create(tmp_path)
        with (
            Run.open(tmp_path).locked(),
            pytest.raises(RunError, match=f"another process is training here: found process {os.getpid()}"),
            Run.open(tmp_path).locked(),
        ):
            pass

    def test_it_is_free_again_afterwards(self, tmp_path):
        run = create(tmp_path)
        for _ in range(2):
            with run.locked():
                pass


def test_a_model_that_a_kill_left_set_aside_is_found_by_whoever_opens_the_run(tmp_path, monkeypatch):
    run = create(tmp_path / "run")
    replace_folder(run.model, lambda folder: (folder / "config.json").write_text("old"))
    renames, rename = [], Path.rename

    def killed(self, target):
        renames.append(target)
        if len(renames) == 2:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            replace_folder(run.model, lambda folder: (folder / "config.json").write_text("new"))
    assert not run.model.exists()
    assert (Run.open(run.folder).model / "config.json").read_text() == "old"
