"""An eval card is a number with everything that it depends on. It is written as JSON, and as a line of text."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ipose.data.file_lists import folders_in, list_files
from ipose.errors import DataError
from ipose.whole_files import read_json, write_text_whole

FORMAT = "ipose-eval-card-1"

_MEASURES = {"FID": "Frechet distance", "KID": "Kernel distance"}
_MEASURES |= {"object FID": "Object Frechet distance", "object KID": "Object kernel distance"}
"""General names of metrics that have another name with Inception's features."""

_LOWER = ("distance", "error", "reconstruction", "mocd", " outside")
"""Words in the general names of metrics of which lower values are better."""


@dataclass(frozen=True, kw_only=True)
class EvalCard:
    """One result.

    Args:
        metric: name of the metric, with the feature network if the metric can have several.
        resize: how images were resized, in words.
        counts: number of images, real images, objects, pixels, ...
        features: name and hash of the network, name@sha256; None = no network.
        ignored_ids: class ids that did not count.
        ignored: number of pixels of each class that did not count, by its name.
        seeds: of the images; for parts, of the training, which chose the supports.
        commit: of the code that evaluated; None = unknown.
        notes: warnings about the number.
        images: folder or run that was judged, as it was given.
        real: folder or data that it was compared with.
        model: of a run: hashes of weights and supports, commit of the training.
        data: hash of what it was compared with (photographs, label maps, true parts); "" = nothing.
        baselines: the same number for simpler methods, by name.
        breakdown: the value of each category or class that has one.
        left_out: what the same evaluation could not judge: why, and what to do.
    """

    metric: str
    value: float
    protocol: str
    resize: str
    counts: Mapping[str, int]
    features: str | None = None
    ignored_ids: tuple[int, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=dict)
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
    left_out: tuple[str, ...] = ()

    @property
    def measure(self) -> str:
        """The metric's general name, without the network: that of FID is "Frechet distance"."""
        name = self.metric.replace(" (pooled)", " pooled").split(" (")[0]  # pooled is another metric, no network
        return _MEASURES.get(name, name)

    @property
    def better(self) -> str:
        """Which values are better: "lower is better", "higher is better", or "" where neither is."""
        words = self.measure.lower()
        if self.protocol in ("control", "robustness") and " inside" in words:
            return ""  # how much an edit changes: as much as the user likes; and where a map differs, an image should
        return "lower is better" if any(word in words for word in _LOWER) else "higher is better"

    @property
    def title(self) -> str:
        """The metric, with a word where lower values are better."""
        return f"{self.metric}, lower is better" if self.better.startswith("lower") else self.metric

    @property
    def number(self) -> str:
        """The value with its name: "FID, lower is better = 12.5"."""
        return f"{self.title} = {self.value:.6g}"

    def line(self) -> str:
        """The card in one line of text."""
        facts = [
            self.protocol,
            *([] if self.resize == "none" else [self.resize]),
            ", ".join(_counted(count, what) for what, count in self.counts.items()),
        ]
        facts += [f"features {self.features[: self.features.find('@') + 13]}"] if self.features else []
        facts += [self._ignored()] if self.ignored_ids else []
        facts += [f"seeds {', '.join(map(str, self.seeds))}"] if self.seeds else []
        facts += [f"{name} {value:.6g}" for name, value in self.baselines.items()]
        facts += [f"{name} {value[:12]}" for name, value in self.model.items()]
        return f"{self.number} ({'; '.join([*facts, *self.notes])})"

    def _ignored(self) -> str:
        """What did not count, in words. Classes without pixels are only counted."""
        if not self.ignored:  # an older card
            return f"ignored ids {', '.join(map(str, self.ignored_ids))}"
        seen = [f"{name} ({count} pixels)" for name, count in self.ignored.items() if count]
        rest = len(self.ignored) - len(seen)
        return "ignored " + ", ".join([*seen, *([f"{rest} classes without pixels"] if rest else [])])

    def to_json(self) -> str:
        """The card as JSON."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"


def _counted(count: int, what: str) -> str:
    """ "2 categories", "1 category"."""
    singular = {"categories": "category", "images": "image", "objects": "object", "scenes": "scene"}
    return f"{count} {singular.get(what, what) if count == 1 else what}"


def card_file_name(card: EvalCard) -> str:
    """`<protocol>_<metric>_<features>.json`: a different measurement has a different name."""
    network = "" if card.features is None else card.features.split("@")[0]
    words = [re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in (card.protocol, card.measure, network)]
    return "_".join(word for word in words if word) + ".json"


def write_card(card: EvalCard, path: Path, *, replace: bool = False) -> None:
    """Write the card as JSON.

    Raises:
        DataError: there is a file, and it is not to be replaced.
    """
    if path.exists() and not replace:
        raise DataError("there is a card already", file=path, mend="Write to another folder.")
    write_text_whole(path, card.to_json())


def read_card(path: Path) -> EvalCard:
    """Read a card. Raises DataError if the file is not a card."""
    try:
        plain = read_json(path)
        if plain.pop("format") != FORMAT:
            raise ValueError("another format")
        fields: dict[str, Any] = {key: tuple(item) if isinstance(item, list) else item for key, item in plain.items()}
        fields["value"] = float(fields["value"])
        return EvalCard(**fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        what, expected = "no eval card", "a card, a folder of cards, or a run that ipose evaluate has judged"
        raise DataError(what, file=path, found=str(error) if path.exists() else "nothing", expected=expected) from error


def read_cards(path: Path) -> list[EvalCard]:
    """Read one card, or all cards of a folder.

    Args:
        path: a file, a folder of `*.json` cards, or a folder with a folder `cards/`, such as a run. If `cards/` has
            only cards of other data (`cards/on-NAME/`), these are read.
    Raises:
        DataError: no card there, or cards on several data.
    """
    if not path.is_dir():
        return [read_card(path)]
    folder = path / "cards" if (path / "cards").is_dir() else path
    is_run = (path / "run.json").is_file()
    files = list_files(folder, (".json",), depth=1, tell=False) or _on_other_data(path, folder)
    if not files or (is_run and folder == path):
        mend = f"Make them with ipose evaluate {path}." if is_run else None
        raise DataError("no eval cards in this folder", file=path, expected="JSON files of ipose evaluate", mend=mend)
    return [read_card(file) for file in files]


def _on_other_data(path: Path, folder: Path) -> list[Path]:
    found = [list_files(place, (".json",), depth=1) for place in folders_in(folder) if place.name.startswith("on-")]
    places = [files for files in found if files]
    if len(places) > 1:
        what, mend = "eval cards on several data", "Name one of these folders."
        raise DataError(what, file=path, found=", ".join(str(files[0].parent) for files in places), mend=mend)
    return places[0] if places else []
