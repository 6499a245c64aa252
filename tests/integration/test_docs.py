"""The site: what it names exists, what it says of tests is what they claim, and every link leads somewhere."""

import ast
import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

_spec = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("browser.py"))
assert _spec is not None
assert _spec.loader is not None
browser = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(browser)

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

MARKDOWN_LINK = re.compile(r"\]\(([^)\s]+)\)")

FRONT_PAGE_ANSWERS = {
    "equation 5": "_generated/equations.html#ipose-eq-5",
    "the place where LabelMix's mask is drawn": "_generated/modules/losses/label_mix.html",
    "how AC is computed": "_generated/modules/evaluation/part_metrics.html",
    "what happens to a photograph between disk and loss": "architecture.html#the-way-of-a-photograph",
}
"""What a reader looks for, and the page that the front page links to."""


@pytest.fixture(scope="module")
def site():
    """The extension that makes the pages (docs/_ext)."""
    pytest.importorskip("docutils", reason="the site needs the extra `docs`")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS / "_ext")
        yield importlib.import_module("ipose_site")


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted((DOCS / "results").glob("*.md"))]


class TestSources:
    """What the pages name is there."""

    @pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
    def test_links_between_files_lead_to_files(self, page):
        for link in MARKDOWN_LINK.findall(page.read_text(encoding="utf-8")):
            path = urlsplit(link).path
            if path and not link.startswith("http") and not path.startswith("_generated/"):
                assert (page.parent / path).exists(), f"{page.name} links to {link}"

    def test_pictures_of_the_results_are_shown_or_named(self):
        text = "".join(page.read_text(encoding="utf-8") for page in pages())
        unused = [path.name for path in (DOCS / "results").glob("*.png") if path.name not in text]
        assert not unused

    def test_the_readme_shows_a_small_picture(self):
        first = re.search(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
        assert first
        assert (ROOT / first[1]).stat().st_size < 300_000


class TestEquations:
    """docs/equations.toml names things that exist."""

    def equations(self):
        equations = importlib.import_module("ipose_site.equations")
        return equations.read_equations(DOCS / "equations.toml")[2]

    def test_every_function_and_reference_can_be_imported(self, site):
        for equation in self.equations():
            assert equation.code, f"{equation.title} has no code"
            for module, name in (*equation.code, *equation.reference):
                assert hasattr(importlib.import_module(module), name), f"{equation.title}: {module} has no {name}"

    def test_references_stand_in_the_room_of_references(self, site):
        for equation in self.equations():
            assert all(module.startswith("ipose.reference.") for module, _ in equation.reference), equation.title

    def test_every_contract_is_exported(self, site):
        testing = importlib.import_module("ipose.testing")
        for equation in self.equations():
            assert all(hasattr(testing, name) for name in equation.contracts), equation.title

    def test_every_test_file_is_there_and_uses_the_contract(self, site):
        for equation in self.equations():
            assert equation.tests, f"{equation.title} has no test"
            text = "".join((ROOT / file).read_text(encoding="utf-8") for file in equation.tests)
            for contract in equation.contracts:
                assert contract in text, f"{equation.title}: no test of {contract} in {', '.join(equation.tests)}"

    def test_no_two_equations_share_an_anchor(self, site):
        anchors = [anchor for equation in self.equations() for anchor in equation.anchors]
        assert len(anchors) == len(set(anchors))

    def test_every_reference_of_an_equation_is_on_the_page(self, site):
        named = {module for equation in self.equations() for module, _ in equation.reference}
        files = {f"ipose.reference.{path.stem}" for path in (ROOT / "src" / "ipose" / "reference").glob("[a-z]*.py")}
        # attention weights alone are eq. 1 again; operations are what the networks are made of
        assert files - named <= {"ipose.reference.support_attention", "ipose.reference.operations"}


class TestArchitecture:
    """The picture of the floors shows every room, with a sentence."""

    def test_every_room_of_the_package_is_in_the_picture(self, site):
        floors = importlib.import_module("ipose_site.floors")
        source = ROOT / "src" / "ipose"
        folders = {path.name for path in source.iterdir() if path.is_dir() and any(path.glob("*.py"))}
        assert folders <= set(floors.rooms_there())

    def test_every_room_has_a_sentence(self, site):
        floors = importlib.import_module("ipose_site.floors")
        short = [room for room, sentence in floors.read_rooms().items() if len(sentence.split()) < 3]
        assert not short, "add a sentence to docs/rooms.toml, or a docstring"

    def test_the_table_of_sentences_names_no_room_that_is_gone(self, site):
        floors = importlib.import_module("ipose_site.floors")
        tomllib = importlib.import_module("tomllib")
        named = set(tomllib.loads((DOCS / "rooms.toml").read_text(encoding="utf-8")))
        assert named <= set(floors.rooms_there())


TESTS = '''
class TestBar(BarContract):
    """bar is a bar."""

    def test_matches_a_hand_count(self):
        """Two and two."""
        assert 2 + 2 == 4

    def test_is_new(self): ...

def test_of_none(): ...
'''

CONTRACT = '''
class BarContract:
    """Any bar."""

    def test_is_long(self): ...
    def test_is_new(self): ...
'''


class TestClaims:
    """A test file becomes sentences: in its order, inherited ones too, each once."""

    @pytest.fixture
    def groups(self, site, tmp_path):
        claims = importlib.import_module("ipose_site.claims")
        (tmp_path / "testing").mkdir()
        (tmp_path / "testing" / "bar.py").write_text(CONTRACT)
        (tmp_path / "test_bar.py").write_text(TESTS)
        contracts = claims.contract_classes(tmp_path / "testing")
        return claims.read_claims(tmp_path / "test_bar.py", tmp_path, contracts)

    def test_a_test_name_becomes_a_sentence(self, groups):
        assert [claim.sentence for claim in groups[0].claims] == ["Matches a hand count.", "Is new."]
        assert groups[0].claims[0].docstring == "Two and two."
        assert groups[0].promise == "bar is a bar."

    def test_a_contracts_claims_are_inherited_but_for_those_made_anew(self, groups):
        (contract,) = groups[0].contracts
        assert (contract.name, [claim.name for claim in contract.claims]) == ("BarContract", ["test_is_long"])

    def test_functions_outside_of_classes_are_claims(self, groups):
        assert [claim.name for claim in groups[1].claims] == ["test_of_none"]

    def test_hand_counts_are_told_by_their_names(self, groups):
        assert [claim.counted_by_hand for claim in groups[0].claims] == [True, False]

    def test_results_come_from_a_junit_file_alone(self, site, tmp_path):
        results = importlib.import_module("ipose_site.results")
        place = 'classname="tests.unit.test_bar.TestBar"'
        cases = f'<testcase {place} name="test_a[1]"/><testcase {place} name="test_a[2]"><failure/></testcase>'
        (tmp_path / "r.xml").write_text(f'<x>{cases}<testcase {place} name="test_b"><skipped/></testcase></x>')
        found = results.read_results(tmp_path / "r.xml")
        words = [results.result_of(found, "tests/unit/test_bar.py", "TestBar", f"test_{name}") for name in "abc"]
        assert words == ["failed", "skipped", "not run here"]


class TestModulePages:
    """A page for each core module, from its file and its tests."""

    def test_every_module_of_the_core_rooms_has_a_page(self, site):
        made = importlib.import_module("ipose_site.pages")
        for room in made.ROOMS:
            files = {path.stem for path in (ROOT / "src" / "ipose" / room).glob("[a-z]*.py")}
            assert {page.name for page in made.read_room(ROOT, room)} == files

    def test_a_page_holds_formula_claims_and_hand_count(self, site):
        made = importlib.import_module("ipose_site.pages")
        (page,) = (page for page in made.read_room(ROOT, "shapes") if page.name == "geometric_score")
        text = made.page_text(page, {}, {})
        for words in ("sum((a - b)^2) / max(sum(a), sum(b))", "Lies between 0 and 2.", "not run here", "8 / 8"):
            assert words in text

    def test_tests_of_a_module_may_stand_in_a_file_of_another_name(self, site):
        made = importlib.import_module("ipose_site.pages")
        (page,) = (page for page in made.read_room(ROOT, "losses") if page.name == "kl")
        assert [group.name for group in page.groups] == ["TestKLDivergence"]

    def test_a_docstring_becomes_markdown_that_shows_its_signs(self, site):
        docstrings = importlib.import_module("ipose_site.docstrings")
        shown = docstrings.as_markdown("x * y_z of `a*b`.\n\nArgs:\n    a: one <- two\n        and three.\n")
        assert docstrings.as_markdown("a says *where*, not a*b* c.") == "a says *where*, not a\\*b\\* c."
        assert shown == "x \\* y\\_z of `a*b`.\n\n**Args**\n\n- `a`: one &lt;- two and three."

    def test_figures_are_of_modules_that_exist(self, site):
        figures = importlib.import_module("ipose_site.figures")
        assert all((ROOT / "src" / "ipose" / f"{module}.py").is_file() for module in figures.DRAWINGS)

    def test_the_generator_imports_nothing_that_it_reads(self):
        for name in ("reading", "claims", "pages", "equations", "floors", "docstrings", "results"):
            tree = ast.parse((DOCS / "_ext" / "ipose_site" / f"{name}.py").read_text(encoding="utf-8"))
            modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert not any(module.split(".")[0] in ("ipose", "torch") for module in modules), name


class Page(HTMLParser):
    """Links, anchors and outside resources of a built page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.resources: list[str] = []
        self.pictures_without_words = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag in ("img", "script", "iframe", "source") and "src" in found:
            self.resources.append(found["src"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload", "preconnect"):
            self.resources.append(found.get("href", ""))
        self.pictures_without_words += tag == "img" and not found.get("alt")


def broken_links(built: dict[Path, Page]) -> list[str]:
    """Links inside the site that lead to no file, or to no anchor of a page."""
    broken = []
    for path, page in built.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or not (parts.path or parts.fragment):
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = built[there].anchors if there in built else set()
            if not (there in built or there.is_file()):
                broken.append(f"{path.name} -> {link}")
            elif parts.fragment and there in built and unquote(parts.fragment) not in anchors:
                broken.append(f"{path.name} -> {link}: no such anchor")
    return broken


def test_a_broken_link_and_a_broken_anchor_are_seen(tmp_path):
    links = "".join(
        f'<a href="{link}">x</a>' for link in ("b.html#here", "b.html#gone", "c.html", "#top", "https://x.y")
    )
    built = {tmp_path / "a.html": Page(links), tmp_path / "b.html": Page('<h2 id="here">x</h2>')}
    assert broken_links(built) == [
        "a.html -> b.html#gone: no such anchor",
        "a.html -> c.html",
        "a.html -> #top: no such anchor",
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    for name in ("sphinx", "furo", "myst_parser"):
        pytest.importorskip(name, reason="the site needs the extra `docs`")
    folder = tmp_path_factory.mktemp("site")
    words = ["-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(folder), "-d", str(folder / ".trees")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MPLBACKEND": "Agg"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}


@pytest.mark.slow
class TestBuiltSite:
    """`nox -s docs`: no warning, no broken link, nothing from the network."""

    def test_every_link_and_anchor_leads_somewhere(self, built):
        assert not broken_links(built)

    def test_nothing_is_loaded_from_the_network(self, built):
        outside = {resource for page in built.values() for resource in page.resources if urlsplit(resource).scheme}
        assert {resource for resource in outside if not resource.startswith("data:")} == set()
        for sheet in (front_page(built).parent / "_static").rglob("*.css"):
            text = sheet.read_text(encoding="utf-8")
            assert not re.search(r"(@import|url\()\s*['\"]?https?:", text), sheet.name

    def test_every_picture_has_words(self, built):
        assert not [path.name for path, page in built.items() if page.pictures_without_words]

    @pytest.mark.parametrize("question", FRONT_PAGE_ANSWERS)
    def test_the_front_page_links_to_the_answer(self, built, question):
        assert FRONT_PAGE_ANSWERS[question] in built[front_page(built)].links


MEASURE = """
const pages = %(pages)s, found = {}, frame = document.querySelector("iframe");
let number = 0;
frame.onload = () => {
  const page = frame.contentDocument;
  const wide = [...page.querySelectorAll("article *")].filter((e) => !e.closest("pre, .table-wrapper")
    && e.getClientRects().length && e.getBoundingClientRect().right > %(width)d + 1);
  if (%(width)d > 1000)
    wide.push(...[...page.querySelectorAll(".table-wrapper")].filter((e) => e.scrollWidth > e.clientWidth + 1));
  if (page.documentElement.scrollWidth > %(width)d || wide.length)
    found[pages[number]] = wide.map((e) => e.tagName + "." + e.className).slice(0, 3);
  number += 1;
  if (number < pages.length) frame.src = pages[number];
  else document.body.dataset.found = JSON.stringify(found);
};
frame.src = pages[0];
"""


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
def test_no_page_sticks_out(built, tmp_path, width):
    """Nothing is cut off. Code scrolls in a box of its own, and on a phone tables do so, too."""
    folder = front_page(built).parent
    script = MEASURE % {"width": width, "pages": json.dumps([path.as_uri() for path in built])}
    around = folder / "around.html"
    frame = f'<iframe width="{width}" height="800" style="border: 0"></iframe>'
    around.write_text(f"<body>{frame}<script>{script}</script>")
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--disable-web-security"]
    words += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=200000", "--window-size=1400,900"]
    command = [browser.find_browser(), *words, "--dump-dom", around.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    around.unlink()
    found = re.search(r'data-found="([^"]*)"', done.stdout)
    assert found, f"the browser measured nothing: {done.stderr[-2000:]}"
    assert json.loads(unescape(found[1])) == {}


def front_page(built: dict[Path, Page]) -> Path:
    return min((path for path in built if path.name == "index.html"), key=lambda path: len(path.parts))
