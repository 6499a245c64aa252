"""`ipose evaluate --compare`: eval cards beside each other."""

from collections.abc import Sequence
from pathlib import Path

from ipose.errors import ConfigError, DataError
from ipose.evaluation.eval_card import compare_cards, read_cards
from ipose.evaluation.text_table import text_table


def comparison(paths: Sequence[Path], *, across_protocols: bool = False, plot: Path | None = None) -> str:
    """A table of cards, or of folders of cards; a column each.

    Args:
        paths: of the cards.
        across_protocols: set numbers beside each other that were taken in different ways.
        plot: PNG to draw them into as well; must be new.
    Raises:
        ConfigError: fewer than two, one twice, or cards that do not compare (`ipose.evaluation.eval_card`).
        DataError: no cards there, or a file where the plot should go.
    """
    if len(paths) < 2 or len(set(paths)) < len(paths):
        raise ConfigError(
            "nothing to compare", field="compare", found=", ".join(map(str, paths)), expected="two cards or folders"
        )
    columns = {str(path): read_cards(path) for path in paths}
    table = text_table(*compare_cards(columns, across_protocols=across_protocols))
    if plot is not None:
        from ipose.evaluation.card_plot import card_plot

        if plot.exists():
            raise DataError("there is a file already", file=plot, mend="Name another with --plot.")
        plot.write_bytes(card_plot(columns))
    return table
