"""The floors: a file imports from its own folder and from lower floors, never from above."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "ipose"

FLOORS = {
    "errors": 0, "types": 0, "lazy": 0, "configs": 0, "__init__": 0,
    "shapes": 1, "data": 1,
    "layers": 2, "losses": 2,
    "partnet": 3, "synthesis": 3, "groupdnet": 3, "ganseg": 3, "segmentation": 3,
    "interop": 3.5,
    "editing": 4, "evaluation": 4,
    "training": 4.5, "pipeline": 4.5,
    "workflows": 4.7,
    "cli": 5, "__main__": 5.1,
    "reference": 5.5,  # literal versions read the modules that they spell out
    "testing": 6,
}  # fmt: skip

SIDEWAYS = {
    ("types", "errors"),
    ("configs", "errors"),
    ("__init__", "lazy"),
    ("data", "shapes"),
    ("pipeline", "training"),
    ("training", "pipeline"),
    ("layers", "losses"),
}
"""Neighbours on one floor that may look at each other, in one direction."""


def place(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imports(file: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "ipose":
            found += [f"{node.module}.{alias.name}" if node.module == "ipose" else node.module for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith("ipose.")]
    return found


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("file", files(), ids=lambda f: f.relative_to(SOURCE).as_posix())
def test_a_file_imports_nothing_from_above(file):
    here = file.relative_to(SOURCE).parts[0].removesuffix(".py")
    for module in imports(file):
        there = place(module)
        if there == here or (here == "__init__" and file.parent == SOURCE) or there == "__version__":
            continue
        fine = FLOORS[there] < FLOORS[here] or (here, there) in SIDEWAYS
        assert fine, f"{here} (floor {FLOORS[here]}) imports {module} (floor {FLOORS[there]})"


def test_the_check_sees_imports(tmp_path):
    file = tmp_path / "x.py"
    file.write_text("from ipose.cli import main\nimport ipose.training.loop\nfrom ipose import pipeline\n")
    assert [place(module) for module in imports(file)] == ["cli", "training", "pipeline"]
