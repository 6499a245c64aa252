"""Blocks of a report that are read from files: eval cards, and Markdown tables beside the run."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ipose.data.file_lists import list_files
from ipose.errors import DataError
from ipose.evaluation.eval_card import EvalCard, read_card
from ipose.reports.page import Table
from ipose.tables import text_table

HASH = 12
"""Number of digits that are shown of a feature network's hash."""


HEADER = ("metric", "value", "of")
"""Of a short table."""


def find_cards(folder: Path) -> tuple[list[tuple[str, EvalCard]], list[str]]:
    """All eval cards below a folder, with their paths; and an error message for each file that is not a card."""
    cards, faults = [], []
    for path in list_files(folder, (".json",), tell=False):
        try:
            cards.append((path.relative_to(folder).as_posix(), read_card(path)))
        except DataError as error:
            faults.append(str(error))
    return cards, faults


def cards_table(cards: Sequence[tuple[str, EvalCard]], title: str = "") -> Table:
    """One row for each card, with the details that decide whether two numbers are comparable."""
    rows = []
    for path, card in cards:
        name, _, network = (card.features or "").partition("@")
        features = f"{name}@{network[:HASH]}" if network else name or "-"
        counts = ", ".join(f"{count} {what}" for what, count in card.counts.items())
        baselines = ", ".join(f"{value:.6g} {what}" for what, value in card.baselines.items()) or "-"
        notes = "; ".join(card.notes)
        rows.append((named(card), f"{card.value:.6g}", baselines, card.protocol, features, counts, notes, path))
    header = ("metric", "value", "baselines", "protocol", "features", "of", "notes", "card")
    return Table(header, rows, title=title)


def short_name(card: EvalCard) -> str:
    """The metric without its network."""
    return card.metric.split(" (features")[0].split(" (segmenter")[0]


def named(card: EvalCard) -> str:
    """The metric without its network, with a word where lower values are better."""
    return short_name(card) + (f", {card.better}" if card.better.startswith("lower") else "")


def cards_as_text(cards: Sequence[EvalCard]) -> str:
    """A short table for a terminal: each metric with its value and what it is of."""
    return text_table(HEADER, _short_rows(cards))


def short_table(cards: Sequence[EvalCard]) -> Table:
    """The same for a page, with every note once below."""
    notes = dict.fromkeys(note for card in cards for note in card.notes)
    return Table(HEADER, _short_rows(cards), caption=" ".join(f"{note[0].upper()}{note[1:]}." for note in notes))


def _short_rows(cards: Sequence[EvalCard]) -> list[tuple[str, str, str]]:
    return [
        (named(card), f"{card.value:.6g}", ", ".join(f"{count} {what}" for what, count in card.counts.items()))
        for card in cards
    ]


def markdown_tables(path: Path) -> list[Table]:
    """The pipe tables of a Markdown file. The title of a table is the heading or first line above it.

    Rows of another length than the header are left out. A list right below a table becomes its caption.
    """
    tables: list[Table] = []
    block: list[list[str]] = []
    title = path.stem
    for line in [*path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), ""]:
        if line.lstrip().startswith("|"):
            block.append([re.sub(r"[*`]|\\(?=\|)", "", cell).strip() for cell in line.strip().strip("|").split("|")])
            continue
        if len(block) > 2 and all(set(cell) <= set(":- ") for cell in block[1]):
            rows = [row for row in block[2:] if len(row) == len(block[0])]
            tables.append(Table(block[0], rows, title=title))
        elif tables and not block and line.startswith("- "):
            tables[-1] = replace(tables[-1], caption=f"{tables[-1].caption} {line[2:].strip()}".strip())
        if block or line.startswith("#"):
            title = line.lstrip("# ").strip() or path.stem
        block = []
    return tables
