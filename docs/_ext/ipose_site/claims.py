"""What a test file claims: test names as sentences, class by class, with the claims of inherited contracts."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ipose_site.reading import body_of

HAND_COUNTS = ("hand_count", "by_hand")
"""In a test's name: its numbers were counted on paper."""


@dataclass(frozen=True)
class Claim:
    """One test: its name, its docstring ("" where there is none) and its code."""

    name: str
    docstring: str
    code: str

    @property
    def sentence(self) -> str:
        """The name in words."""
        words = self.name.removeprefix("test_").replace("_", " ")
        return words[:1].upper() + words[1:] + "."

    @property
    def counted_by_hand(self) -> bool:
        """Whether the name says so."""
        return any(words in self.name for words in HAND_COUNTS)


@dataclass(frozen=True)
class Group:
    """A test class, or the test functions between two of them.

    Args:
        name: of the class, "" for functions.
        promise: the class's docstring.
        claims: its own, in the file's order.
        contracts: those that it inherits; name, docstring and claims, nearest first.
        file: of the tests, from the repository's root.
        names: all identifiers in its code.
    """

    name: str
    promise: str
    claims: tuple[Claim, ...]
    contracts: tuple["Group", ...]
    file: str
    names: frozenset[str]


Classes = dict[str, tuple[ast.ClassDef, str]]
"""Class by name, with the source of its file."""


@cache
def contract_classes(testing: Path) -> Classes:
    """Every class of src/ipose/testing that has tests to inherit."""
    found: Classes = {}
    for path in sorted(testing.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef):
                found[node.name] = (node, source)
    return found


def read_claims(path: Path, root: Path, contracts: Classes) -> list[Group]:
    """The groups of a test file, in its order."""
    source = path.read_text(encoding="utf-8")
    tree, file = ast.parse(source), path.relative_to(root).as_posix()
    known = contracts | {node.name: (node, source) for node in tree.body if isinstance(node, ast.ClassDef)}
    groups: list[Group] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            groups.append(_group(node, source, known, file))
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            claim, names = _claim(node, source), _identifiers(node)
            if groups and not groups[-1].name:
                last = groups.pop()
                groups.append(Group("", "", (*last.claims, claim), (), file, last.names | names))
            else:
                groups.append(Group("", "", (claim,), (), file, names))
    return [group for group in groups if group.claims or group.contracts]


def _group(node: ast.ClassDef, source: str, known: Classes, file: str) -> Group:
    own = _claims(node, source)
    seen = {claim.name for claim in own}
    inherited = []
    for base, base_source in _bases(node, known):
        claims = tuple(claim for claim in _claims(base, base_source) if claim.name not in seen)
        seen |= {claim.name for claim in claims}
        if claims:
            inherited.append(Group(base.name, ast.get_docstring(base) or "", claims, (), file, frozenset()))
    promise = (ast.get_docstring(node) or "").split("Claims of ")[0].strip()  # those are listed below it, one by one
    return Group(node.name, promise, own, tuple(inherited), file, _identifiers(node))


def _bases(node: ast.ClassDef, known: Classes) -> Iterator[tuple[ast.ClassDef, str]]:
    for base in node.bases:
        name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
        if name in known:
            yield known[name]
            yield from _bases(known[name][0], known)


def _claims(node: ast.ClassDef, source: str) -> tuple[Claim, ...]:
    tests = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
    return tuple(_claim(test, source) for test in tests)


def _claim(node: ast.FunctionDef, source: str) -> Claim:
    return Claim(node.name, ast.get_docstring(node) or "", body_of(node, source))


def _identifiers(node: ast.AST) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
