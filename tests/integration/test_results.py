"""`nox -s results`: every table of docs/results is listed, and is made by commands that ipose takes."""

import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from ipose.cli.main import parse

ROOT = Path(__file__).parents[2]
RESULTS = runpy.run_path(str(ROOT / "benchmarks" / "results.py"))
TABLES = RESULTS["tables"]()
PAGES = sorted((ROOT / "docs" / "results").glob("*.md"))
OF_OTHERS = {"editing.md", "cards.md", "unsupervised-supports.md"}
"""Pages whose tables the commands of other pages make."""

COMMANDS = [(table["page"], command) for table in TABLES for command in table.get("commands", ())]


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=[command for _, command in COMMANDS])
def test_each_command_is_one_that_ipose_takes_and_stands_on_its_page(page, command):
    words = shlex.split(command)
    assert words[0] == "ipose"
    assert callable(parse(words[1:]).run)
    if words[1] in ("train", "ablate"):
        text = re.sub(r"[\s\\]+", " ", (ROOT / "docs" / "results" / page).read_text(encoding="utf-8"))
        settings = command.rpartition(" --out ")[0].split()
        assert re.search(" ".join(rf"({re.escape(word)}|\$\w+)" for word in settings), text)  # $run: a loop of the page


def test_all_are_listed_with_their_time_or_why_they_are_not_made(tmp_path, capsys):
    RESULTS["main"](["--list", "--out", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(TABLES)
    assert "README.md: The demo; editing.md; cards.md, column toy: 10 minutes" in lines
    assert "ganseg.md: GANSeg on sheep; unsupervised-supports.md, sheep: not made: takes 75 minutes" in lines
    assert "speed.md: Speed of fast and plain forms: not made: nox -s benchmarks makes it" in lines
    assert {line.split(":")[0] for line in lines} >= {page.name for page in PAGES} - OF_OTHERS
    assert any("not made: needs the data set ccp_person in" in line for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_a_table_is_made_by_its_commands_in_their_order(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr("subprocess.run", lambda words, **more: made.append((words, more["cwd"])))
    RESULTS["main"](["--out", str(tmp_path / "out"), "the demo;"])
    assert [words[3] for words, _ in made] == ["demo", "figures", "evaluate", "evaluate"]
    assert {(words[0], where) for words, where in made} == {(sys.executable, tmp_path / "out")}
