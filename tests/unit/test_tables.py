"""Tables for a terminal: nothing is rounded or lost on the way."""

import pytest

from ipose.tables import percent, text_table


@pytest.mark.parametrize(
    ("share", "said"), [(0.5, "50.00"), (0.12345, "12.35"), (1.0, "100.00"), (None, "-"), (float("nan"), "-")]
)
def test_a_share_is_a_percentage_with_two_decimals_or_a_dash(share, said):
    assert percent(share) == said


class TestTextTable:
    """text_table shows cells as they are given."""

    def test_numbers_keep_their_digits(self):
        lines = text_table(("metric", "value"), [("AC", "50.10"), ("mIoU", "1e-05"), ("hash", "007")]).splitlines()
        assert [line.split() for line in lines[2:]] == [["AC", "50.10"], ["mIoU", "1e-05"], ["hash", "007"]]

    def test_the_first_column_stands_to_the_left_and_the_others_to_the_right(self):
        first, second = text_table(("metric", "value"), [("AC", "5"), ("object pixels", "100")]).splitlines()[2:]
        assert first.startswith("AC ")
        assert len(first) == len(second)
        assert first.endswith(" 5")

    def test_without_rows_it_is_a_header(self):
        assert text_table(("metric", "value"), []).split()[:2] == ["metric", "value"]
