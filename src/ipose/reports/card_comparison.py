"""Eval cards as bars: a panel a metric, a bar a name."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Plot

from ipose.errors import ConfigError, DataError
from ipose.evaluation.eval_card import EvalCard, compare_cards, read_cards
from ipose.tables import text_table

BAR_COLOR = "#005eaa"


def card_plot(columns: Mapping[str, Sequence[EvalCard]]) -> bytes:
    """Draw the values of all cards, metrics apart, since their scales differ; only those that two names share, if any.

    Whether they compare is `compare_cards`' question.

    Args:
        columns: cards by name, as for `compare_cards`.
    Returns:
        a PNG.
    Raises:
        ConfigError: no cards.
    """
    panels: dict[str, list[tuple[str, float]]] = {}
    for name, cards in columns.items():
        for card in cards:
            panels.setdefault(f"{card.metric} [{card.protocol}]", []).append((name, card.value))
    if not panels:
        raise ConfigError("no cards to draw")
    panels = {title: bars for title, bars in panels.items() if len({name for name, _ in bars}) > 1} or panels
    heights = [0.9 + 0.32 * len(bars) for bars in panels.values()]
    plot = Plot(figsize=(7.2, sum(heights)), dpi=144, facecolor="#fcfcfb", layout="constrained")
    FigureCanvasAgg(plot)
    grid = plot.add_gridspec(len(panels), 1, height_ratios=heights)
    for i, (title, bars) in enumerate(panels.items()):
        _draw(plot.add_subplot(grid[i, 0]), title, bars)
    out = io.BytesIO()
    plot.savefig(out, format="png")
    return out.getvalue()


def _draw(axes: Axes, title: str, bars: Sequence[tuple[str, float]]) -> None:
    places = range(len(bars))
    drawn = axes.barh(places, [value for _, value in bars], color=BAR_COLOR, height=0.6)
    axes.bar_label(drawn, labels=[f"{value:.4g}" for _, value in bars], padding=4, fontsize=8, color="#262624")
    axes.set_yticks(places, [name for name, _ in bars], fontsize=8)
    axes.invert_yaxis()  # the first on top
    axes.margins(x=0.15)
    axes.axvline(0, color="#5a5a56", linewidth=0.8)
    axes.set_title(title, fontsize=9, loc="left", color="#262624")
    axes.tick_params(labelsize=8, colors="#5a5a56")
    axes.grid(axis="x", color="#e4e4e0", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_facecolor("#fcfcfb")
    axes.spines[["top", "right", "left"]].set_visible(False)


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
        from ipose.reports.card_comparison import card_plot

        if plot.exists():
            raise DataError("there is a file already", file=plot, mend="Name another with --plot.")
        plot.write_bytes(card_plot(columns))
    return table
