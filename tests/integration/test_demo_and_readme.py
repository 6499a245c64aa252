"""The demo ends with a page worth looking at, and the lines of README and docs do what is said, in their order."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ipose.cli.main import main, parse
from ipose.demo import training
from ipose.demo.tour import NEXT
from ipose.training.run import Run

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"(?P<note><!--[^>]*-->\n)?```(?P<language>python|bash)\n(?P<code>.*?)```", re.DOTALL)

STORIES = ["README.md", *(f"docs/{page}.md" for page in ("start", "own-category", "own-data", "own-code", "own-model"))]
STORIES += [f"docs/{page}.md" for page in ("authors-weights", "edit", "judge", "ganseg", "groupdnet")]
"""Pages that a reader follows from top to bottom, in a folder where `ipose demo --train` was run, and in no
other page's."""

RECORDS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "results").glob("*.md"))
RECORDS += ["docs/export.md"]  # minutes; tests/integration/test_export.py runs its example
"""Pages that say which commands were run: they are parsed, not run."""

OWN = ("own-data", "own-category", "own-code", "own-model")
"""Pages that make all that they need. In `nox -s thorough` their every command runs, from an empty folder."""

SHORTER = (
    (r"^ipose demo --train$", "cp -r {demo} ."),
    (r"--preset half --max-minutes 60 --schedule-by-clock", "--preset toy --steps 2"),
    (r"--steps \d+", "--steps 2"),
    (r"--seeds 0 1", "--seeds 0"),
    (r"--partnet partworld", "--partnet partworld --scenes 24 --val-scenes 8"),
)
"""What takes hours, and what runs in its place."""

LEAVES = {
    "docs/start.md": ["images/val_0_000000_sheet.png"],
    "docs/own-category.md": ["parts/mushroom_part.png", "parts/mushroom_attention.png", "parts/sheet.png"],
    "docs/own-data.md": ["my-mushrooms/sheet.png"],
    "docs/edit.md": ["edited/val_0_000000_sheet.png"],
    "docs/judge.md": ["cards.png"],
}
"""Files that a page says its commands leave."""

OTHER_PAGES = {"docs/index.md", "docs/architecture.md", "docs/decisions.md"} | {
    f"docs/paper-vs-release{system}.md" for system in ("", "-ganseg")
}
"""Pages without commands."""


def blocks(page: str = "README.md") -> list[re.Match[str]]:
    return list(BLOCK.finditer((ROOT / page).read_text(encoding="utf-8")))


def ipose_lines(code: str) -> list[list[str]]:
    """The words of each line that begins with `ipose`, long lines joined, comments and loops left out."""
    lines = code.replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("ipose ") and "$" not in line]


def is_ipose_alone(code: str) -> bool:
    """Whether a block of bash needs no shell: every line is an `ipose` command or a comment."""
    lines = [line for line in code.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    return len(lines) == len(ipose_lines(code))


def all_commands() -> list[list[str]]:
    return [line for page in (*STORIES, *RECORDS) for block in blocks(page) for line in ipose_lines(block["code"])]


def shortened(code: str, demo: Path | str) -> str:
    """A block of bash, with `SHORTER` in the place of what takes hours; `demo` = a folder of `ipose demo --train`."""
    for pattern, shorter in SHORTER:
        code = re.sub(pattern, shorter.format(demo=demo), code, flags=re.MULTILINE)
    return code


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder in which somebody ran `ipose demo --train`, on fewer scenes and for seconds."""
    folder = tmp_path_factory.mktemp("readme")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        few = replace(training.demo_data(0), scenes=24, val_scenes=24)
        patch.setattr(training, "demo_data", lambda seed: few)
        main(["demo", "--train", "--partnet-minutes", "0.02", "--synthesis-minutes", "0.02"])
    return folder


class TestDemo:
    """`ipose demo --train` leaves two runs and a page."""

    def test_leaves_two_runs(self, workplace):
        assert Run.open(workplace / "ipose-trained" / "partnet").kind == "partnet"
        assert Run.open(workplace / "ipose-trained" / "synthesis").kind == "synthesis"

    def test_the_page_shows_eight_scenes_novel_ones_apart_and_curves(self, workplace):
        page = (workplace / "ipose-trained" / "report.html").read_text(encoding="utf-8")
        assert page.count("seed 2") >= 8
        assert page.index("Label map in, image out") < page.index("Novel categories in scenes")
        for words in ("true parts", "inferred parts", "instances", "Supports: cat", "PartNet&#39;s training"):
            assert words in page

    def test_the_page_says_where_settings_leave_the_paper(self, workplace):
        page = (workplace / "ipose-trained" / "report.html").read_text(encoding="utf-8")
        assert "yes, paper: 32, 64, 64, 96" in page

    @pytest.mark.parametrize("more", [[], ["--train"]])
    def test_refuses_a_folder_that_holds_something(self, workplace, capsys, more):
        with pytest.raises(SystemExit) as exit_:
            main(["demo", *more, "--out", str(workplace / "ipose-trained")])
        assert exit_.value.code == 2
        assert "--out" in capsys.readouterr().err


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    out = tmp_path_factory.mktemp("tour") / "demo"
    main(["demo", "--out", str(out)])
    return (out / "report.html").read_text(encoding="utf-8")


class TestTour:
    """`ipose demo` shows what the bundled model makes, in a minute."""

    def test_goes_from_a_label_map_to_parts_images_an_edit_and_a_new_category(self, tour):
        steps = (
            "1. Label map in, image out",
            "2. Change a part",
            "3. A new category from three drawings",
            "5. What to",
        )
        places = [tour.index(step) for step in steps]
        assert places == sorted(places)
        assert tour.count("seed 2") >= 9
        assert "Supports: cat" in tour

    def test_needs_nothing_outside_the_page(self, tour):
        assert not re.search(r"(src|href)=.(?!data:|#)", tour)

    @pytest.mark.parametrize("line", [line for line in NEXT.splitlines() if line != "ipose --help"])
    def test_what_to_type_next_can_be_typed(self, tour, line):
        assert line.split("  ")[0] in tour
        assert callable(parse(shlex.split(line, comments=True)[1:]).run)


class TestPages:
    """A reader types what stands in the README or on a page of the docs, from top to bottom, and it works."""

    def test_the_readme_begins_with_the_two_lines(self):
        first, second = (block["code"].strip() for block in blocks()[:2])
        assert README.read_text(encoding="utf-8").startswith("```bash")
        assert first == "python -m venv .venv && .venv/bin/pip install . && .venv/bin/ipose demo"
        assert second == "python -m venv .venv && .venv/bin/pip install nox && .venv/bin/nox -s tests"

    def test_the_readme_is_short(self):
        assert len(README.read_text(encoding="utf-8").splitlines()) <= 200

    def test_every_page_is_known_here(self):
        pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")}
        assert pages == (set(STORIES) | OTHER_PAGES | {"docs/export.md"}) - {"README.md"}
        assert not any(blocks(page) for page in OTHER_PAGES)

    @pytest.mark.parametrize("line", {" ".join(line): line for line in all_commands()}.values(), ids=" ".join)
    def test_every_command_is_one_that_ipose_takes(self, line):
        assert callable(parse(line).run)

    @pytest.mark.parametrize("page", STORIES)
    def test_every_block_of_python_compiles(self, page):
        for block in blocks(page):
            if block["language"] == "python":
                compile(block["code"], page, "exec")

    @pytest.mark.parametrize("page", STORIES)
    def test_a_page_runs_from_top_to_bottom(self, page, workplace, tmp_path, monkeypatch):
        shutil.copytree(workplace / "ipose-trained", tmp_path / "ipose-trained")
        monkeypatch.chdir(tmp_path)
        names: dict[str, object] = {}
        for block in blocks(page):
            if block["note"]:
                continue
            if block["language"] == "python":
                exec(compile(block["code"], page, "exec"), names)
            else:
                for line in ipose_lines(block["code"]):
                    main(line)
        for file in LEAVES.get(page, ()):
            assert (tmp_path / file).is_file(), f"{page} says that it leaves {file}"

    @pytest.mark.parametrize("page", OWN)
    def test_every_training_of_a_page_that_is_run_from_an_empty_folder_is_made_short(self, page):
        for block in blocks(f"docs/{page}.md"):
            for line in ipose_lines(shortened(block["code"], "demo")):
                if line[0] in ("train", "ablate") or "--train" in line:
                    assert line[line.index("--steps") + 1] == "2", f"{' '.join(line)} trains for hours"

    def test_a_command_line_is_read_as_a_shell_reads_it(self):
        code = "ipose info a \\\n  --b 'c d'   # why\nfor x in 1 2; do\n  ipose info $x\ndone\n"
        assert ipose_lines(code) == [["info", "a", "--b", "c d"]]


@pytest.fixture
def shell(tmp_path, few_passes):
    """Runs a block of bash in which `ipose` and `pytest` are those of this Python; training is short.

    `ipose` alone runs in this process: most of a short command is the import of torch.
    """
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in ("ipose", "pytest"):
        (bin_ / name).write_text(
            f'#!/bin/bash\nPYTHONPATH="{ROOT / "src"}:$PYTHONPATH" exec "{sys.executable}" -m {name} "$@"\n'
        )
        (bin_ / name).chmod(0o755)

    def run(code, demo):
        code = shortened(code, demo)
        if is_ipose_alone(code.replace("export PYTHONPATH=.\n", "")):  # the page's folder is in sys.path
            for line in ipose_lines(code):
                main(line)
            return ""
        path = f"{bin_}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-e", "-c", code], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{code}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    return run


@pytest.mark.slow
class TestOwnThingsFromAnEmptyFolder:
    """Every command and every block of Python of a page, in order, in a folder with only what the page makes."""

    @pytest.mark.parametrize("page", OWN)
    def test_a_page_needs_nothing_but_itself(self, page, workplace, shell, tmp_path, monkeypatch):
        folder = tmp_path / "empty"
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(folder)
        names, said = {}, ""
        for block in blocks(f"docs/{page}.md"):
            note = block["note"] or ""
            if "needs" in note or "compiled" in note:
                continue
            if block["language"] == "python":
                exec(compile(block["code"], page, "exec"), names)
            else:
                said += shell(block["code"], workplace / "ipose-trained")
        if page == "own-model":
            assert said.count("A claim of the paper's method does not hold") == 2
            table = (folder / "ablations" / "table-11.md").read_text(encoding="utf-8")
            assert "predicted parts, block my_idea:PerChannelBlock (own-block)" in table
