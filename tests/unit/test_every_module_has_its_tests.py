"""Every module of the rooms of networks, losses, training and evaluation has the test file of its name."""

from pathlib import Path

import pytest

SOURCE, TESTS = Path(__file__).parents[2] / "src" / "ipose", Path(__file__).parent

ROOMS = (
    *("layers", "losses", "shapes"),
    *("partnet", "synthesis", "groupdnet", "ganseg", "segmentation"),
    *("training", "evaluation"),
)


def modules(source: Path) -> list[Path]:
    """The modules of the rooms, from the source's folder on; a table of contents has nothing to test."""
    found = [path for room in ROOMS for path in (source / room).rglob("*.py") if path.name != "__init__.py"]
    return sorted(path.relative_to(source) for path in found)


def test_file(module: Path) -> Path:
    """Where the tests of a module are, from the tests' folder on."""
    return module.with_name(f"test_{module.name}")


test_file.__test__ = False  # pytest would take it for a test


@pytest.mark.parametrize("module", modules(SOURCE), ids=Path.as_posix)
def test_a_module_has_the_test_file_of_its_name(module):
    file = TESTS / test_file(module)
    assert file.is_file(), f"no {test_file(module)}"
    assert "def test_" in file.read_text(encoding="utf-8"), f"{test_file(module)} tests nothing"


def test_every_room_has_modules():
    assert {module.parts[0] for module in modules(SOURCE)} == set(ROOMS)


def test_a_module_without_tests_is_seen(tmp_path):
    (tmp_path / "layers" / "inner").mkdir(parents=True)
    for name in ("__init__.py", "spade.py", "inner/gate.py"):
        (tmp_path / "layers" / name).touch()
    assert [test_file(module).as_posix() for module in modules(tmp_path)] == [
        "layers/inner/test_gate.py",
        "layers/test_spade.py",
    ]
