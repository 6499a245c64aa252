"""Comparison of eval cards: as a table, and as a bar chart.

Two cards are comparable if measure, protocol, resizing, features, ignored ids and data are the same. Other cards are
compared only if `across_protocols` is set.
"""

import io
import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Plot

from ipose.errors import ConfigError, DataError
from ipose.evaluation.eval_card import EvalCard, read_cards
from ipose.tables import text_table
from ipose.training.metrics import read_metrics
from ipose.whole_files import write_whole

BAR_COLOR = "#005eaa"

FEW = 500
"""Of fewer images or objects, a comparison says so."""


def comparison(paths: Sequence[Path], *, across_protocols: bool = False, plot: Path | None = None) -> str:
    """A table of cards as text, with one column for each path. `paths`: cards, folders of cards, or runs. `plot`: new
    PNG file for a bar chart; None = no chart.

    Raises:
        ConfigError: fewer than two paths, one path twice, or cards that are not comparable.
        DataError: no cards, or a file that is there already.
    """
    if len(paths) < 2 or len(set(paths)) < len(paths):
        raise ConfigError(
            "nothing to compare", field="compare", found=", ".join(map(str, paths)), expected="two cards or folders"
        )
    columns = {str(path): read_cards(path) for path in paths}
    header, rows = compare_cards(columns, across_protocols=across_protocols)
    table = "\n".join([text_table(header, [*rows, *_of_the_runs(columns)]), *_few_samples(columns)])
    if plot is not None:
        if plot.exists():
            raise DataError("there is a file already", file=plot, mend="Name another with --plot.")
        write_whole(plot, lambda beside: beside.write_bytes(card_plot(columns)))
    return table


def _of_the_runs(columns: Mapping[str, Sequence[EvalCard]]) -> list[list[str]]:
    """Rows below the scores: the training steps of each run, and what its scores are of."""
    steps = [_steps(Path(name)) for name in columns]
    rows = [["training steps", *steps]] if any(step != "-" for step in steps) else []
    seeds = [", ".join(map(str, sorted({seed for card in cards for seed in card.seeds}))) for cards in columns.values()]
    for kind in ("images", "photographs", "objects", "scenes"):
        counts = [sorted({card.counts[kind] for card in cards if kind in card.counts}) for cards in columns.values()]
        if any(counts):
            rows.append([kind, *(", ".join(map(str, each)) or "-" for each in counts)])
    return [*rows, ["seeds", *(each or "-" for each in seeds)]]


def _steps(folder: Path) -> str:
    """The steps that a run was trained, by its newest checkpoint's number in the log; "-" = no run."""
    records = [record for record in read_metrics(folder / "metrics.jsonl") if "losses" in record]
    return str(records[-1]["step"]) if records else "-"


def _few_samples(columns: Mapping[str, Sequence[EvalCard]]) -> list[str]:
    """A sentence where scores are of few images or objects, or of one training each."""
    least = {name: min((n for card in cards for n in _samples(card)), default=FEW) for name, cards in columns.items()}
    few = [f"{name} ({count})" for name, count in least.items() if count < FEW]
    if not few:
        return []
    return [
        f"Few samples: {', '.join(few)}. Small differences mean nothing: evaluate more scenes, and train each run with "
        "several seeds (ipose ablate does, and tells a difference from the spread)."
    ]


def _samples(card: EvalCard) -> list[int]:
    return [card.counts[kind] for kind in ("images", "photographs", "objects") if kind in card.counts]


def compare_cards(
    columns: Mapping[str, Sequence[EvalCard]], *, across_protocols: bool = False
) -> tuple[list[str], list[list[str]]]:
    """A table of results: one row for each metric and protocol, one column for each name. With `across_protocols` each
    cell has its protocol.

    Raises:
        ConfigError: two names have cards of the same measure, and none of these are comparable.
    """
    if not across_protocols:
        for (name, cards), (other, others) in combinations(columns.items(), 2):
            _check_ways(name, cards, other, others)
    values: dict[str, dict[str, str]] = {}
    counts: dict[str, set[str]] = {}
    for name, cards in columns.items():
        for card in cards:
            key, cell = _line_and_cell(card, across_protocols)
            values.setdefault(key, {})
            counts.setdefault(key, set()).add(json.dumps(card.counts, sort_keys=True))
            values[key][name] = f"{values[key][name]} / {cell}" if name in values[key] else cell
    header = ["metric" if across_protocols else "metric [protocol]", *columns]
    names = {key: f"{key} (counts differ)" if len(seen) > 1 else key for key, seen in counts.items()}
    return header, [[names[key], *(cells.get(name, "-") for name in columns)] for key, cells in values.items()]


def _line_and_cell(card: EvalCard, across_protocols: bool) -> tuple[str, str]:
    """Name of a card's row, and text of its cell."""
    if not across_protocols:
        return f"{card.metric} [{card.protocol}]{_direction(card)}", f"{card.value:.6g}"
    name = card.metric.split(" (")[0] if "FID" in card.metric or "KID" in card.metric else card.features
    way = ", ".join(word for word in (card.protocol, (name or "").split("@")[0]) if word)
    return f"{card.measure}{_direction(card)}", f"{card.value:.6g} [{way}]"


def _direction(card: EvalCard) -> str:
    return f", {card.better}" if card.better else ""


def _way(card: EvalCard) -> dict[str, Any]:
    own = {"protocol": card.protocol, "resize": card.resize, "features": card.features, "ids": card.ignored_ids}
    return own | {"data": card.data}


def _check_ways(name: str, cards: Sequence[EvalCard], other: str, others: Sequence[EvalCard]) -> None:
    """Raises ConfigError if both have a measure, and no two of its cards are comparable."""
    for measure in dict.fromkeys(card.measure for card in cards):
        ways = [[_way(card) for card in each if card.measure == measure] for each in (cards, others)]
        differ = [(a, b, _difference(a, b)) for a in ways[0] for b in ways[1]]
        if differ and all(term is not None for _, _, term in differ):
            first, second, term = differ[0]
            raise ConfigError(
                f"{measure} of {name} and of {other} do not compare: another {term}",
                found=second[str(term)],
                expected=first[str(term)],
                mend=f"Evaluate both {'on the same data' if term == 'data' else 'by one protocol'}, or insist with "
                "--across-protocols.",
            )


def _difference(a: Mapping[str, Any], b: Mapping[str, Any]) -> str | None:
    """The first term that differs; None = no difference. Data that one of them does not know are no difference."""
    for term, value in a.items():
        if value != b[term] and not (term == "data" and "" in (value, b[term])):
            return term
    return None


def card_plot(columns: Mapping[str, Sequence[EvalCard]]) -> bytes:
    """Draw a bar chart of cards, with one panel for each metric, as their scales differ.

    If several names have the same metric, only such metrics are drawn.

    Raises:
        ConfigError: no cards.
    """
    panels: dict[str, list[tuple[str, float]]] = {}
    for name, cards in columns.items():
        for card in cards:
            panels.setdefault(f"{card.metric} [{card.protocol}]{_direction(card)}", []).append((name, card.value))
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
