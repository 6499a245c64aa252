"""Training curves of `metrics.jsonl`."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Plot

from ipose.errors import ConfigError

LINE_COLORS = ("#005eaa", "#d55400", "#009e73", "#b0558a", "#c48a00", "#4a3a34")
QUIET = ("step", "seconds", "images_per_second", "lr", "epoch", "time")
"""Columns without a panel, unless they are asked for: axes and bookkeeping."""

Series = dict[str, list[tuple[float, float]]]


def flatten(record: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Nested numbers with joined keys: {"losses": {"d": 1}} gives {"losses/d": 1.0}. Other values are left out."""
    flat: dict[str, float] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}/")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            flat[f"{prefix}{key}"] = float(value)
    return flat


def collect_series(metrics: Sequence[Mapping[str, Any]], x: str, keys: Sequence[str] | None) -> Series:
    """Points (x, value) of each column, of all lines that have it.

    Raises:
        ConfigError: no line has both `x` and one of the columns.
    """
    series: Series = {}
    for record in metrics:
        flat = flatten(record)
        if x not in flat:
            continue
        for key, value in flat.items():
            wanted = key in keys if keys is not None else key.split("/")[0] not in QUIET
            if wanted and key != x and math.isfinite(value):
                series.setdefault(key, []).append((flat[x], value))
    if not series:
        raise ConfigError(
            "no curve to draw", field=x, found=f"{len(metrics)} lines", expected=f"lines with {x!r} and a number"
        )
    return series


def smooth(values: Sequence[float], window: int) -> list[float]:
    """Mean over a centred window, which is narrower at the ends."""
    half = window // 2
    means = []
    for i in range(len(values)):
        reach = min(half, i, len(values) - 1 - i)
        near = values[i - reach : i + reach + 1]
        means.append(math.fsum(near) / len(near))
    return means


def curves(
    metrics: Sequence[Mapping[str, Any]],
    *,
    x: str = "step",
    keys: Sequence[str] | None = None,
    file_format: Literal["png", "svg"] = "png",
) -> bytes:
    """Draw smoothed curves, with one panel for each group of columns ("generator/..." is one group).

    Args:
        metrics: lines of metrics.jsonl. Nested values have joined keys.
        keys: columns to draw; None = all but bookkeeping.
    Raises:
        ConfigError: there is nothing to draw.
    """
    groups: dict[str, Series] = {}
    for key, points in collect_series(metrics, x, keys).items():
        group, _, name = key.rpartition("/")
        groups.setdefault(group, {})[name] = points
    columns = min(2, len(groups))
    lines = math.ceil(len(groups) / columns)
    plot = Plot(figsize=(4.6 * columns, 3.0 * lines), dpi=144, facecolor="#fcfcfb", layout="constrained")
    FigureCanvasAgg(plot)
    for i, (group, series) in enumerate(groups.items()):
        _draw(plot.add_subplot(lines, columns, i + 1), group, series, x)
    out = io.BytesIO()
    plot.savefig(out, format=file_format, metadata={"Date": None} if file_format == "svg" else None)
    return out.getvalue()


def _draw(axes: Axes, group: str, series: Series, x: str) -> None:
    for color, (name, points) in zip(LINE_COLORS * len(series), series.items(), strict=False):
        across, values = [p[0] for p in points], [p[1] for p in points]
        window = max(1, len(values) // 25)
        if window > 1:
            axes.plot(across, values, color=color, linewidth=0.6, alpha=0.25)
        marker = "o" if len(values) == 1 else None
        axes.plot(across, smooth(values, window), color=color, linewidth=1.6, label=name, marker=marker)
    axes.set_title(group.removeprefix("losses/") or "training", fontsize=10, loc="left", color="#262624")
    axes.set_xlabel(x, fontsize=8, color="#5a5a56")
    axes.tick_params(labelsize=8, colors="#5a5a56")
    axes.grid(color="#e4e4e0", linewidth=0.6)
    axes.set_facecolor("#fcfcfb")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False, ncol=3, loc="upper left", bbox_to_anchor=(-0.02, -0.16), borderaxespad=0)
