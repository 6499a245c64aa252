"""The eval card: a number together with everything that it depends on, as JSON and as a line of text.

Two cards are comparable if metric, protocol, resizing, features and ignored ids agree. Others are not compared unless
somebody insists.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
        seeds: of the images and of random subsets.
        versions: of the libraries.
        commit: of the code, None where it is not known.
        notes: warnings that belong to the number.
        images: folder that was judged, as it was given.
        real: folder beside which it was judged.
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

    def line(self) -> str:
        """The card in one line."""
        facts = [self.protocol, self.resize, ", ".join(f"{count} {what}" for what, count in self.counts.items())]
        facts += [f"features {self.features[: self.features.find('@') + 13]}"] if self.features else []
        facts += [f"ignored ids {', '.join(map(str, self.ignored_ids))}"] if self.ignored_ids else []
        facts += [f"seeds {', '.join(map(str, self.seeds))}"] if self.seeds else []
        return f"{self.metric} = {self.value:.6g} ({'; '.join([*facts, *self.notes])})"

    def to_json(self) -> str:
        """The whole card."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"


def write_card(card: EvalCard, path: Path) -> None:
    """Write the card as JSON; a file that is there already is another result and stays.

    Raises:
        DataError: there is a file of this name.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
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
            "no eval card", file=path, found=str(error), expected="a file that ipose evaluate --images wrote"
        ) from error


def read_cards(path: Path) -> list[EvalCard]:
    """The card of a file, or all `*.json` cards of a folder. Raises DataError where there is none."""
    if not path.is_dir():
        return [read_card(path)]
    files = sorted(path.glob("*.json"))
    if not files:
        raise DataError("no eval cards in this folder", file=path, expected="JSON files of ipose evaluate --images")
    return [read_card(file) for file in files]


def compare_cards(
    columns: Mapping[str, Sequence[EvalCard]], *, across_protocols: bool = False
) -> tuple[list[str], list[list[str]]]:
    """A table of results: one line a metric and protocol, one column a name.

    Args:
        columns: cards by name, of a model each.
        across_protocols: set numbers beside each other that were taken in different ways; each line then says how.
    Returns:
        header and rows of text, for `text_table`.
    Raises:
        ConfigError: cards of one metric differ in what makes them comparable.
    """
    values: dict[str, dict[str, str]] = {}
    terms: dict[str, tuple[str, Any]] = {}
    for name, cards in columns.items():
        for card in cards:
            if not across_protocols:
                _check_terms(name, card, terms)
            key = f"{card.metric} [{card.protocol}]"
            cell = f"{card.value:.6g}"
            values.setdefault(key, {})
            values[key][name] = f"{values[key][name]} / {cell}" if name in values[key] else cell
    header = ["metric [protocol]", *columns]
    return header, [[key, *(cells.get(name, "-") for name in columns)] for key, cells in values.items()]


def _check_terms(name: str, card: EvalCard, seen: dict[str, tuple[str, Any]]) -> None:
    kind = card.metric.split(" (")[0].replace("FID", "Frechet distance").replace("KID", "Kernel distance")
    own = {"protocol": card.protocol, "resize": card.resize, "features": card.features, "ids": card.ignored_ids}
    first, theirs = seen.setdefault(kind.lower(), (name, own))
    for term, value in own.items():
        if value != theirs[term]:
            raise ConfigError(
                f"{kind} of {first} and of {name} do not compare: another {term}",
                found=value,
                expected=theirs[term],
                mend="Evaluate both by one protocol, or insist with --across-protocols.",
            )
