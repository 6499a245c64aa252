"""The eval card: a number together with everything that it depends on, as JSON and as a line of text."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ipose.errors import DataError

FORMAT = "ipose-eval-card-1"

_MEASURES = {
    "FID": "Frechet distance",
    "KID": "Kernel distance",
    "object FID": "Object Frechet distance",
    "object KID": "Object kernel distance",
}
"""Names that metrics have under Inception alone."""


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

    @property
    def measure(self) -> str:
        """The metric without its network: FID is a Frechet distance, too."""
        name = self.metric.split(" (")[0]
        return _MEASURES.get(name, name)

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
    words = [re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in (card.protocol, card.measure, network)]
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
            "no eval cards in this folder",
            file=path,
            expected="JSON files of ipose evaluate",
            mend=f"Make them with ipose evaluate {path}." if is_run else None,
        )
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
