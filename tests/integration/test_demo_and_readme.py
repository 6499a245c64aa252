"""The demo ends with a page worth looking at, and the README's lines do what it says, in its order."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from ipose import demo
from ipose.cli.main import main, parse
from ipose.training.run import Run

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"(?P<note><!--[^>]*-->\n)?```(?P<language>python|bash)\n(?P<code>.*?)```", re.DOTALL)


def blocks() -> list[re.Match[str]]:
    return list(BLOCK.finditer(README.read_text(encoding="utf-8")))


def ipose_lines(code: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in code.splitlines() if line.startswith("ipose ")]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder in which somebody ran `ipose demo`, on fewer scenes and for seconds."""
    folder = tmp_path_factory.mktemp("readme")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        few = replace(demo.demo_data(0), scenes=24, val_scenes=24)
        patch.setattr(demo, "demo_data", lambda seed: few)
        main(["demo", "--partnet-minutes", "0.02", "--synthesis-minutes", "0.02"])
    return folder


class TestDemo:
    """`ipose demo` leaves two runs and a page."""

    def test_leaves_two_runs(self, workplace):
        assert Run.open(workplace / "ipose-demo" / "partnet").kind == "partnet"
        assert Run.open(workplace / "ipose-demo" / "synthesis").kind == "synthesis"

    def test_the_page_shows_eight_scenes_novel_ones_apart_and_curves(self, workplace):
        page = (workplace / "ipose-demo" / "report.html").read_text(encoding="utf-8")
        assert page.count("seed 2") >= 8
        assert page.index("Label map in, image out") < page.index("Novel categories in scenes")
        for words in ("true parts", "inferred parts", "instances", "Supports: cat", "PartNet&#39;s training"):
            assert words in page

    def test_the_page_says_where_settings_leave_the_paper(self, workplace):
        page = (workplace / "ipose-demo" / "report.html").read_text(encoding="utf-8")
        assert "yes, paper: 32, 64, 64, 96" in page

    def test_refuses_a_folder_that_holds_something(self, workplace, capsys):
        with pytest.raises(SystemExit) as exit_:
            main(["demo", "--out", str(workplace / "ipose-demo")])
        assert exit_.value.code == 2
        assert "--out" in capsys.readouterr().err


class TestReadme:
    """A reader types what stands there, from top to bottom, and it works."""

    def test_begins_with_the_two_lines(self):
        first, second = (block["code"].strip() for block in blocks()[:2])
        assert README.read_text(encoding="utf-8").startswith("```bash")
        assert first == "python -m venv .venv && .venv/bin/pip install . && .venv/bin/ipose demo"
        assert second == "python -m venv .venv && .venv/bin/pip install nox && .venv/bin/nox -s tests"

    @pytest.mark.parametrize("line", [line for block in blocks() for line in ipose_lines(block["code"])], ids=" ".join)
    def test_every_command_is_one_that_ipose_takes(self, line):
        assert callable(parse(line).run)

    def test_the_story_runs_from_top_to_bottom(self, workplace, monkeypatch):
        monkeypatch.chdir(workplace)
        names: dict[str, object] = {}
        for block in blocks()[2:]:
            if block["language"] == "python":
                exec(compile(block["code"], "README.md", "exec"), names)
            elif not block["note"]:
                for line in ipose_lines(block["code"]):
                    main(line)
        assert (workplace / "parts" / "sheet.png").is_file()
        assert len(list((workplace / "images").glob("*_seed*.png"))) == 8
