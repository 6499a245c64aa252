"""An ablation table: what each row changes in the config, and the published numbers. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ipose.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A column of a table.

    Args:
        key: in score files.
        percent: a percentage, written with two decimals; False = a distance, written with four digits.
        published: name of this metric in the paper; "" = the paper does not have it.
        published_digits: decimals of the paper's numbers.
    """

    key: str
    title: str
    higher_is_better: bool = True
    percent: bool = True
    published: str = ""
    published_digits: int = 1

    @property
    def arrow(self) -> str:
        """For headers: which direction is better."""
        return "↑" if self.higher_is_better else "↓"

    def text(self, value: float) -> str:
        """A value as text."""
        return f"{value:.2f}" if self.percent else f"{value:.4g}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table.

    Args:
        name: for `ipose ablate --rows`.
        changes: fields of the preset's config, with their values in this row.
        in_words: what else the row changes, where that depends on the preset. The system's `Rows` know the fields.
        run: stem of the run folders; "" = the system's `Rows` make it from the config.
        scoring: settings of the scoring that are not in the config. The system's `Rows` read them.
        against: name of the row to compare with; "" = the table's reference.
        published: the paper's numbers, by metric key.
    """

    name: str
    title: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    in_words: str = ""
    run: str = ""
    scoring: Mapping[str, Any] = field(default_factory=dict)
    against: str = ""
    published: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AblationTable:
    """An ablation table.

    Args:
        name: for `ipose ablate NAME`. For built-in systems, the number of the paper's table.
        metrics: columns. A metric that no run has is left out.
        rows: in the paper's order.
        reference: name of the row that the others are compared with.
        published_on: data of the paper's numbers, in words.
        holds: names of other tables of the paper whose rows are all in this table.
    """

    name: str
    title: str
    metrics: tuple[Metric, ...]
    rows: tuple[Row, ...]
    reference: str
    published_on: str
    holds: tuple[str, ...] = ()

    def subset(self, names: tuple[str, ...]) -> tuple[Row, ...]:
        """The rows of these names, in the table's order; () = all rows. Raises ConfigError for an unknown name."""
        known = [row.name for row in self.rows]
        if strangers := [name for name in names if name not in known]:
            what = f"table {self.name} has no such row"
            raise ConfigError(what, field="rows", found=", ".join(strangers), expected=", ".join(known))
        return tuple(row for row in self.rows if not names or row.name in names)
