"""The best checkpoint by a validation metric: kept beside the newest, found again after a kill."""

import math

import pytest
import torch

from ipose.errors import ConfigError
from ipose.testing.tiny_system import everything
from ipose.training.best import Best, Criterion, best_at, read_best, write_best
from ipose.training.checkpoint_files import list_checkpoints
from ipose.training.metrics import read_metrics

VALUES = {2: 1.0, 4: 3.0, 6: 2.0, 8: 0.0, 10: 2.5}
"""The metric by step. Step 4 is the best, step 8 the worst."""

LOOP = {"steps": 10, "checkpoint_every": 2, "keep": 1, "keep_best": "score"}


class Measure:
    """Gives `values` by step, notes what it measured, and fails at the steps `killed`, as a kill would."""

    def __init__(self, values=VALUES, killed=()):
        self.values, self.killed, self.steps = values, killed, []

    def __call__(self, snapshot):
        if snapshot.step in self.killed:
            raise KeyboardInterrupt
        self.steps.append(snapshot.step)
        return self.values[snapshot.step]


def by(measure, better="higher", metric="score"):
    return Criterion(metric, better, measure)


def kept(folder):
    return [path.name for path in list_checkpoints(folder / "checkpoints")]


def best(folder):
    return read_best(folder / "checkpoints")


class TestKept:
    """A run with keep_best measures each checkpoint and keeps the best one."""

    def test_the_best_checkpoint_stays_beside_the_newest(self, tmp_path, fit):
        measure = Measure()
        fit(tmp_path, criterion=by(measure), **LOOP)
        assert measure.steps == [2, 4, 6, 8, 10]
        assert kept(tmp_path) == ["step-4", "step-10"]
        assert best(tmp_path) == Best("score", step=4, value=3.0, measured=10)

    def test_so_it_is_where_lower_values_are_better(self, tmp_path, fit):
        fit(tmp_path, criterion=by(Measure(), "lower"), **LOOP)
        assert kept(tmp_path) == ["step-8", "step-10"]

    def test_whoever_saves_the_model_is_told_whether_the_step_is_the_best(self, tmp_path, fit):
        saves = []
        on_save = lambda s: saves.append((s.step, s.best))  # noqa: E731
        fit(tmp_path, criterion=by(Measure()), on_save=on_save, **LOOP)
        assert saves == [(2, True), (4, True), (6, False), (8, False), (10, False)]

    def test_values_stand_in_the_metrics(self, tmp_path, fit):
        fit(tmp_path, criterion=by(Measure()), **LOOP)
        found = {
            r["step"]: r["keep_best"]["score"] for r in read_metrics(tmp_path / "metrics.jsonl") if "keep_best" in r
        }
        assert found == VALUES

    def test_the_last_message_names_the_best_step(self, tmp_path, fit):
        _, result = fit(tmp_path, criterion=by(Measure()), **LOOP)
        assert "The model folder is of the best step, step 4 (score 3 on the validation data)." in result.advice

    def test_without_it_nothing_is_measured_and_every_step_counts_as_the_best(self, tmp_path, fit):
        measure, saves = Measure(), []
        on_save = lambda s: saves.append(s.best)  # noqa: E731
        fit(tmp_path, criterion=by(measure), on_save=on_save, **{**LOOP, "keep_best": "no"})
        assert measure.steps == []
        assert saves == [True] * 5
        assert kept(tmp_path) == ["step-10"]
        assert best(tmp_path) is None

    def test_the_training_does_not_notice(self, tmp_path, fit):
        def meddle(snapshot):
            torch.manual_seed(99)
            return 0.0

        (one, _), (other, _) = fit(tmp_path / "a"), fit(tmp_path / "b", criterion=by(meddle), **LOOP)
        one, other = everything(one), everything(other)
        assert all(torch.equal(one[key], other[key]) for key in one)

    @pytest.mark.parametrize("criterion", [None, by(Measure(), metric="other")])
    def test_a_metric_without_a_measure_is_refused(self, tmp_path, fit, criterion):
        with pytest.raises(ConfigError, match=r"no measure of the metric to keep the best by: .* expected score"):
            fit(tmp_path, criterion=criterion, **LOOP)


class TestPrefers:
    """Strictly better, and any number rather than none."""

    @pytest.mark.parametrize(("new", "old", "higher"), [(2.0, 1.0, True), (1.0, 2.0, False), (1.0, math.nan, True)])
    def test_of_two_values(self, new, old, higher):
        assert by(Measure()).prefers(new, old) is higher
        if not math.isnan(old):
            assert by(Measure(), "lower").prefers(new, old) is not higher

    @pytest.mark.parametrize("better", ["higher", "lower"])
    def test_equal_values_and_nan_change_nothing(self, better):
        assert not by(Measure(), better).prefers(1.0, 1.0)
        assert not by(Measure(), better).prefers(math.nan, 1.0)
        assert not by(Measure(), better).prefers(math.nan, math.nan)


class TestResume:
    """A killed run, resumed, has the best step and the checkpoints of one that was never killed."""

    def killed_at(self, folder, fit, **more):
        with pytest.raises(KeyboardInterrupt):
            fit(folder, **{**LOOP, **more})

    @pytest.mark.parametrize("step", [2, 4, 6, 10])
    def test_after_a_kill_between_checkpoint_and_measure(self, tmp_path, fit, step):
        fit(tmp_path / "whole", criterion=by(Measure()), **LOOP)
        self.killed_at(tmp_path / "parts", fit, criterion=by(Measure(killed=[step])))
        again = Measure()
        fit(tmp_path / "parts", resume=True, criterion=by(again), **LOOP)
        assert again.steps == [s for s in VALUES if s >= step]
        assert best(tmp_path / "parts") == best(tmp_path / "whole")
        assert kept(tmp_path / "parts") == kept(tmp_path / "whole")

    @pytest.mark.parametrize("step", [4, 8])
    def test_after_a_kill_while_the_model_folder_is_written(self, tmp_path, fit, step):
        """Given a kill in `on_save`, it is called again for this step, with the same answer whether it is the best."""
        saves = []

        def on_save(snapshot):
            if (snapshot.step, snapshot.best) not in saves:
                saves.append((snapshot.step, snapshot.best))
                if snapshot.step == step:
                    raise KeyboardInterrupt
            else:
                saves.append("again")

        self.killed_at(tmp_path, fit, criterion=by(Measure()), on_save=on_save)
        fit(tmp_path, resume=True, criterion=by(Measure()), on_save=on_save, **LOOP)
        assert saves.count("again") == 1
        assert best(tmp_path) == Best("score", 4, 3.0, 10)
        assert kept(tmp_path) == ["step-4", "step-10"]

    def test_a_finished_run_measures_nothing_again(self, tmp_path, fit):
        fit(tmp_path, criterion=by(Measure()), **LOOP)
        again, saves = Measure({12: 9.0}), []
        on_save = lambda s: saves.append((s.step, s.best))  # noqa: E731
        fit(tmp_path, resume=True, criterion=by(again), on_save=on_save, **LOOP)
        assert (again.steps, saves) == ([], [(10, False)])
        fit(tmp_path, resume=True, criterion=by(again), **{**LOOP, "steps": 12})
        assert again.steps == [12]
        assert best(tmp_path) == Best("score", 12, 9.0, 12)

    def test_another_metric_begins_anew_at_the_restored_step(self, tmp_path, fit):
        fit(tmp_path, criterion=by(Measure()), **LOOP)
        fit(tmp_path, resume=True, criterion=by(Measure(), metric="other"), **{**LOOP, "keep_best": "other"})
        assert best(tmp_path) == Best("other", 10, 2.5, 10)
        assert kept(tmp_path) == ["step-10"]

    def test_a_damaged_best_checkpoint_is_told_and_looked_for_anew(self, tmp_path, fit):
        fit(tmp_path, criterion=by(Measure()), **LOOP)
        (tmp_path / "checkpoints" / "step-4" / "state.pt").write_bytes(b"")
        with pytest.warns(UserWarning, match=r"damaged checkpoint.*The best step is looked for anew\."):
            fit(tmp_path, resume=True, criterion=by(Measure()), **LOOP)
        assert best(tmp_path).step == 10

    def test_a_best_step_later_than_the_restored_one_does_not_count(self, tmp_path):
        write_best(tmp_path, Best("score", 8, 1.0, 8))
        assert best_at(tmp_path, "score", 6) is None

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"metric": "score"}'])
    def test_an_unreadable_file_counts_as_none(self, tmp_path, text):
        (tmp_path / "best.json").write_text(text)
        assert read_best(tmp_path) is None
