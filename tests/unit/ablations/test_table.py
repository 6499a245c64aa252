"""A table is a grid: rows are chosen by name, and numbers are written as the metric says."""

import pytest

from ipose.ablations.table import AblationTable, Metric, Row
from ipose.errors import ConfigError

ERROR = Metric(key="error", title="error", higher_is_better=False, percent=False)
ROWS = tuple(Row(name=name, title=name) for name in ("shallow", "deep", "wide"))
TABLE = AblationTable(name="depth", title="Depth", metrics=(ERROR,), rows=ROWS, reference="deep", published_on="us")


class TestSubset:
    """Some rows of a table."""

    def test_stands_in_the_table_s_order(self):
        assert [row.name for row in TABLE.subset(("wide", "shallow"))] == ["shallow", "wide"]

    def test_of_no_names_is_the_whole_table(self):
        assert TABLE.subset(()) == ROWS

    def test_an_unknown_row_is_refused_with_the_known_ones(self):
        with pytest.raises(ConfigError, match="table depth has no such row: found tall, expected shallow, deep, wide"):
            TABLE.subset(("deep", "tall"))


def test_percentages_have_two_decimals_and_distances_four_digits():
    assert Metric(key="ac", title="AC").text(94.3) == "94.30"
    assert ERROR.text(0.0123456) == "0.01235"
