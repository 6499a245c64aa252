"""`ipose ablate TABLE`: train and score an ablation table of any system. Systems add options of their own."""

from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import FlagCreatePairsOff, Positional, arg

from ipose.cli.printing import INTERRUPTED
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError
from ipose.systems.ablation_tables import ablation_tables, listing
from ipose.systems.record import AblateOptions
from ipose.systems.registry import systems

LOOP = ("workers", "checkpoint_every", "sample_every", "precision")
"""Options that all runs have."""

JOB = ("data", "out", "steps", "seeds", "rows", "max_minutes", "device")


@dataclass(frozen=True, kw_only=True)
class AblateCommand:
    """Options of `ipose ablate` for all systems. `ablate_command` adds table, preset and the systems' options."""

    data: DataConfig
    show: Annotated[FlagCreatePairsOff[bool], arg(name="list")] = False
    """Print the tables with their rows, and train nothing."""
    out: Path = Path("ablations")
    """Folder of the runs, table-N.json, table-N.md and report.html. Each row and seed has a run folder, which tables
    share. Stop the command as you like: the same one goes on."""
    steps: int | None = None
    """Optimizer steps of each run. None = as many as the preset's epochs make."""
    seeds: tuple[int, ...] = (0,)
    """Each row is trained once with each seed. Rows are ranked only with two seeds or more."""
    rows: tuple[str, ...] = ()
    """Names of some rows (--list). None = all."""
    max_minutes: float | None = None
    """Stop cleanly after this many minutes. None = no limit."""
    workers: int = 0
    """Number of processes that prepare batches. It does not change the batches."""
    checkpoint_every: int = 1000
    """Steps between checkpoints."""
    sample_every: int = 1000
    """Steps between sample sheets of each run."""
    precision: Literal["no", "bf16"] = "no"
    """bf16: compute under bfloat16 autocast."""
    device: str | None = None
    """cpu, cuda, ... None = a GPU if there is one, else the CPU."""

    def run(self) -> int:
        """Train, score, write; or list the tables."""
        table, preset = getattr(self, "table"), getattr(self, "preset")  # noqa: B009 - `ablate_command` adds them, which mypy cannot see
        if self.show:
            print(listing())
            return 0
        if table is None:
            known = ", ".join(ablation_tables())
            raise ConfigError("which table", found="none", expected=known, mend="See ipose ablate --list.")

        from ipose.systems.ablating import ablate
        from ipose.tables import text_table

        given: Any = self  # the made class is one of options, too
        loop = {name: getattr(self, name) for name in LOOP}
        result = ablate(table, preset, given, loop=loop, **{name: getattr(self, name) for name in JOB})
        if result.table is not None:
            print(f"{result.table.title}\n{text_table(result.table.header, result.table.rows)}")
            print("\n".join(f"- {sentence}" for sentence in result.table.sentences))
        for path in result.files:
            print(path)
        if result.stopped != "done":
            print(f"{'The time is up' if result.stopped == 'time' else 'Stopped'}; the same command goes on.")
        return INTERRUPTED if result.stopped == "interrupted" else 0


def ablate_command() -> Any:
    """The command with the tables and options of all systems."""
    tables = ablation_tables()
    known = [system for system in systems() if system.tables is not None]
    titles = ", ".join(f"{name} ({table.title})" for name, (_, table) in tables.items())
    presets = "; ".join(f"{', '.join(system.presets)} ({system.title})" for system in known)
    added: list[Any] = [
        ("table", Annotated[str | None, Positional, arg(help=f"{titles}.")], None),
        ("preset", Annotated[str | None, arg(help=f"What the rows change: {presets}. None = the first.")], None),
    ]
    options = tuple(
        dict.fromkeys(system.ablate_options for system in known if system.ablate_options is not AblateOptions)
    )
    made = make_dataclass("Ablate", added, bases=(AblateCommand, *options), frozen=True, kw_only=True)
    made.__doc__ = "Train the rows of an ablation table, and write the table beside the published one."
    return made
