"""report.html of any system's run: what the system shows, the cards and tables that lie there, and the curves."""

import json
import re
from dataclasses import replace

import pytest

from ipose.errors import DataError, RunError
from ipose.evaluation.eval_card import EvalCard, write_card
from ipose.reports.page import Section
from ipose.systems import reporting
from ipose.systems.registry import system_named, systems
from ipose.systems.reporting import RunPage, progress_of, with_data, write_run_report
from ipose.training.config import TrainConfig
from ipose.training.run import Run

WITH_REPORT = [system for system in systems() if system.page is not None]


def own_page(run: Run) -> RunPage:
    """A page of one section, made of data."""
    return RunPage(with_data(lambda: [Section("Heads", "Seen.")]), Section("Settings", ""), lead=", at night")


def page_without_data(run: Run) -> RunPage:
    def gone():
        raise DataError("no such folder", file="gone")

    return RunPage(with_data(gone), Section("Settings", ""))


@pytest.fixture
def run_of(tmp_path, monkeypatch):
    """Make a run of a system whose page is `page`, with one line of metrics."""

    def make(system, page=own_page) -> Run:
        train = TrainConfig(steps=1, batch_size=1)
        run = Run.create(tmp_path / system.name, kind=system.kind, config={}, train=train, data="2 heads")
        record = {"step": 5, "seconds": 90.0, "losses": {"generator": {"gan": 1.0}}}
        run.metrics.write_text(json.dumps(record) + "\n")
        monkeypatch.setattr(reporting, "function_named", lambda name: page)
        return run

    return make


def headings(run: Run) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", write_run_report(run).read_text())


@pytest.mark.parametrize("system", WITH_REPORT, ids=lambda system: system.name)
class TestEverySystem:
    """What no system has to see to itself."""

    def test_cards_and_tables_that_lie_there_are_shown(self, run_of, system):
        run = run_of(system)
        (run.folder / "cards").mkdir()
        card = EvalCard(metric="mIoU", value=0.25, protocol="segmentation", resize="none", counts={"images": 2})
        write_card(card, run.folder / "cards" / "miou.json")
        (run.folder.parent / "table-8.md").write_text("# Table 8\n\n| blocks | AC |\n|---|---|\n| 1 | 85.0 |\n")
        assert headings(run) == ["Heads", "Eval cards", "Ablations", "Training", "Settings"]
        assert "<td>mIoU</td>" in run.report.read_text()

    def test_without_its_data_there_is_a_report_that_says_so(self, run_of, system):
        run = run_of(system, page_without_data)
        assert headings(run) == ["The validation data are not here", "Training", "Settings"]
        assert "gone: no such folder" in run.report.read_text()

    def test_the_first_sentence_says_how_long_and_on_what(self, run_of, system):
        text = write_run_report(run_of(system)).read_text()
        assert "Trained 5 steps in 1.5 minutes on 2 heads, at night." in text
        assert f"<h1>{system.title}: {system.name}</h1>" in text


def test_a_system_without_a_report_is_refused(run_of, monkeypatch):
    system = replace(system_named("partnet"), page=None)
    monkeypatch.setattr(reporting, "system_of_run", lambda run: system)
    with pytest.raises(RunError, match="no report is made of such a run"):
        write_run_report(run_of(system))


def test_progress_is_that_of_the_last_line_with_losses(run_of):
    run = run_of(WITH_REPORT[0])
    assert progress_of(run) == (5, 90.0)
    with run.metrics.open("a") as file:
        file.write(json.dumps({"step": 6, "seconds": 99.0, "validation": {"x": 1.0}}) + "\n")
    assert progress_of(run) == (5, 90.0)
    run.metrics.write_text("")
    assert progress_of(run) == (0, 0.0)
