"""Claims about training curves."""

import io

import numpy as np
import pytest
from PIL import Image

from ipose.errors import ConfigError
from ipose.reports.training_curves import collect_series, curves, flatten, smooth

METRICS = [
    {"step": s, "lr": 1e-4, "losses": {"g": {"fool": 1 / (s + 1)}, "d": {"real": 0.5, "fake": s / 9}}} for s in range(9)
]


class TestCurves:
    """curves draws one panel for each group of columns."""

    def test_gives_a_png_that_opens(self):
        picture = Image.open(io.BytesIO(curves(METRICS)))
        assert picture.format == "PNG"
        assert len(np.unique(np.asarray(picture.convert("L")))) > 10

    def test_two_groups_are_twice_as_wide_as_one(self):
        both = Image.open(io.BytesIO(curves(METRICS))).width
        one = Image.open(io.BytesIO(curves(METRICS, keys=["losses/g/fool"]))).width
        assert both == pytest.approx(2 * one, abs=2)

    def test_gives_svg_when_asked(self):
        assert b"<svg" in curves(METRICS, file_format="svg")

    def test_a_single_line_of_metrics_is_drawn(self):
        assert curves(METRICS[:1]).startswith(b"\x89PNG")

    def test_nothing_to_draw_says_so(self):
        with pytest.raises(ConfigError, match="no curve to draw"):
            curves([])
        with pytest.raises(ConfigError, match="found 9 lines, expected lines with 'elapsed'"):
            curves(METRICS, x="elapsed")


class TestSeries:
    """collect_series reads columns out of nested lines."""

    def test_nested_columns_are_named_by_joined_keys(self):
        assert flatten(METRICS[0]) == {
            "step": 0,
            "lr": 1e-4,
            "losses/g/fool": 1,
            "losses/d/real": 0.5,
            "losses/d/fake": 0,
        }

    def test_what_is_no_number_is_left_out(self):
        assert flatten({"name": "x", "done": True, "n": 3}) == {"n": 3}

    def test_bookkeeping_has_no_curve_unless_asked_for(self):
        assert set(collect_series(METRICS, "step", None)) == {"losses/g/fool", "losses/d/real", "losses/d/fake"}
        assert set(collect_series(METRICS, "step", ["lr"])) == {"lr"}

    def test_a_column_that_some_lines_lack_keeps_its_own_steps(self):
        lines = [{"step": 0, "a": 1}, {"step": 5, "b": 2}, {"step": 9, "a": float("nan")}, {"a": 4}]
        assert collect_series(lines, "step", None) == {"a": [(0, 1)], "b": [(5, 2)]}


class TestSmooth:
    """smooth averages over a window without moving the curve."""

    def test_a_straight_line_stays_straight(self):
        assert smooth([0.0, 1.0, 2.0, 3.0, 4.0], 3) == [0, 1, 2, 3, 4]

    def test_a_peak_is_spread_evenly(self):
        assert smooth([0.0, 0.0, 3.0, 0.0, 0.0], 3) == [0, 1, 1, 1, 0]

    def test_a_window_of_one_changes_nothing(self):
        assert smooth([4.0, 1.0, 7.0], 1) == [4, 1, 7]
