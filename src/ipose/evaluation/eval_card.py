"""The eval card: a number together with everything that it depends on, as JSON and as a line of text.

Two cards are comparable if metric, protocol, resizing, features, ignored ids and data agree. Others are not compared
unless somebody insists.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from ipose.errors import ConfigError, DataError

FORMAT = "ipose-eval-card-1"


@dataclass(frozen=True, kw_only=True)
class EvalCard:
    """One result.

    Args:
        metric: with the feature network in its name, unless that is the metric's own.
        value: of the metric.
        protocol: name of the protocol that fixed everything else.
        resize: what was done to the images, in words.
        counts: how many of what: images, real, objects, pixels.
        features: the network's name with its hash, name@sha256; None where no network took part.
        ignored_ids: class ids that did not count.
        seeds: of the images; of parts, the training's, by which the supports were chosen.
        versions: of the libraries.
        commit: of the code that evaluated, None where it is not known.
        notes: warnings that belong to the number.
        images: folder or run that was judged, as it was given.
        real: folder or data beside which it was judged.
        model: of a run, what made it: hashes of weights and supports, commit of the training.
        data: hash of what it was judged beside (photographs, label maps, true parts); "" where none took part.
        baselines: the same number of simpler methods, by name.
        breakdown: the value of each category or class that has one.
    """

    metric: str
    value: float
    protocol: str
    resize: str
    counts: Mapping[str, int]
    features: str | None = None
    ignored_ids: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    commit: str | None = None
    notes: tuple[str, ...] = ()
    images: str = ""
    real: str = ""
    model: Mapping[str, str] = field(default_factory=dict)
    data: str = ""
    baselines: Mapping[str, float] = field(default_factory=dict)
    breakdown: Mapping[str, float] = field(default_factory=dict)

    def line(self) -> str:
        """The card in one line."""
        facts = [
            self.protocol,
            *([] if self.resize == "none" else [self.resize]),
            ", ".join(_counted(count, what) for what, count in self.counts.items()),
        ]
        facts += [f"features {self.features[: self.features.find('@') + 13]}"] if self.features else []
        facts += [f"ignored ids {', '.join(map(str, self.ignored_ids))}"] if self.ignored_ids else []
        facts += [f"seeds {', '.join(map(str, self.seeds))}"] if self.seeds else []
        facts += [f"{name} {value:.6g}" for name, value in self.baselines.items()]
        facts += [f"{name} {value[:12]}" for name, value in self.model.items()]
        return f"{self.metric} = {self.value:.6g} ({'; '.join([*facts, *self.notes])})"

    def to_json(self) -> str:
        """The whole card."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"


def _counted(count: int, what: str) -> str:
    """ "1 category" of "categories"."""
    singular = {"categories": "category", "images": "image", "objects": "object", "scenes": "scene"}
    return f"{count} {singular.get(what, what) if count == 1 else what}"


def card_file_name(card: EvalCard) -> str:
    """`<protocol>_<metric>_<features>.json`: what is measured in another way has another name."""
    network = "" if card.features is None else card.features.split("@")[0]
    words = [re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in (card.protocol, _kind(card), network)]
    return "_".join(word for word in words if word) + ".json"


def write_card(card: EvalCard, path: Path, *, replace: bool = False) -> None:
    """Write the card as JSON; a file that is there already is another result and stays, unless it is to be replaced.

    Raises:
        DataError: there is a file of this name.
    """
    try:
        with path.open("w" if replace else "x", encoding="utf-8") as file:
            file.write(card.to_json())
    except FileExistsError as error:
        raise DataError("there is a card already", file=path, mend="Write to another folder.") from error


def read_card(path: Path) -> EvalCard:
    """Read a card. Raises DataError where the file is none."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        if plain.pop("format") != FORMAT:
            raise ValueError("another format")
        fields: dict[str, Any] = {key: tuple(item) if isinstance(item, list) else item for key, item in plain.items()}
        fields["value"] = float(fields["value"])
        return EvalCard(**fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(
            "no eval card",
            file=path,
            found=str(error) if path.exists() else "nothing",
            expected="a card, a folder of cards, or a run that ipose evaluate has judged",
        ) from error


def read_cards(path: Path) -> list[EvalCard]:
    """The card of a file, or all `*.json` cards of a folder; of a run, or whatever has a folder `cards`, of that one.

    Where a run was judged on other data than its own (`cards/on-NAME/`), and nothing else, those cards.

    Raises:
        DataError: no card there, or cards on several data.
    """
    if not path.is_dir():
        return [read_card(path)]
    folder = path / "cards" if (path / "cards").is_dir() else path
    is_run = (path / "run.json").is_file()
    files = [] if is_run and folder == path else sorted(folder.glob("*.json")) or _on_other_data(path, folder)
    if not files:
        raise DataError(
            "no eval cards in this folder", file=path, expected="JSON files of ipose evaluate",
            mend=f"Make them with ipose evaluate {path}." if is_run else None,
        )  # fmt: skip
    return [read_card(file) for file in files]


def _on_other_data(path: Path, folder: Path) -> list[Path]:
    places = sorted({file.parent for file in folder.glob("on-*/*.json")})
    if len(places) > 1:
        raise DataError(
            "eval cards on several data",
            file=path,
            found=", ".join(map(str, places)),
            mend="Name one of these folders.",
        )
    return sorted(places[0].glob("*.json")) if places else []


def compare_cards(
    columns: Mapping[str, Sequence[EvalCard]], *, across_protocols: bool = False
) -> tuple[list[str], list[list[str]]]:
    """A table of results: one line a metric and protocol, one column a name.

    Args:
        columns: cards by name, of a model each.
        across_protocols: set numbers beside each other that were taken in different ways; each cell then says how.
    Returns:
        header and rows of text, for `text_table`.
    Raises:
        ConfigError: two names have cards of one metric, and none that were taken in the same way.
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
    """Where a card stands in the table, and what it says there; across protocols each cell says how it was taken."""
    if not across_protocols:
        return f"{card.metric} [{card.protocol}]", f"{card.value:.6g}"
    name = card.metric.split(" (")[0] if "FID" in card.metric or "KID" in card.metric else card.features
    way = ", ".join(word for word in (card.protocol, (name or "").split("@")[0]) if word)
    return _general(card), f"{card.value:.6g} [{way}]"


def _general(card: EvalCard) -> str:
    """The metric without its network: FID is a Frechet distance, too."""
    name = (
        card.metric.split(" (")[0].replace("object FID", "Object Frechet distance").replace("FID", "Frechet distance")
    )
    return name.replace("object KID", "Object kernel distance").replace("KID", "Kernel distance")


def _kind(card: EvalCard) -> str:
    """`_general` in small letters, to compare by."""
    return _general(card).lower()


def _way(card: EvalCard) -> dict[str, Any]:
    own = {"protocol": card.protocol, "resize": card.resize, "features": card.features, "ids": card.ignored_ids}
    return own | {"data": card.data}


def _check_ways(name: str, cards: Sequence[EvalCard], other: str, others: Sequence[EvalCard]) -> None:
    """Every metric that both have was taken in one way at least once."""
    names = {_kind(card): _general(card) for card in reversed(cards)}
    for kind in reversed(names):
        ways = [[_way(card) for card in each if _kind(card) == kind] for each in (cards, others)]
        differ = [(a, b, _difference(a, b)) for a in ways[0] for b in ways[1]]
        if differ and all(term is not None for _, _, term in differ):
            first, second, term = differ[0]
            raise ConfigError(
                f"{names[kind]} of {name} and of {other} do not compare: another {term}",
                found=second[str(term)],
                expected=first[str(term)],
                mend=f"Evaluate both {'on the same data' if term == 'data' else 'by one protocol'}, or insist with "
                "--across-protocols.",
            )


def _difference(a: Mapping[str, Any], b: Mapping[str, Any]) -> str | None:
    """The first term in which two ways differ; data that one of them does not know are no difference."""
    for term, value in a.items():
        if value != b[term] and not (term == "data" and "" in (value, b[term])):
            return term
    return None
