"""Edits measured one after the other: a line each for a table, and eval cards of every kind of edit."""

from dataclasses import dataclass
from typing import Any

from ipose.evaluation.control import EditedPair, control_cards, region_l1
from ipose.evaluation.eval_card import EvalCard


@dataclass(frozen=True)
class Change:
    """How an edit changed an image: mean absolute difference, 1 = black to white; None = the region is everything."""

    scene: str
    edit: str
    inside: float
    outside: float | None


class Measured:
    """The changes of all edits so far, and the pictures that eval cards are made of."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.pairs: dict[str, list[EditedPair]] = {}

    def take(self, scene: str, kind: str, pair: EditedPair) -> None:
        """Measure one edit."""
        change = region_l1(pair)
        self.changes.append(Change(scene, kind, change["inside"], change.get("outside")))
        self.pairs.setdefault(kind, []).append(pair)

    def cards(self, **rest: Any) -> list[EvalCard]:
        """Cards of every kind of edit; `rest` goes to `control_cards`."""
        return [card for kind, pairs in self.pairs.items() for card in control_cards(pairs, kind=kind, **rest)]
