"""metrics.jsonl."""

import pytest

import ipose.training.metrics as module
from ipose.training.config import TrainConfig
from ipose.training.metrics import (
    Curves,
    Progress,
    Window,
    append_metrics,
    drop_metrics_after,
    mean_losses,
    read_metrics,
)


class TestMetrics:
    """Records go in one by one and come back in order."""

    def test_what_is_appended_is_read(self, tmp_path):
        file = tmp_path / "metrics.jsonl"
        for step in (1, 2):
            append_metrics(file, {"step": step, "losses": {"g": {"x": 0.5}}})
        assert read_metrics(file) == [{"step": step, "losses": {"g": {"x": 0.5}}} for step in (1, 2)]

    def test_no_file_is_no_records(self, tmp_path):
        assert read_metrics(tmp_path / "none") == []

    def test_a_torn_last_line_is_left_out(self, tmp_path):
        (tmp_path / "m").write_text('{"step": 1}\n{"st')
        assert read_metrics(tmp_path / "m") == [{"step": 1}]

    def test_a_torn_line_in_the_middle_is_warned_of(self, tmp_path):
        (tmp_path / "m").write_text('{"st\n{"step": 2}\n')
        with pytest.warns(UserWarning, match="line 1 is no JSON"):
            assert read_metrics(tmp_path / "m") == [{"step": 2}]

    def test_records_after_a_step_are_dropped_with_a_torn_line(self, tmp_path):
        (tmp_path / "m").write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"st')
        drop_metrics_after(tmp_path / "m", 2)
        append_metrics(tmp_path / "m", {"step": 3})
        assert [record["step"] for record in read_metrics(tmp_path / "m")] == [1, 2, 3]
        assert (tmp_path / "m").read_text().count("\n") == 3


class TestWindow:
    """Losses and speed of the steps since the last record."""

    def test_a_term_is_averaged_over_the_steps_that_had_it(self):
        window = Window(images_per_step=4)
        for losses in ({"a": 1.0, "penalty": 6.0}, {"a": 3.0}, {"a": 5.0}):
            window.add({"d": losses})
        assert window.losses() == {"d": {"a": 3.0, "penalty": 6.0}}

    def test_processes_count_by_their_steps(self):
        ours, theirs = Window(images_per_step=4), Window(images_per_step=4)
        for window, losses in ((ours, {"a": 1.0}), (ours, {"a": 3.0}), (theirs, {"a": 8.0, "style": 6.0})):
            window.add({"d": losses})
        assert mean_losses([ours.sums, theirs.sums]) == {"d": {"a": 4.0, "style": 6.0}}

    def test_speed_counts_the_images_of_the_working_seconds_alone(self, monkeypatch):
        clock = iter([10.0, 12.0, 20.0, 22.0])
        monkeypatch.setattr("time.perf_counter", lambda: next(clock))
        window = Window(images_per_step=6)
        assert window.images_per_second() == 0
        for _ in range(2):
            window.start()
            window.add({})
        assert window.images_per_second() == 2 * 6 / 4


LOSSES = {"generator": {"score": 1.23456, "style": 0.5}, "discriminator": {"real": 2.0}}


def bar_of(config, *, start=0, seconds=0.0, show=True):
    return Progress(config, start=start, seconds=seconds, show=show)


@pytest.fixture
def by_steps():
    return TrainConfig(steps=10, batch_size=2)


@pytest.fixture
def by_clock():
    return TrainConfig(steps=10**6, batch_size=2, max_minutes=2.0, schedule="cosine")


@pytest.fixture
def clock(monkeypatch):
    """Time stands still; `clock.now` moves it."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


class TestProgress:
    """A bar with losses and images a second."""

    def test_counts_steps_from_where_this_process_begins(self, by_steps):
        bar = bar_of(by_steps, start=4)
        assert (bar.bar.total, bar.bar.n, bar.bar.unit) == (10, 4, "step")
        bar.update(6, 1.0, LOSSES, 3.0)
        assert bar.bar.n == 6
        bar.close()

    def test_or_seconds_where_the_clock_ends_the_training(self, by_clock):
        bar = bar_of(by_clock, seconds=30.4)
        assert (bar.bar.total, bar.bar.n, bar.bar.unit) == (120, 30, "s")
        bar.update(7, 61.5, LOSSES, 3.0)
        assert bar.bar.n == 61.5
        bar.close()

    def test_does_not_go_beyond_its_end(self, by_clock):
        bar = bar_of(by_clock)
        bar.update(7, 121.0, LOSSES, 3.0)
        assert bar.bar.n == 120
        bar.close()

    def test_shows_every_term_to_three_digits_and_the_speed(self, by_steps, by_clock, capsys):
        for config, begins in ((by_steps, "3.2 img/s"), (by_clock, "step 6, 3.2 img/s")):
            bar = bar_of(config)
            bar.update(6, 1.0, LOSSES, 3.21)
            bar.close()
            assert f"{begins}, score 1.23, style 0.5, real 2" in capsys.readouterr().err

    def test_redraws_at_most_every_half_second(self, by_steps, clock):
        bar = bar_of(by_steps)
        for step, now in ((1, 100.0), (2, 100.4), (3, 100.6)):
            clock.now = now
            bar.update(step, 0.0, LOSSES, 1.0)
            assert bar.bar.n == {1: 1, 2: 1, 3: 3}[step]
        bar.close()

    def test_shows_nothing_where_it_is_not_wanted(self, by_steps, capsys):
        bar = bar_of(by_steps, show=False)
        bar.update(3, 1.0, LOSSES, 1.0)
        bar.close()
        assert capsys.readouterr().err == ""

    def test_a_line_is_printed(self, by_steps, capsys):
        bar = bar_of(by_steps, show=False)
        bar.say("The time is up.")
        bar.close()
        assert capsys.readouterr().out == "The time is up.\n"


def record(step, score):
    return {
        "step": step,
        "losses": {"generator": {"score": score}},
        "lr": {"generator": 1e-4},
        "images_per_second": 5.0,
    }


def curves_in(folder):
    """(step, value) of every curve in TensorBoard's files, by name."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(folder))
    reader.Reload()
    return {tag: [(e.step, e.value) for e in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
class TestCurves:
    """TensorBoard's files: one curve a term, one a rate, one for the speed."""

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("tensorboard", reason='pip install "ipose[log]" brings TensorBoard')

    def test_every_term_rate_and_the_speed_is_a_curve(self, tmp_path):
        curves = Curves(tmp_path, wanted=True, start=0)
        for step, score in ((2, 0.5), (4, 0.25)):
            curves.add(record(step, score))
        curves.close()
        assert curves_in(tmp_path) == {
            "generator/score": [(2, 0.5), (4, 0.25)],
            "lr/generator": [(2, pytest.approx(1e-4)), (4, pytest.approx(1e-4))],
            "images_per_second": [(2, 5.0), (4, 5.0)],
        }

    def test_a_resumed_run_replaces_what_it_takes_again(self, tmp_path):
        for start, steps, score in ((0, (1, 2, 3), 1.0), (1, (2,), 7.0)):
            curves = Curves(tmp_path, wanted=True, start=start)
            for step in steps:
                curves.add(record(step, score))
            curves.close()
        assert curves_in(tmp_path)["generator/score"] == [(1, 1.0), (2, 7.0)]

    def test_unwanted_they_write_nothing(self, tmp_path):
        curves = Curves(tmp_path / "curves", wanted=False, start=0)
        curves.add(record(1, 1.0))
        curves.close()
        assert not (tmp_path / "curves").exists()

    def test_without_tensorboard_they_write_nothing(self, tmp_path, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        curves = Curves(tmp_path / "curves", wanted=True, start=0)
        curves.add(record(1, 1.0))
        curves.close()
        assert not (tmp_path / "curves").exists()
