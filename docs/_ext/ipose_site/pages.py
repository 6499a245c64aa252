"""The page of each core module: what it computes, what its tests claim, a number counted by hand, a picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ipose_site.claims import Claim, Group, contract_classes, read_claims
from ipose_site.docstrings import as_markdown, code_block, escape
from ipose_site.figures import Figure
from ipose_site.reading import Module, PublicName, read_imports, read_module
from ipose_site.results import Results, result_of

ROOMS = ("shapes", "layers", "losses", "partnet", "synthesis", "groupdnet", "ganseg", "segmentation", "evaluation")
"""Rooms whose modules have pages, in the order of the site's menu."""


@dataclass(frozen=True)
class Page:
    """A module with the groups of claims about it."""

    module: Module
    room: str
    groups: tuple[Group, ...]
    used_by: tuple[str, ...]

    @property
    def name(self) -> str:
        """The module's own name."""
        return self.module.path.stem


def write_pages(root: Path, folder: Path, figures: Mapping[str, Figure], results: Results) -> None:
    """Write `folder`/modules/<room>/<module>.md, an index a room, and one over all."""
    modules = folder / "modules"
    used = {path.relative_to(folder) for path in modules.rglob("*.md")} if modules.is_dir() else set()
    written = set()
    for room in ROOMS:
        pages = read_room(root, room)
        for page in pages:
            written.add(_write(folder, f"modules/{room}/{page.name}.md", page_text(page, figures, results)))
        written.add(_write(folder, f"modules/{room}/index.md", "\n\n".join(_room_index(root, room, pages)) + "\n"))
    written.add(_write(folder, "modules/index.md", "\n\n".join(_all_rooms(root)) + "\n"))
    for old in used - written:
        (folder / old).unlink()


def write_if_new(path: Path, text: str) -> None:
    """Leave a file alone that says so already: Sphinx reads changed files only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _write(folder: Path, name: str, text: str) -> Path:
    write_if_new(folder / name, text)
    return Path(name)


def read_room(root: Path, room: str) -> list[Page]:
    """The pages of a room's modules, by name."""
    source, tests = root / "src" / "ipose" / room, root / "tests" / "unit" / room
    paths = [path for path in sorted(source.glob("*.py")) if path.stem != "__init__"]
    contracts = contract_classes(root / "src" / "ipose" / "testing")
    claims = {path: read_claims(path, root, contracts) for path in sorted(tests.glob("test_*.py"))}
    own = {f"test_{path.stem}.py" for path in paths}
    strays = {path: groups for path, groups in claims.items() if path.name not in own}
    exports = _exports(source / "__init__.py")
    pages = []
    for path in paths:
        module = read_module(path, root / "src")
        groups = claims.get(tests / f"test_{path.stem}.py", [])
        for stray, others in strays.items():
            names = _names_from(stray, module.dotted, exports)
            groups = [*groups, *(group for group in others if names & group.names)]
        pages.append(Page(module, room, tuple(groups), tuple(_users(source.parent).get(module.dotted, ()))))
    return pages


def _exports(init: Path) -> dict[str, str]:
    """Name -> module that a room's `__init__` takes it from."""
    return {own: module for module, name, own in read_imports(init) if name}


def _names_from(path: Path, module: str, exports: Mapping[str, str]) -> frozenset[str]:
    """What a file calls the things that it takes from a module, itself or by way of the module's room."""
    room = module.rpartition(".")[0]
    found = [(exports.get(name, "") if origin == room else origin, own) for origin, name, own in read_imports(path)]
    return frozenset(own for origin, own in found if origin == module)


@cache
def _users(package: Path) -> Mapping[str, list[str]]:
    """Of each module, those in rooms that import it, but for contracts and references."""
    users: dict[str, list[str]] = {}
    for path in sorted(package.glob("*/**/*.py")):
        user = ".".join(path.relative_to(package).with_suffix("").parts)
        if not user.startswith(("testing", "reference")) and path.stem != "__init__":
            for module in {origin for origin, _, _ in read_imports(path)}:
                users.setdefault(module, []).append(user)
    return users


def page_text(page: Page, figures: Mapping[str, Figure], results: Results) -> str:
    """The page as Markdown."""
    return "\n\n".join(_page_blocks(page, figures, results)) + "\n"


def _page_blocks(page: Page, figures: Mapping[str, Figure], results: Results) -> Iterator[str]:
    yield f"# {page.name}"
    yield as_markdown(page.module.docstring)
    yield f"File: `src/ipose/{page.room}/{page.name}.py`"
    if figure := figures.get(f"{page.room}/{page.name}"):
        yield f"![{escape(figure.alt)}](../../figures/{figure.path.name})"
        yield f"*{escape(figure.caption)}*"
    if page.module.names:
        yield "## What it has"
    for name in page.module.names:
        yield from _name_blocks(name)
    yield "## What is claimed and tested"
    yield from _claim_blocks(page, results)
    by_hand = [claim for claim in _all_claims(page.groups) if claim.counted_by_hand]
    if by_hand:
        yield "## Counted by hand"
        yield "The expected numbers below were counted on paper, not computed by the code."
    for claim in by_hand:
        yield code_block(claim.code, "python")


def _name_blocks(name: PublicName) -> Iterator[str]:
    yield f"### {escape(name.name)}"
    yield code_block(name.signature, "python")
    if name.docstring:
        yield as_markdown(name.docstring)
    for method in name.methods:
        yield f"#### {escape(method.name)}"
        yield code_block(method.signature, "python")
        yield as_markdown(method.docstring)


def _claim_blocks(page: Page, results: Results) -> Iterator[str]:
    if not page.groups:
        users = ", ".join(f"`{user}`" for user in page.used_by[:6]) or "no other module"
        yield f"No test file has this module's name. It is tested through what uses it: {users}."
        return
    files = list(dict.fromkeys(group.file for group in page.groups))
    yield "Each line is a test's name. Tests: " + ", ".join(f"`{file}`" for file in files)
    shown: dict[str, str] = {}
    for group in page.groups:
        if group.name:
            yield f"### {escape(group.name)}"
        if group.promise:
            yield escape(group.promise)
        for contract in group.contracts:
            if contract.name in shown:
                yield (
                    f"Keeps the {len(contract.claims)} claims of `{contract.name}` as well, "
                    f"which are listed under {escape(shown[contract.name])}. "
                    f"{_badge(_together(results, group, contract))}"
                )
                continue
            shown[contract.name] = group.name
            yield f"Claims of `{contract.name}`, which any implementation must keep: {escape(contract.promise)}"
            yield "\n".join(_lines(contract.claims, results, group))
        if group.claims:
            yield "Claims of its own:" if group.contracts else ""
            yield "\n".join(_lines(group.claims, results, group))


def _lines(claims: Sequence[Claim], results: Results, group: Group) -> Iterator[str]:
    for claim in claims:
        words = f" {escape(claim.docstring)}" if claim.docstring else ""
        badge = _badge(result_of(results, group.file, group.name, claim.name))
        yield f"- {escape(claim.sentence)}{words} {badge}"


def _together(results: Results, group: Group, contract: Group) -> str:
    found = {result_of(results, group.file, group.name, claim.name) for claim in contract.claims}
    return next(word for word in ("failed", "not run here", "passed", "skipped") if word in found)


def _badge(result: str) -> str:
    return f'<span class="result {result.split()[0]}">{result}</span>'


def _all_claims(groups: Sequence[Group]) -> list[Claim]:
    claims = [c for group in groups for part in (*group.contracts, group) for c in part.claims]
    return list({claim.name: claim for claim in claims}.values())


def _room_index(root: Path, room: str, pages: Sequence[Page]) -> Iterator[str]:
    init = read_module(root / "src" / "ipose" / room / "__init__.py", root / "src")
    yield f"# {room}"
    yield escape(init.docstring.partition("\n\n")[0])
    rows = [f"| [{page.name}]({page.name}.md) | {escape(_first_sentence(page.module.docstring))} |" for page in pages]
    yield "\n".join(["| module | what it is |", "|---|---|", *rows])
    yield code_block("\n".join([":hidden:", "", *(page.name for page in pages)]), "{toctree}")


def _first_sentence(docstring: str) -> str:
    return docstring.partition("\n\n")[0]


def _all_rooms(root: Path) -> Iterator[str]:
    yield "# Module by module"
    yield (
        "Each page is made from a module and from its tests: what the module has, with its formula; what is claimed "
        "of it, each claim a test; numbers that were counted by hand; and a picture where one helps."
    )
    rows = []
    for room in ROOMS:
        init = read_module(root / "src" / "ipose" / room / "__init__.py", root / "src")
        rows.append(f"| [{room}]({room}/index.md) | {escape(init.docstring.partition(chr(10) * 2)[0])} |")
    yield "\n".join(["| room | what is in it |", "|---|---|", *rows])
    yield code_block("\n".join([":hidden:", "", *(f"{room}/index" for room in ROOMS)]), "{toctree}")
