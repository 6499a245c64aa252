"""The page of equations, made from docs/equations.toml: each with our function, its plain loops, contract and tests."""

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ipose_site.docstrings import code_block, escape
from ipose_site.reading import body_of


@dataclass(frozen=True)
class Equation:
    """One entry of the table: see the comment at the top of equations.toml.

    `code` and `reference` are (module, name) pairs.
    """

    paper: str
    number: str
    where: str
    title: str
    formula: str
    note: str
    code: tuple[tuple[str, str], ...]
    reference: tuple[tuple[str, str], ...]
    contracts: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where in the paper: "eqs. 5, 6 (sec. 3.3)"."""
        if not self.number:
            return self.where
        return f"eq{'s' if ',' in self.number else ''}. {self.number} ({self.where})"

    @property
    def anchors(self) -> list[str]:
        """Names to link to: "ipose-eq-5", or, without a number, "ipose-" and the title's words."""
        numbers = [number.strip() for number in self.number.split(",") if number.strip()]
        words = "-".join(re.findall(r"[a-z0-9]+", self.title.lower()))
        return [f"{self.paper}-eq-{number}" for number in numbers] or [f"{self.paper}-{words}"]


def read_equations(path: Path) -> tuple[str, dict[str, str], list[Equation]]:
    """Introduction, title of each paper, and all equations."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return table["intro"].strip(), table["papers"], [_entry(p, e) for p in table["papers"] for e in table[p]]


def _entry(paper: str, entry: dict[str, object]) -> Equation:
    def names(key: str) -> list[str]:
        found = entry.get(key, [])
        assert isinstance(found, list)
        return found

    return Equation(
        paper,
        **{key: str(entry.get(key, "")).strip("\n") for key in ("number", "where", "title", "formula", "note")},
        code=tuple(_pairs(names("code"))),
        reference=tuple(_pairs(names("reference"))),
        contracts=tuple(names("contracts")),
        tests=tuple(names("tests")),
    )


def _pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    module = ""
    for name in names:
        module, _, own = name.rpartition(":") if ":" in name else (module, "", name)
        yield module, own


def equations_page(root: Path) -> str:
    """The page as Markdown; it lies in docs/_generated."""
    intro, papers, equations = read_equations(root / "docs" / "equations.toml")
    return "\n\n".join(_blocks(root, intro, papers, equations)) + "\n"


def _blocks(root: Path, intro: str, papers: dict[str, str], equations: Sequence[Equation]) -> Iterator[str]:
    yield "# Equations"
    yield intro
    for paper, title in papers.items():
        own = [equation for equation in equations if equation.paper == paper]
        yield f"## {title}"
        rows = [f"| {escape(e.place)} | [{escape(e.title)}](#{e.anchors[0]}) |" for e in own]
        yield "\n".join(["| where | what |", "|---|---|", *rows])
        for equation in own:
            yield from _entry_blocks(root, equation)


def _entry_blocks(root: Path, equation: Equation) -> Iterator[str]:
    for anchor in equation.anchors:
        yield f"({anchor})="
    yield f"### {escape(equation.title)}"
    yield f"*{escape(equation.place)}*"
    yield code_block(equation.formula, "text")
    if equation.note:
        yield escape(equation.note)
    lines = ["Code: " + ", ".join(map(_linked, equation.code))]
    loops = ", ".join(f"`{name}`" for _, name in equation.reference)
    files = ", ".join(f"`{_file(module)}`" for module in dict.fromkeys(m for m, _ in equation.reference))
    lines.append(f"In plain loops: {loops} in {files}" if loops else "In plain loops: none")
    contracts = ", ".join(f"`ipose.testing.{name}`" for name in equation.contracts)
    lines.append(f"Contract: {contracts or 'none'}")
    lines.append("Tests: " + ", ".join(f"`{file}`" for file in equation.tests))
    yield "\n".join(f"- {line}" for line in lines)
    for module, name in equation.reference:
        yield from _folded(f"{name} in plain loops", _code_of(root / _file(module), name))


def _folded(title: str, code: str) -> Iterator[str]:
    yield f'<details class="source"><summary>{title}</summary>'
    yield code_block(code, "python")
    yield "</details>"


def _linked(pair: tuple[str, str]) -> str:
    module, name = pair
    _, room, file = module.split(".")
    return f"[`{name}`](modules/{room}/{file}.md)"


def _file(module: str) -> str:
    return f"src/{module.replace('.', '/')}.py"


def _code_of(path: Path, name: str) -> str:
    source = path.read_text(encoding="utf-8")
    found = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == name]
    return body_of(found[0], source)
