"""The picture of the floors: read from the test that keeps them, drawn as boxes that fit a phone."""

import ast
import re
import tomllib
from html import escape
from itertools import groupby
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

ROOT = Path(__file__).parents[3]


def read_floors(root: Path = ROOT) -> dict[str, float]:
    """Room -> floor, from the constant FLOORS of tests/unit/test_floors.py."""
    tree = ast.parse((root / "tests" / "unit" / "test_floors.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "FLOORS":
            found: dict[str, float] = eval(  # dict.fromkeys and literals alone
                compile(ast.Expression(node.value), "FLOORS", "eval"), {"__builtins__": {}, "dict": dict}
            )
            return found
    raise ValueError("tests/unit/test_floors.py has no FLOORS")


def read_rooms(root: Path = ROOT) -> dict[str, str]:
    """Room -> one sentence: docs/rooms.toml, else the first paragraph of the room's own docstring."""
    sentences: dict[str, str] = tomllib.loads((root / "docs" / "rooms.toml").read_text(encoding="utf-8"))
    return {room: sentences.get(room) or _docstring(root / "src" / "ipose", room) for room in rooms_there(root)}


def rooms_there(root: Path = ROOT) -> list[str]:
    """Names of FLOORS that are a folder or a file of src/ipose, highest floor first."""
    source = root / "src" / "ipose"
    floors = read_floors(root)
    there = [room for room in floors if (source / room).is_dir() or (source / f"{room}.py").is_file()]
    return sorted((room for room in there if not room.startswith("__")), key=lambda room: -floors[room])


def _docstring(source: Path, room: str) -> str:
    path = source / room / "__init__.py" if (source / room).is_dir() else source / f"{room}.py"
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(words.partition("\n\n")[0].split())


def floors_html(root: Path = ROOT) -> str:
    """One box a floor, highest first; in it the rooms, each with its sentence."""
    floors, sentences = read_floors(root), read_rooms(root)
    boxes = []
    for _, rooms in groupby(rooms_there(root), key=lambda room: floors[room]):
        lines = [f'<p><span class="room">{room}</span> {_html(sentences[room])}</p>' for room in rooms]
        boxes.append(f'<div class="floor">{"".join(lines)}</div>')
    return f'<div class="floors">{"".join(boxes)}</div>'


def _html(sentence: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(sentence))


class FloorsDirective(Directive):
    """`{floors}`: the picture."""

    def run(self) -> list[nodes.Node]:
        """One node of HTML."""
        return [nodes.raw("", floors_html(), format="html")]
