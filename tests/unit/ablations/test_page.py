"""The page of a folder of ablations."""

import json

import pytest

from ipose.ablations.outcome import FORMAT
from ipose.ablations.page import mean_curves, write_page
from ipose.errors import DataError


def write_table(out, name: str, date: str = "2026-11-01") -> None:
    """A table-NAME.json without rows."""
    written = {"title": f"Table {name}", "header": ["", "seeds"], "rows": [], "sentences": []}
    table = {
        "format": FORMAT,
        "written": written,
        "settings": {},
        "rows": [],
        "pictures": {},
        "facts": [["date", date]],
    }
    (out / f"table-{name}.json").write_text(json.dumps(table))


class TestWritePage:
    """report.html shows every table-*.json of the folder."""

    def test_numbered_tables_come_first_by_their_number(self, tmp_path):
        for name in ("depth", "12", "7", "safm-3"):
            write_table(tmp_path, name)
        text = write_page(tmp_path).read_text()
        places = [text.index(f"<h2>Table {name}</h2>") for name in ("7", "12", "depth", "safm-3")]
        assert places == sorted(places)

    def test_another_file_of_such_a_name_is_refused(self, tmp_path):
        (tmp_path / "table-7.json").write_text("{}")
        with pytest.raises(DataError, match="no table of ipose ablate"):
            write_page(tmp_path)


def test_curves_are_means_over_the_runs_of_a_row(tmp_path):
    for name, loss in (("a", 1.0), ("b", 3.0)):
        (tmp_path / name).mkdir()
        record = {"step": 5, "losses": {"generator": {"gan": loss}}}
        (tmp_path / name / "metrics.jsonl").write_text(json.dumps(record) + "\n")
    curves = mean_curves({"base": [tmp_path / "a", tmp_path / "b"]})
    assert curves == [{"step": 5, "generator, gan": {"base": 2.0}}]
