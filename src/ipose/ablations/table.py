"""An ablation table is a grid: what each row changes in the config, and what was published. No torch in here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ipose.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A column.

    Args:
        key: in score files.
        title: above the column.
        higher_is_better: the direction.
        percent: written with two decimals; else a distance, with four digits.
        published: what the paper calls it; "" = the paper has no such number.
        published_digits: decimals that the paper prints.
    """

    key: str
    title: str
    higher_is_better: bool = True
    percent: bool = True
    published: str = ""
    published_digits: int = 1

    def text(self, value: float) -> str:
        """A value as it is written in tables."""
        return f"{value:.2f}" if self.percent else f"{value:.4g}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a table.

    Args:
        name: to ask for it by.
        title: in words.
        changes: fields of the preset's config that it sets.
        run: stem of its run folder; "" = the system's `Rows` name it after the config.
        scoring: what it is scored with, where its config does not say; the system's `Rows` read it.
        against: the row to compare it with; "" = the table's reference.
        published: the paper's numbers, by metric key.
    """

    name: str
    title: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    run: str = ""
    scoring: Mapping[str, Any] = field(default_factory=dict)
    against: str = ""
    published: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AblationTable:
    """A grid.

    Args:
        name: to ask for it by: of the built-in systems, the number of the paper's table.
        title: what is compared.
        metrics: its columns, as far as a run has them.
        rows: in the paper's order.
        reference: the row that the others are compared with.
        published_on: what the paper's numbers are of.
        holds: names of other tables of the paper whose rows are all in this one.
    """

    name: str
    title: str
    metrics: tuple[Metric, ...]
    rows: tuple[Row, ...]
    reference: str
    published_on: str
    holds: tuple[str, ...] = ()

    def subset(self, names: tuple[str, ...]) -> tuple[Row, ...]:
        """The rows of these names in the table's order; all for none. Raises ConfigError for an unknown name."""
        known = [row.name for row in self.rows]
        if strangers := [name for name in names if name not in known]:
            raise ConfigError(
                f"table {self.name} has no such row",
                field="rows",
                found=", ".join(strangers),
                expected=", ".join(known),
            )
        return tuple(row for row in self.rows if not names or row.name in names)
