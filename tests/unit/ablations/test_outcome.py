"""From scores to the table: means, spreads, the paper's numbers, and claims no larger than the seeds allow."""

import pytest
from hypothesis import strategies as st

from ipose.ablations.outcome import Outcome, verdict, width
from ipose.ablations.page import written
from ipose.systems.ablation_tables import table_named
from ipose.testing.claims import law


def outcome(scores, table="7", **more) -> Outcome:
    runs = {name: [f"{name}-seed-{seed}" for seed in seeds] for name, seeds in scores.items()}
    more = {"baselines": {}, "steps": {run: 500 for found in runs.values() for run in found}, **more}
    system, grid = table_named(table)
    return Outcome(table=grid, kind=system.kind, scores=scores, runs=runs, **more)


BASIS, NOVEL = "ac_pooled_basis", "ac_pooled_novel"

TWO_SEEDS = {
    "single-scale": {
        0: {BASIS: 94.0, NOVEL: 83.0},
        1: {BASIS: 94.2, NOVEL: 85.0},
    },
    "base": {
        0: {BASIS: 95.0, NOVEL: 84.0},
        1: {BASIS: 95.4, NOVEL: 86.0},
    },
}
"""Basis: gap -1.1, spread 0.4. Novel: gap -1, spread 2."""


def row(table, begin: str) -> list[str]:
    return next(list(row) for row in table.rows if row[0].startswith(begin))


class TestWritten:
    """The table that a person reads."""

    def test_cells_are_the_mean_and_half_the_range(self):
        assert row(written(outcome(TWO_SEEDS)), "without")[1:4] == ["2", "94.10 ± 0.10", "84.00 ± 1.00"]

    def test_the_published_numbers_stand_beside(self):
        table = written(outcome(TWO_SEEDS))
        assert list(table.header)[4:6] == ["published AC basis", "published AC novel"]
        assert row(table, "without")[4:6] == ["94.05", "83.21"]

    def test_the_verdict_counts_what_may_be_claimed(self):
        table = written(outcome(TWO_SEEDS))
        assert row(table, "without")[-1] == "worse in 1 of 2"
        assert row(table, "with multi")[-1] == "reference"

    def test_the_sentence_has_gap_spread_and_the_paper_s_gap(self):
        said = written(outcome(TWO_SEEDS)).sentences[0]
        assert "AC (pooled) basis -1.10 (spread 0.40): worse (published -0.33)" in said
        assert "AC (pooled) novel -1.00 (spread 2.00): within the spread (published -1.79)" in said
        assert "contradicts" not in said

    def test_the_sentence_has_the_interval_of_the_gap_if_it_is_known(self):
        known = outcome(TWO_SEEDS, intervals={("single-scale", BASIS): (-1.5, 0.25)})
        said = written(known).sentences[0]
        assert "worse (on other scenes -1.50 to +0.25, 95 %) (published -0.33)" in said
        assert said.count("on other scenes") == 1
        (first, second) = known.to_dict()["comparisons"]
        assert (first["interval"], second["interval"]) == ((-1.5, 0.25), None)

    def test_an_ordering_against_the_paper_s_is_called_so(self):
        exchanged = {"single-scale": TWO_SEEDS["base"], "base": TWO_SEEDS["single-scale"]}
        said = written(outcome(exchanged)).sentences[0]
        assert "AC (pooled) basis +1.10 (spread 0.40): better (published -0.33), which contradicts the paper" in said
        assert said.count("contradicts") == 1  # novel is within the spread

    def test_one_seed_claims_nothing(self):
        table = written(outcome({name: {0: seeds[0]} for name, seeds in TWO_SEEDS.items()}))
        assert row(table, "without")[1:3] == ["1", "94.00"]
        assert row(table, "without")[-1] == "one seed, no ordering"
        assert not any(word in table.sentences[0] for word in ("worse", "better", "contradicts"))

    def test_baselines_stand_below_without_published_numbers(self):
        table = written(outcome(TWO_SEEDS, baselines={"copy": {0: {BASIS: 95.1}, 1: {BASIS: 95.3}}}))
        assert list(table.rows[-1]) == ["copy", "2", "95.20 ± 0.10", "-", "-", "-", "not trained"]

    def test_columns_that_no_run_has_are_left_out_and_the_paper_s_are_not(self):
        table = written(outcome({"base": {0: {BASIS: 95.0}}}))
        assert list(table.header) == [
            "",
            "seeds",
            "AC (pooled) basis ↑",
            "published AC basis",
            "published AC novel",
            "verdict",
        ]

    def test_distances_are_named_after_their_features_in_the_header(self):
        titles = {"frechet": "Frechet distance (features random@0)"}
        scores = {"oasis": {0: {"frechet": 1.0}}, "global": {0: {"frechet": 2.0}}}
        table = written(outcome(scores, table="3", titles=titles))
        assert table.header[2:5] == ["Frechet distance (features random@0) ↓", "published FID", "published object FID"]
        assert "Frechet distance +1 (published -4.10)" in table.sentences[0]

    def test_what_is_missing_is_said(self):
        table = written(
            outcome(
                {"base": TWO_SEEDS["base"]},
                table="8",
                left_out=["blocks-2"],
                not_run={"blocks-4": "needs patience"},
                unfinished=["blocks-1-seed-1"],
            )
        )
        text = table.markdown()
        assert "Rows left out on request: blocks-2." in text
        assert "blocks-4: not run: needs patience" in text
        assert "Not finished yet: blocks-1-seed-1." in text

    def test_runs_of_different_lengths_are_named(self):
        steps = {"single-scale-seed-0": 500, "base-seed-0": 1000}
        text = written(outcome({name: {0: seeds[0]} for name, seeds in TWO_SEEDS.items()}, steps=steps)).markdown()
        assert "different numbers of steps" in text
        assert "different numbers of steps" not in written(outcome(TWO_SEEDS)).markdown()


class TestOutcome:
    """All numbers, for a program."""

    def test_has_every_number_per_seed(self):
        plain = outcome(TWO_SEEDS).to_dict()
        first = plain["rows"][0]
        assert first["seeds"] == {
            "0": {BASIS: 94.0, NOVEL: 83.0},
            "1": {BASIS: 94.2, NOVEL: 85.0},
        }
        assert first["summary"][BASIS] == {"mean": pytest.approx(94.1), "min": 94.0, "max": 94.2, "n": 2}
        assert first["runs"] == ["single-scale-seed-0", "single-scale-seed-1"]

    def test_compares_with_the_table_s_reference_else_with_the_first_row(self):
        scores = {name: {0: {BASIS: value}} for name, value in (("blocks-1", 1.0), ("blocks-4", 2.0))}
        pairs = [(item.row, item.reference) for item in outcome(scores, table="8").comparisons()]
        assert pairs == [("blocks-4", "blocks-1")]

    def test_compares_part_injections_with_psm_and_the_rest_with_oasis(self):
        names = ("oasis", "global-style-parts", "global-style-parts-spade", "parts")
        scores = {name: {0: {"frechet": float(i)}} for i, name in enumerate(names)}
        pairs = {item.row: item.reference for item in outcome(scores, table="3").comparisons()}
        assert pairs == {
            "global-style-parts": "oasis",
            "global-style-parts-spade": "global-style-parts",
            "parts": "oasis",
        }


VALUES = st.lists(st.floats(0, 100), min_size=2, max_size=4)


class TestWidth:
    """The width of a cell over the seeds."""

    def test_by_hand(self):
        assert width((86.0, 87.0, 89.0)) == 3.0

    def test_one_value_has_no_width(self):
        assert width((5.0,)) == 0


class TestVerdict:
    """Gap against the larger width of the two rows."""

    def test_a_gap_beyond_both_widths_is_an_ordering(self):  # means 90.5 and 89.0, widths 1 and 0.4
        found = verdict([90.0, 91.0], [88.8, 89.2], higher_is_better=True)
        assert (found.gap, found.spread, found.word) == (pytest.approx(1.5), pytest.approx(1.0), "better")

    def test_a_gap_within_the_larger_width_is_none(self):  # means 90.5 and 89.6: 0.9 < 1, though the ranges are apart
        assert verdict([90.0, 91.0], [89.5, 89.7], higher_is_better=True).word == "within the spread"

    def test_the_reference_s_width_counts_as_the_row_s_does(self):
        assert verdict([90.5, 90.5], [87.0, 91.0], higher_is_better=True).word == "within the spread"

    def test_a_gap_as_large_as_the_width_is_none(self):
        assert verdict([1.0, 2.0], [0.5, 0.5], higher_is_better=True).word == "within the spread"

    def test_smaller_distances_are_better(self):
        assert verdict([40.0, 41.0], [45.0, 46.0], higher_is_better=False).word == "better"
        assert verdict([45.0, 46.0], [40.0, 41.0], higher_is_better=False).word == "worse"

    @pytest.mark.parametrize(("row", "reference"), [([90.0], [10.0]), ([90.0, 91.0], [10.0]), ([90.0], [10.0, 11.0])])
    def test_one_seed_orders_nothing(self, row, reference):
        found = verdict(row, reference, higher_is_better=True)
        assert found.word == "one seed"
        assert not found.is_claim

    @law(row=VALUES, reference=VALUES)
    def test_exchanging_the_rows_exchanges_the_words(self, row, reference):
        other = {"better": "worse", "worse": "better"}
        there, back = (verdict(*pair, higher_is_better=True).word for pair in ((row, reference), (reference, row)))
        assert back == other.get(there, there)

    @law(row=VALUES)
    def test_a_row_is_not_ordered_against_itself(self, row):
        assert verdict(row, row, higher_is_better=True).word == "within the spread"
