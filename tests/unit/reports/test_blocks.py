"""Claims about what a report reads from files."""

import pytest

from ipose.evaluation.eval_card import EvalCard, write_card
from ipose.reports.blocks import cards_as_text, cards_table, find_cards, markdown_tables, short_table

CARD = EvalCard(
    metric="Frechet distance (features random@0123456789abcdef)",
    value=12.3456789,
    protocol="images",
    resize="none",
    counts={"images": 4, "real": 5},
    features="random@0123456789abcdef",
    notes=("few samples",),
    baselines={"copy": 20.5},
)

MARKDOWN = """# Table 8: attention blocks

Some words.

| blocks | **AC** | published |
|---|---:|:---|
| 1 | `85.0` | 94.10 |
| 3 | 86.1 | 94.38 |
| torn |

- Two seeds.
- No order is claimed.

no | table | here
"""


class TestCards:
    """Whatever lies in cards/ is shown, or said why not."""

    def test_cards_are_found_in_folders_below(self, tmp_path):
        (tmp_path / "objects").mkdir()
        write_card(CARD, tmp_path / "objects" / "frechet.json")
        (tmp_path / "torn.json").write_text("{")
        cards, faults = find_cards(tmp_path)
        assert [path for path, _ in cards] == ["objects/frechet.json"]
        assert len(faults) == 1
        assert "torn.json" in faults[0]

    def test_a_folder_that_is_not_there_has_none(self, tmp_path):
        assert find_cards(tmp_path / "cards") == ([], [])

    def test_the_table_shows_what_decides_whether_numbers_compare(self):
        (row,) = cards_table([("a.json", CARD)]).rows
        assert list(row[:3]) == ["Frechet distance, lower is better", "12.3457", "20.5 copy"]
        assert list(row[3:]) == ["images", "random@0123456789ab", "4 images, 5 real", "few samples", "a.json"]

    def test_a_terminal_gets_metric_value_and_counts(self):
        lines = cards_as_text([CARD]).splitlines()
        assert lines[0].split() == ["metric", "value", "of"]
        assert " ".join(lines[-1].split()) == "Frechet distance, lower is better 12.3457 4 images, 5 real"

    def test_the_short_table_says_each_note_once(self):
        table = short_table([CARD, CARD])
        assert [list(row) for row in table.rows] == [
            ["Frechet distance, lower is better", "12.3457", "4 images, 5 real"]
        ] * 2
        assert table.caption == "Few samples."


class TestMarkdownTables:
    """Pipe tables become tables; all else is left."""

    def test_header_rows_and_title(self, tmp_path):
        (tmp_path / "table-8.md").write_text(MARKDOWN)
        (table,) = markdown_tables(tmp_path / "table-8.md")
        assert table.title == "Table 8: attention blocks"
        assert list(table.header) == ["blocks", "AC", "published"]
        assert table.caption == "Two seeds. No order is claimed."
        assert [list(row) for row in table.rows] == [["1", "85.0", "94.10"], ["3", "86.1", "94.38"]]

    def test_headings_are_short_the_list_below_names_the_networks(self, tmp_path):
        text = "| | FID | KD (features random@7b) ↓ |\n|---|---|---|\n| a | 1 | 2 |\n\n- Features random@7b.\n"
        (tmp_path / "table-3.md").write_text(text)
        (table,) = markdown_tables(tmp_path / "table-3.md")
        assert (list(table.header), table.caption) == (["", "FID", "KD ↓"], "Features random@7b.")

    @pytest.mark.parametrize("text", ["", "words", "| a |\n", "| a | b |\n| 1 | 2 |\n| 3 | 4 |\n"])
    def test_what_is_no_table_gives_none(self, tmp_path, text):
        (tmp_path / "table-1.md").write_text(text)
        assert markdown_tables(tmp_path / "table-1.md") == []
