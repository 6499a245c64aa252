"""metrics.jsonl."""

import pytest

from ipose.training.metrics import Window, append_metrics, drop_metrics_after, mean_losses, read_metrics


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
