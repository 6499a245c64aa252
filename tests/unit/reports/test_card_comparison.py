"""Claims about eval cards beside each other, as a table and as a plot."""

import io
import json
from dataclasses import replace

import pytest
from PIL import Image

from ipose.errors import ConfigError
from ipose.evaluation.eval_card import EvalCard, write_card
from ipose.reports.card_comparison import card_plot, compare_cards, comparison

CARD = EvalCard(
    metric="Frechet distance (features tiny@0123)",
    value=12.5,
    protocol="images",
    resize="to 64x64",
    counts={"images": 7, "real": 7},
    features="tiny@0123",
    ignored_ids=(0, 3),
    data="d1",
)


class TestCompareCards:
    """compare_cards sets only comparable numbers beside each other."""

    def test_one_line_a_metric_one_column_a_name(self):
        accuracy = replace(CARD, metric="Pixel accuracy", value=0.5)
        header, rows = compare_cards({"a": [CARD, accuracy], "b": [replace(CARD, value=3.0)]})
        assert header[1:] == ["a", "b"]
        assert [row[1:] for row in rows] == [["12.5", "3"], ["0.5", "-"]]

    @pytest.mark.parametrize(
        "change",
        [
            {"protocol": "images-256"},
            {"resize": "to 32x32"},
            {"features": "other@1"},
            {"ignored_ids": (0,)},
            {"data": "d2"},
        ],
    )
    def test_refuses_numbers_taken_in_different_ways_unless_told_so(self, change):
        columns = {"a": [CARD], "b": [replace(CARD, **change)]}
        with pytest.raises(ConfigError, match="do not compare"):
            compare_cards(columns)
        _, ((name, *cells),) = compare_cards(columns, across_protocols=True)
        assert name == "Frechet distance, lower is better"
        assert all(cell.startswith("12.5 [") for cell in cells)

    def test_data_that_one_card_does_not_know_are_no_difference(self):
        assert compare_cards({"a": [CARD], "b": [replace(CARD, data="")]})

    def test_one_way_in_common_is_enough_and_other_ways_have_lines_of_their_own(self):
        second = replace(CARD, protocol="images-256", value=7.0)
        _, rows = compare_cards({"a": [CARD, second], "b": [CARD]})
        assert [row[1:] for row in rows] == [["12.5", "12.5"], ["7", "-"]]

    def test_says_where_numbers_are_of_other_counts(self):
        _, rows = compare_cards({"a": [CARD], "b": [replace(CARD, counts={"images": 3, "real": 3})]})
        assert [row[0].endswith("(counts differ)") for row in rows] == [True]
        _, rows = compare_cards({"a": [CARD], "b": [CARD]})
        assert [row[0].endswith("(counts differ)") for row in rows] == [False]

    def test_refuses_fid_beside_another_frechet_distance(self):
        fid = replace(CARD, metric="FID", features="inception-2015-12-05@6726825d")
        with pytest.raises(ConfigError, match="another features"):
            compare_cards({"a": [CARD], "b": [fid]})
        _, rows = compare_cards({"a": [CARD], "b": [fid]}, across_protocols=True)
        assert rows == [["Frechet distance, lower is better", "12.5 [images, tiny]", "12.5 [images, FID]"]]


class TestComparison:
    """`ipose evaluate --compare` says what a reader needs to judge the numbers."""

    @pytest.fixture
    def runs(self, tmp_path):
        for name, value, images in (("a", 12.5, 7), ("b", 3.0, 7)):
            (tmp_path / name / "cards").mkdir(parents=True)
            card = replace(CARD, value=value, counts={"images": images, "real": 7}, seeds=(0,))
            write_card(card, tmp_path / name / "cards" / "card.json")
            line = json.dumps({"step": 400, "seconds": 1.0, "losses": {"g": 1.0}})
            (tmp_path / name / "metrics.jsonl").write_text(line + "\n")
        return [tmp_path / "a", tmp_path / "b"]

    def test_which_direction_is_better_and_what_the_runs_are(self, runs):
        said = comparison(runs)
        assert "[images], lower is better" in said
        rows = {line.split("  ")[0]: line.split()[-2:] for line in said.splitlines()}
        assert rows["training steps"] == ["400", "400"]
        assert rows["images"] == ["7", "7"]
        assert rows["seeds"] == ["0", "0"]

    def test_few_samples_are_told_once(self, runs):
        assert f"Few samples: {runs[0]} (7), {runs[1]} (7). Small differences mean nothing" in comparison(runs)

    def test_many_samples_are_not(self, runs):
        for run in runs:
            write_card(replace(CARD, counts={"images": 5000}), run / "cards" / "card.json", replace=True)
        assert "Few samples" not in comparison(runs)


def height(columns) -> int:
    with Image.open(io.BytesIO(card_plot(columns))) as image:
        image.load()
        assert image.format == "PNG"
        return image.height


class TestCardPlot:
    """card_plot draws every card once, of those that stand beside others."""

    def test_grows_with_names_and_with_metrics(self):
        one = height({"a": [CARD]})
        two_names = height({"a": [CARD], "b": [CARD]})
        two_metrics = height({"a": [CARD, replace(CARD, metric="mIoU")]})
        assert one < two_names < two_metrics

    def test_leaves_out_what_only_one_of_several_has(self):
        alone = replace(CARD, metric="mIoU")
        assert height({"a": [CARD, alone], "b": [CARD]}) == height({"a": [CARD], "b": [CARD]})
        assert height({"a": [CARD], "b": [alone]}) > height({"a": [CARD]})  # nothing is shared: all

    def test_shows_the_values(self):
        assert card_plot({"a": [CARD]}) == card_plot({"a": [CARD]})
        assert card_plot({"a": [CARD]}) != card_plot({"a": [replace(CARD, value=-1.0)]})

    def test_of_nothing_is_an_error(self):
        with pytest.raises(ConfigError, match="no cards"):
            card_plot({})
