"""report.html of any run."""

import json

import pytest
import torch

from ipose.data.png import write_photo
from ipose.errors import DataError, RunError
from ipose.evaluation.eval_card import EvalCard, write_card
from ipose.evaluation.image_sets import ImageFile
from ipose.reports.page import Section
from ipose.systems.reporting import (
    SHOWN,
    RunPage,
    config_of,
    files_sections,
    images_section,
    progress_of,
    settings_section,
    with_data,
    write_judged_page,
    write_run_report,
)
from ipose.training.metrics import append_metrics

LOSSES = {"step": 40, "seconds": 90.0, "losses": {"line": {"fit": 0.5}}, "learning_rates": {"line": 0.1}}


@pytest.fixture
def shown(stranger):
    """A system whose page has two sections."""

    def page(run):
        settings = settings_section(config_of(run, "line", stranger.record.config), stranger.record.config())
        return RunPage([Section("First"), Section("Second")], settings, lead=", with a ruler", curves="How it went.")

    stranger.define(page=page)
    return stranger.register(title="A line", page="stranger:page")


class TestReport:
    """The system's sections, then what lies in the run, the curves, and the settings."""

    def test_the_order(self, stranger, shown, tmp_path):
        run = stranger.run(tmp_path / "run", line={"slope": 5.0})
        append_metrics(run.metrics, LOSSES)
        card = EvalCard(metric="Straightness", value=0.5, protocol="by eye", resize="none", counts={})
        (run.folder / "cards").mkdir()
        write_card(card, run.folder / "cards" / "a.json")
        (tmp_path / "table-1.md").write_text("# Slopes\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
        assert write_run_report(run) == run.report
        text = run.report.read_text()
        titles = ("First", "Second", "Eval cards", "Ablations", "Training", "Settings")
        places = [text.index(f">{title}<") for title in titles]
        assert places == sorted(places)
        assert "<title>A line: run" in text
        assert "Trained 40 steps in 1.5 minutes on 6 points, with a ruler." in text
        assert "How it went." in text
        assert "yes, paper: 2" in text  # the slope

    def test_a_training_without_a_step_has_no_curves(self, stranger, shown, tmp_path):
        text = write_run_report(stranger.run(tmp_path / "run", line={})).read_text()
        assert "Trained 0 steps" in text
        assert "How it went." not in text

    def test_a_system_without_a_page_says_what_to_do(self, stranger, tmp_path):
        stranger.register(instead="Take a ruler.")
        with pytest.raises(RunError, match=r"no report is made of such a run: found line\. Take a ruler\."):
            write_run_report(stranger.run(tmp_path / "run"))

    def test_a_run_that_does_not_say_how_it_was_made(self, stranger, shown, tmp_path):
        with pytest.raises(RunError, match=r"run\.json.*found no 'line'"):
            write_run_report(stranger.run(tmp_path / "run"))


class TestBlocks:
    """What pages are made of."""

    def test_where_data_are_gone_the_page_says_so(self):
        def gone():
            raise DataError("no such data folder", file="somewhere")

        (section,) = with_data(gone)
        assert section.title == "The validation data are not here"
        assert "somewhere" in section.text
        assert with_data(lambda: [Section("There")]) == [Section("There")]

    def test_settings_that_the_data_decide_are_not_compared(self, stranger):
        config = stranger.record.config
        section = settings_section(config(slope=5.0, points=7), config(), leave_out=("points",))
        rows = {row[0]: row[2] for row in section.blocks[0].rows}
        assert rows == {"slope": "yes, paper: 2", "points": ""}

    def test_progress_is_of_the_last_line_with_losses(self, stranger, tmp_path):
        run = stranger.run(tmp_path / "run")
        assert progress_of(run) == (0, 0.0)
        for record in (LOSSES, {"step": 50, "seconds": 99.0, "validation": {"x": 1.0}}):
            append_metrics(run.metrics, record)
        assert progress_of(run) == (40, 90.0)

    def test_a_file_among_the_cards_that_is_none_is_named(self, tmp_path):
        (tmp_path / "run" / "cards").mkdir(parents=True)
        (tmp_path / "run" / "cards" / "notes.json").write_text(json.dumps({"a": 1}))
        (section,) = files_sections(tmp_path / "run")
        assert (section.title, section.blocks) == ("Eval cards", [])
        assert "Left out: " in section.text
        assert "notes.json" in section.text


def test_it_shows_the_cards_of_its_folder_what_is_missing_and_the_images(tmp_path):
    card = EvalCard(metric="Straightness", value=0.5, protocol="by eye", resize="none", counts={"lines": 1})
    write_card(card, tmp_path / "a.json")
    (tmp_path / "earlier").mkdir()
    write_card(EvalCard(**{**vars(card), "metric": "Of earlier weights"}), tmp_path / "earlier" / "a.json")
    model = tmp_path / "models" / "line"
    path = write_judged_page(tmp_path, "Line", model, "my data", ["No curvature."], [Section("Some images")])
    page = path.read_text()
    for words in ("Line: line", "my data", "Straightness", "0.5", "No curvature.", "Some images"):
        assert words in page
    assert "Of earlier weights" not in page


def test_images_are_taken_from_all_over(tmp_path):
    files = [ImageFile(f"{i}", 0, tmp_path / f"{i}.png") for i in range(3 * SHOWN)]
    for file in files:
        write_photo(file.path, torch.zeros(3, 4, 4, dtype=torch.uint8))
    section = images_section(files)
    assert [tile.caption for tile in section.blocks[0].tiles] == [f"{i}" for i in range(0, 3 * SHOWN, 3)]
