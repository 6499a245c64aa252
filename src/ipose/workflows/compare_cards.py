"""`ipose evaluate --compare`: eval cards beside each other."""

from collections.abc import Sequence
from pathlib import Path

from ipose.errors import ConfigError
from ipose.evaluation.eval_card import compare_cards, read_cards
from ipose.evaluation.text_table import text_table


def comparison(paths: Sequence[Path], *, across_protocols: bool = False) -> str:
    """A table of cards, or of folders of cards; a column each.

    Raises:
        ConfigError: fewer than two, one twice, or cards that do not compare (`ipose.evaluation.eval_card`).
        DataError: no cards there.
    """
    if len(paths) < 2 or len(set(paths)) < len(paths):
        raise ConfigError(
            "nothing to compare", field="compare", found=", ".join(map(str, paths)), expected="two cards or folders"
        )
    columns = {str(path): read_cards(path) for path in paths}
    return text_table(*compare_cards(columns, across_protocols=across_protocols))
