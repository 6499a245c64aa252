"""The planted faults as data: one file a room, one table a fault.

[["layers/spade.py"]]
from = 'self.norm(x) * scale + beta'          # found exactly once in src/ipose/layers/spade.py
to = '(self.norm(x) + beta) * scale'
claim = 'layers/test_spade.py::TestSPADE::test_agrees_with_the_loops_in_float64'   # the test that notices it
equivalent = 'why nothing can notice it'      # instead of a claim, where the change changes nothing
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
UNIT = ROOT / "tests" / "unit"
DATA = Path(__file__).parent / "faults"

OTHER_TESTS: dict[str, list[str]] = tomllib.loads((DATA / "tests.toml").read_text(encoding="utf-8"))
"""The test files of the modules that have other ones than `<room>/test_<module>.py`, from tests/unit on."""


@dataclass(frozen=True)
class Fault:
    """One wrong version of one module.

    Args:
        file: the module, from src/ipose on.
        find: a piece of its source, found exactly once.
        put: what stands there instead.
        claim: the test that notices it, from tests/unit on. None = not known.
        equivalent: why nothing can notice it. None = something should.
    """

    file: str
    find: str
    put: str
    claim: str | None = None
    equivalent: str | None = None

    @property
    def tests(self) -> tuple[str, ...]:
        """The module's own test files, from tests/unit on."""
        path = Path(self.file)
        return tuple(OTHER_TESTS.get(self.file, [path.with_name(f"test_{path.name}").as_posix()]))

    def planted(self) -> str:
        """The module's source with the fault. ValueError: the piece to replace is not there exactly once."""
        source = (SOURCE / "ipose" / self.file).read_text(encoding="utf-8")
        if source.count(self.find) != 1:
            raise ValueError(f"{self.file}: found {source.count(self.find)} times, expected once: {self.find!r}")
        return source.replace(self.find, self.put)


def fault_files() -> list[Path]:
    """The files of the faults, one a room."""
    return sorted(path for path in DATA.glob("*.toml") if path.name != "tests.toml")


def read_faults(path: Path) -> list[Fault]:
    """The faults of one file, in its order."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        Fault(file, entry["from"], entry["to"], entry.get("claim"), entry.get("equivalent"))
        for file, entries in tables.items()
        for entry in entries
    ]


def write_faults(path: Path, faults: list[Fault]) -> None:
    """The same faults with their present claims."""
    lines = []
    for fault in faults:
        lines += [f'[["{fault.file}"]]', f"from = {_quoted(fault.find)}", f"to = {_quoted(fault.put)}"]
        for key, value in (("claim", fault.claim), ("equivalent", fault.equivalent)):
            lines += [] if value is None else [f"{key} = {_quoted(value)}"]
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")


def _quoted(text: str) -> str:
    """As it is, between single quotes: TOML reads no escapes there."""
    return f"'''\n{text}'''" if "\n" in text or "'" in text else f"'{text}'"
