"""The floors: a file imports from its own folder and from lower floors, never from above. Names are not shared."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "ipose"

FLOORS = {
    "reference": -1,
    **dict.fromkeys(("errors", "lazy", "configs", "seeds", "tables", "images", "whole_files", "__init__"), 0),
    **dict.fromkeys(("tensor_check", "label_spec", "objective"), 0.1),
    "part_annotations": 0.2,
    "types": 0.3,
    "weights": 0.3,
    "shapes": 1,
    **dict.fromkeys(("layers", "losses"), 2),
    **dict.fromkeys(("data", "partworld"), 3),
    "model_folder": 3.5,
    "model_writing": 3.6,
    **dict.fromkeys(("partnet", "synthesis", "groupdnet", "ganseg", "segmentation"), 4),
    "interop": 5,
    "editing": 5,
    "pipeline": 5.5,
    **dict.fromkeys(("training", "evaluation"), 6),
    "reports": 7,
    "ablations": 7.5,
    "systems": 8,
    **dict.fromkeys(("found_supports", "demo"), 9),
    "cli": 10,
    "__main__": 10.1,
    "testing": 11,
}
"""Names stand in the order of the floors, lowest first."""

SIDEWAYS = {
    ("configs", "errors"),
    ("whole_files", "errors"),
    ("__init__", "lazy"),
    ("data", "partworld"),
    ("partworld", "data"),
    ("evaluation", "training"),
    ("segmentation", "ganseg"),
}
"""Neighbours on one floor that may look at each other."""

UPWARDS = {("types", "data.scene_arrays")}
"""`Scene.from_arrays`: a named constructor that users look for at the type. It imports when it is called."""


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
        fine = fine or (here, module.removeprefix("ipose.")) in UPWARDS
        assert fine, f"{here} (floor {FLOORS[here]}) imports {module} (floor {FLOORS[there]})"


@pytest.mark.parametrize("room", ["cli", "training", "evaluation", "reports", "ablations"])
def test_commands_and_training_know_no_system_by_name(room):
    for file in sorted((SOURCE / room).rglob("*.py")):
        assert not re.search("groupdnet|ganseg", file.read_text(encoding="utf-8")), file


def test_a_class_or_loader_is_the_only_one_of_its_name():
    """The literal references are left out: they have the names of what they are references for."""
    found = [
        node.name
        for file in files()
        if "reference" not in file.parts
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and re.match("[A-Z]|load_", node.name)
    ]
    assert "load_segmenter" in found
    assert [name for name, count in Counter(found).items() if count > 1] == []


def test_the_check_sees_imports(tmp_path):
    file = tmp_path / "x.py"
    file.write_text("from ipose.cli import main\nimport ipose.training.loop\nfrom ipose import pipeline\n")
    assert [place(module) for module in imports(file)] == ["cli", "training", "pipeline"]
