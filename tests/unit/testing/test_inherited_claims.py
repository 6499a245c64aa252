"""A test class that only inherits says in its docstring what it inherits: nobody has to open the contract for that."""

import ast
import textwrap
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONTRACTS = ROOT / "src" / "ipose" / "testing"
TESTS = sorted((ROOT / "tests" / "unit").rglob("test_*.py"))


@cache
def contracts() -> dict[str, ast.ClassDef]:
    """The contract classes of ipose.testing by name."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in CONTRACTS.glob("*_contract.py"))
    return {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}


def claims(node: ast.ClassDef) -> list[str]:
    """Its tests' names as words."""
    return [
        item.name.removeprefix("test_").replace("_", " ")
        for item in node.body
        if isinstance(item, ast.FunctionDef) and item.name.startswith("test_")
    ]


def sentences(node: ast.ClassDef) -> list[str]:
    """What the docstring of a class says of each contract that it inherits directly; those behind it by name alone."""
    found = []
    for base in (ast.unparse(each).split(".")[-1] for each in node.bases):
        if (contract := contracts().get(base)) is not None:
            behind = [f"those of {base}" for base in map(ast.unparse, contract.bases) if base != "Contract"]
            found.append(f"Claims of {base}: {'; '.join([*claims(contract), *behind])}.")
    return found


def inheriting(tree: ast.Module) -> list[ast.ClassDef]:
    """The first class of each contract among those without tests of their own."""
    seen: set[str] = set()
    first = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test") and not claims(node):
            names = {ast.unparse(base) for base in node.bases} & contracts().keys()
            if names - seen - {"NetworkContract"}:
                first.append(node)
            seen |= names
    return first


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.relative_to(ROOT / "tests" / "unit").as_posix())
def test_a_class_without_tests_of_its_own_lists_its_contracts_claims(path):
    for node in inheriting(ast.parse(path.read_text(encoding="utf-8"))):
        said = " ".join((ast.get_docstring(node) or "").split())
        for sentence in sentences(node):
            lines = textwrap.fill(sentence, 115, initial_indent="    ", subsequent_indent="    ")
            assert sentence in said, f"{node.name}: its docstring lacks\n{lines}"
