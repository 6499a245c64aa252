"""Training any system: what is looked at first, what a run leaves, and how a record takes part."""

import json
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ipose.cli.main import main, parse
from ipose.errors import ConfigError, RunError
from ipose.reports.page import Section
from ipose.systems.registry import systems
from ipose.systems.reporting import RunPage
from ipose.systems.training import Task, check_load, finish, steps_of_epochs, train_system
from ipose.training.run import Run

LOOP = {"log_every": 1, "sample_every": 0, "tensorboard": False}


@pytest.fixture
def task(stranger):
    return Task(system=stranger.record, config=stranger.record.config(slope=3.0))


def train(task, folder, **loop):
    return train_system(task, folder, loop={**LOOP, **loop}, device="cpu", progress=False)


def info(run: Run):
    return json.loads((run.folder / "run.json").read_text())


class TestBeforeDataAreRead:
    """Folder, device and settings are looked at before `prepare`, which reads data for minutes, is called."""

    @pytest.mark.parametrize(
        ("more", "fault"),
        [
            ({"device": "nonsense"}, "no such device here"),
            ({"loop": {"steps": 0}}, r"\[steps\]"),
            ({"loop": {"max_minutes": -1.0}}, r"\[max_minutes\]"),
            ({"loop": {"decay_by": "clock"}}, r"\[max_minutes\]"),
            ({"resume": True}, "no run to go on with"),
        ],
    )
    def test_what_cannot_work_is_refused(self, stranger, task, tmp_path, more, fault):
        with pytest.raises((ConfigError, RunError), match=fault):
            train_system(task, tmp_path / "run", **more)
        assert "prepare" not in stranger.calls
        assert not (tmp_path / "run").exists()

    def test_a_folder_that_is_taken_is_refused(self, stranger, task, tmp_path):
        (tmp_path / "notes.txt").touch()
        with pytest.raises(RunError, match="new or empty"):
            train_system(task, tmp_path)
        assert "prepare" not in stranger.calls

    @pytest.mark.parametrize("name", ["partnet", "synthesis", "groupdnet", "ganseg", "segmenter"])
    def test_so_it_is_by_the_command(self, name, tmp_path, monkeypatch, capsys):
        def prepare(*_, **__):
            raise AssertionError("data are read")

        monkeypatch.setattr("ipose.systems.training.function_named", lambda _: prepare)
        with pytest.raises(SystemExit) as leaving:
            main(["train", name, "--device", "nonsense", "--out", str(tmp_path / "run")])
        assert leaving.value.code == 2
        assert "no such device here: found nonsense" in capsys.readouterr().err


class TestLoadedBack:
    """The model folder of step 0 is written and loaded before the first step."""

    def test_one_that_cannot_be_loaded_is_told_before_anything_is_trained(self, stranger, task, tmp_path):
        def load(path):
            raise RunError("it has no slope", file=path)

        stranger.define(load=load)
        with pytest.raises(RunError, match=r"cannot be loaded again: found model: it has no slope"):
            train(task, tmp_path / "runs" / "run")
        assert list((tmp_path / "runs").iterdir()) == []

    def test_nothing_is_left_of_it_and_the_random_state_is_kept(self, stranger, task, tmp_path):
        prepared = stranger.module.prepare(task, seed=0, resume=False)
        before = torch.get_rng_state()
        check_load(prepared, stranger.module.load, tmp_path)  # the line that is loaded draws its first weights
        assert torch.equal(torch.get_rng_state(), before)
        assert list(tmp_path.iterdir()) == []


class TestRun:
    """What a training leaves."""

    def test_run_json_has_the_config_as_the_data_fitted_it_and_the_options(self, stranger, tmp_path):
        options = stranger.record.train_options(hints=tmp_path)
        task = Task(system=stranger.record, config=stranger.record.config(slope=3.0), options=options)
        run = train(task, tmp_path / "run").run
        assert info(run)["kind"] == "line"
        assert info(run)["config"] == {"line": {"slope": 3.0, "points": 6}, "hints": str(tmp_path)}
        assert info(run)["data"] == "6 points"

    def test_settings_that_are_not_given_follow_from_the_config(self, task, tmp_path):
        found = info(train(task, tmp_path / "a", steps=None, schedule=None).run)["train"]
        assert (found["steps"], found["batch_size"], found["schedule"], found["ema_decay"]) == (3, 2, "linear", 0.0)
        found = info(train(task, tmp_path / "b", steps=2, schedule="cosine").run)["train"]
        assert (found["steps"], found["batch_size"], found["schedule"]) == (2, 2, "cosine")

    def test_the_model_folder_is_that_of_the_last_step(self, task, tmp_path):
        trained = train(task, tmp_path / "run", checkpoint_every=1)
        assert trained.result.step == 3
        assert (trained.run.model / "config.json").is_file()
        assert trained.model.network.weight.item() == trained.prepared.objective.networks["line"].weight.item()
        assert [path.name for path in trained.run.folder.glob("model*")] == ["model"]

    def test_a_training_can_read_its_model_in_a_way_of_its_own(self, stranger, task, tmp_path):
        prepare = stranger.module.prepare

        def with_load(*arguments, **more):
            return replace(prepare(*arguments, **more), load=lambda folder: f"read from {folder.name}")

        stranger.define(prepare=with_load)
        assert train(task, tmp_path / "run").model == "read from model"

    def test_sheets_are_of_the_model_that_is_saved_made_once_a_step(self, stranger, task, tmp_path):
        run = train(task, tmp_path / "run", sample_every=1, checkpoint_every=1).run
        assert sorted(path.name for path in run.samples.iterdir()) == [f"step-000000{i}.png" for i in (1, 2, 3)]
        assert stranger.calls["model"] == [(0,), (1,), (2,), (3,)]  # 0: it is loaded back before the first step
        assert [title for _, title in stranger.calls["show"]] == ["step 1", "step 2", "step 3"]
        with Image.open(run.samples / "step-0000001.png") as sheet:
            assert sheet.size == (2, 2)

    def test_what_is_watched_stands_beside_the_losses(self, stranger, task, tmp_path):
        prepare = stranger.module.prepare

        def with_watch(*arguments, **more):
            return replace(prepare(*arguments, **more), watch=lambda line, step: {"found": {"at": 10 * step}})

        stranger.define(prepare=with_watch)
        run = train(task, tmp_path / "run", sample_every=2).run
        records = [json.loads(line) for line in run.metrics.read_text().splitlines()]
        assert [record["found"]["at"] for record in records if "found" in record] == [20, 30]

    def test_prepare_is_told_seed_resuming_and_what_the_caller_has(self, stranger, task, tmp_path):
        train_system(task, tmp_path / "run", loop={**LOOP, "seed": 7}, device="cpu", progress=False, opened="data")
        train_system(task, tmp_path / "run", loop={**LOOP, "seed": 7, "steps": 4}, resume=True, device="cpu")
        assert [call[1:] for call in stranger.calls["prepare"]] == [(7, False, {"opened": "data"}), (7, True, {})]
        assert all(call[0] is task for call in stranger.calls["prepare"])

    def test_the_last_sentence_is_the_records(self, stranger, tmp_path, capsys):
        stranger.register(next_step="Draw with {run}.")
        train(Task(system=stranger.record, config=stranger.record.config()), tmp_path / "run")
        assert f"Draw with {tmp_path / 'run'}." in capsys.readouterr().out


def measuring(stranger, values):
    """The line's training, with `values` of the metric "fit" at steps 1, 2, 3."""
    prepare = stranger.module.prepare

    def with_measure(*arguments, **more):
        return replace(prepare(*arguments, **more), measure=lambda line, metric: values[stranger.calls["model"][-1][0]])

    stranger.define(prepare=with_measure)
    stranger.register(metrics={"fit": "lower", "slope": "higher"}, page="stranger:page")
    stranger.define(page=lambda run: RunPage([Section("A line")], Section("Settings")))
    return Task(system=stranger.record, config=stranger.record.config())


class TestKeepBest:
    """--keep-best METRIC, for any system whose record offers metrics."""

    def test_the_model_folder_and_the_report_are_of_the_best_step(self, stranger, tmp_path):
        task = measuring(stranger, {1: 3.0, 2: 1.0, 3: 2.0})
        trained = train(task, tmp_path / "run", checkpoint_every=1, keep=3, keep_best="fit")
        best = torch.load(trained.run.model / "line.pt", weights_only=True)["weight"]
        steps = [load_file(trained.run.checkpoints / f"step-{i}" / "line.safetensors")["weight"] for i in (1, 2, 3)]
        assert [torch.equal(best, weight) for weight in steps] == [False, True, False]
        list(finish(trained))
        said = "The model is that of the best step: step 2 (fit 1 on the validation data)."
        assert said in trained.run.report.read_text()

    def test_without_it_the_report_names_no_best_step(self, stranger, tmp_path):
        trained = train(measuring(stranger, {}), tmp_path / "run")
        list(finish(trained))
        assert "best step" not in trained.run.report.read_text()

    @pytest.mark.parametrize("known", [{}, {"fit": "lower", "slope": "higher"}])
    def test_a_wrong_name_is_refused_with_the_list_before_data_are_read(self, stranger, tmp_path, known):
        stranger.register(metrics=known)
        task = Task(system=stranger.record, config=stranger.record.config())
        expected = " or ".join([*known, "no"])
        with pytest.raises(ConfigError, match=rf"\[keep_best\] no validation metric .*found ac, expected {expected}"):
            train(task, tmp_path / "run", keep_best="ac")
        assert "prepare" not in stranger.calls
        assert not (tmp_path / "run").exists()

    def test_data_that_cannot_measure_it_are_refused_before_the_run_begins(self, stranger, tmp_path):
        stranger.register(metrics={"fit": "lower"})
        task = Task(system=stranger.record, config=stranger.record.config())
        with pytest.raises(ConfigError, match="nothing to measure the best checkpoint by"):
            train(task, tmp_path / "run", keep_best="fit")
        assert not (tmp_path / "run").exists()

    @pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
    def test_every_built_in_system_offers_a_metric(self, system):
        assert system.metrics
        assert set(system.metrics.values()) <= {"higher", "lower"}


class TestFinish:
    """After a training: the system's own last look, then the report."""

    def test_the_lines_come_in_order(self, stranger, tmp_path):
        stranger.define(
            look=lambda trained: iter([f"looked at step {trained.result.step}"]),
            page=lambda run: RunPage([Section("A line")], Section("Settings")),
        )
        stranger.register(finishing="stranger:look", page="stranger:page")
        trained = train(Task(system=stranger.record, config=stranger.record.config()), tmp_path / "run")
        assert list(finish(trained)) == ["looked at step 3", f"Report: {trained.run.report}"]
        assert "A line" in trained.run.report.read_text()

    def test_a_system_with_neither_says_nothing(self, task, tmp_path):
        assert list(finish(train(task, tmp_path / "run"))) == []


class TestTask:
    """What to train."""

    def test_options_may_change_the_config(self):
        ganseg = next(system for system in systems() if system.name == "ganseg")
        task = Task(system=ganseg, config=ganseg.default_config(), options=ganseg.train_options(image_size=64))
        assert task.config.image_size == 64
        assert set(task.described()) == {"ganseg", "init"}

    def test_without_options_they_are_the_systems_defaults(self, stranger):
        assert Task(system=stranger.record, config=None).options == stranger.record.train_options()


@pytest.mark.parametrize(("epochs", "items", "batch", "steps"), [(3, 10, 4, 6), (3, 3, 4, 3), (1, 8, 4, 2)])
def test_steps_of_epochs_are_whole_batches(epochs, items, batch, steps):
    assert steps_of_epochs(epochs, items, batch) == steps


class TestFlags:
    """`ipose train NAME` of every system."""

    @pytest.mark.parametrize("name", [system.name for system in systems()])
    def test_a_schedule_can_be_given(self, name):
        words = [
            "train",
            name,
            "--out",
            "run",
            *(["--pairs", "run"] if name == "part-segmenter" else []),
            "--schedule",
            "cosine",
        ]
        assert parse(words).which.loop.settings()["schedule"] == "cosine"

    def test_it_lands_in_run_json(self, stranger, tmp_path):
        words = ["train", "line", "--out", str(tmp_path / "run"), "--device", "cpu", "--slope", "5"]
        main([*words, "--schedule", "cosine", "--schedule-by-clock", "--max-minutes", "1", "--sample-every", "0"])
        found = info(Run.open(tmp_path / "run"))
        assert (found["train"]["schedule"], found["train"]["decay_by"]) == ("cosine", "clock")
        assert found["config"]["line"] == {"slope": 5.0, "points": 6}
