"""The ablation tables of all systems, also of installed packages; the columns of tables of images. Imports no torch."""

import sys
from collections.abc import Iterable
from typing import cast

from ipose.ablations.table import AblationTable, Metric
from ipose.errors import ConfigError
from ipose.systems.record import System, function_named
from ipose.systems.registry import systems

IMAGE_METRICS = (
    Metric(key="frechet", title="Frechet distance", higher_is_better=False, percent=False, published="FID"),
    Metric(key="kernel", title="Kernel distance", higher_is_better=False, percent=False),
    Metric(
        key="object_frechet",
        title="Object Frechet distance",
        higher_is_better=False,
        percent=False,
        published="object FID",
    ),
    Metric(key="object_kernel", title="Object kernel distance", higher_is_better=False, percent=False),
    Metric(key="miou", title="mIoU", published="mIoU"),
    Metric(key="accuracy", title="Pixel accuracy", published="AC"),
    Metric(key="part_miou", title="Part mIoU"),
    Metric(key="diversity", title="Diversity between seeds", percent=False),
)
"""The titles are the measures of eval cards."""


def ablation_tables() -> dict[str, tuple[System, AblationTable]]:
    """All tables by name, each with its system. Tables with a number come first.

    Tables that cannot be loaded, or have the name of another table, are left out, with a message on stderr.
    """
    found: dict[str, tuple[System, AblationTable]] = {}
    for system in systems():
        for table in _tables_of(system):
            if table.name in found:
                _tell(system, f"{table.name} is a table of {found[table.name][0].title} already")
            else:
                found[table.name] = system, table
    return dict(sorted(found.items(), key=lambda item: (not item[0].isdecimal(), item[0].zfill(4))))


def _tables_of(system: System) -> Iterable[AblationTable]:
    if system.tables is None:
        return ()
    try:
        return cast(Iterable[AblationTable], function_named(system.tables))
    except Exception as error:  # a package may raise anything
        _tell(system, error)
        return ()


def _tell(system: System, why: object) -> None:
    print(f"ipose: a table of {system.title} is passed over: {why}", file=sys.stderr)


def table_named(name: str) -> tuple[System, AblationTable]:
    """The table of this name, and its system. Raises ConfigError if there is none."""
    known = ablation_tables()
    if name in known:
        return known[name]
    for _, table in known.values():
        if name in table.holds:
            raise ConfigError(
                f"table {name}'s rows are part of table {table.name} here",
                found=name,
                mend=f"Run ipose ablate {table.name}.",
            )
    raise ConfigError(
        "no such ablation table", found=repr(name), expected=", ".join(known), mend="See ipose ablate --list."
    )


def listing() -> str:
    """All tables with their rows, for `ipose ablate --list`."""
    lines = []
    for system, table in ablation_tables().values():
        lines.append(f"table {table.name}: {table.title} ({system.kind}; published: {table.published_on})")
        width = max(len(row.name) for row in table.rows)
        for row in table.rows:
            changes = [*filter(None, [row.in_words]), *(f"{name} {value}" for name, value in row.changes.items())]
            lines.append(f"  {row.name:<{width}}  {row.title}: {', '.join(changes) or 'as the preset'}")
    return "\n".join(lines)
