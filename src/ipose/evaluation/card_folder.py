"""The cards of a run: `cards/` holds those of its present weights, `cards/earlier/` keeps those of earlier ones."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from ipose.errors import DataError
from ipose.evaluation.eval_card import EvalCard, card_file_name, read_card, write_card
from ipose.evaluation.network_files import sha256_of_file
from ipose.evaluation.part_cards import supports_hash
from ipose.part_annotations import SupportSet
from ipose.training.provenance import git_commit, versions
from ipose.training.run import Run

EARLIER = "earlier"
_WEIGHTS = ("generator", "PartNet", "segmenter")


def write_run_cards(cards: Sequence[EvalCard], folder: Path) -> list[Path]:
    """One JSON file a card. A card of the same measure and model is replaced; those of other weights step aside.

    Args:
        cards: all of one model.
        folder: made where it is not there.
    Returns:
        the files, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if cards:
        _step_aside(folder, cards[0].model)
    files = [folder / card_file_name(card) for card in cards]
    for card, file in zip(cards, files, strict=True):
        write_card(card, file, replace=True)
    return files


def write_new_cards(cards: Sequence[EvalCard], folder: Path) -> list[Path]:
    """One JSON file a card, in a new folder. Raises DataError where the folder holds something already."""
    check_new(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / card_file_name(card) for card in cards]
    for card, file in zip(cards, files, strict=True):
        write_card(card, file)
    return files


def check_new(folder: Path) -> None:
    """Raise DataError unless cards can be written there; asked before the work."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            "there is something already",
            file=folder,
            expected="a new or empty folder",
            mend="Name another with --out.",
        )


def _step_aside(folder: Path, model: Mapping[str, str]) -> None:
    """A run that was trained further has other weights: its old cards move to `earlier/<hash>/`."""
    for file in sorted(folder.glob("*.json")):
        try:
            old = read_card(file).model
        except DataError:  # somebody else's file
            continue
        other = [old[name] for name in _WEIGHTS if name in old and old[name] != model.get(name)]
        if other:
            place = folder / EARLIER / other[0][:12]
            place.mkdir(parents=True, exist_ok=True)
            file.replace(place / file.name)


def described(file: Path) -> str:
    """A file that a command wrote, in a line; a card with what it says."""
    return f"{file}: {read_card(file).line()}" if file.parent.name == "cards" else str(file)


WEIGHT_FILES = {
    "generator": "model.safetensors",
    "PartNet": "partnet.safetensors",
    "segmenter": "segmenter.safetensors",
}
"""What cards call the weight files of a model folder."""


def card_facts(images: Path | str, real: Path | str = "", model: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What all cards of one evaluation share: the code, what was judged and beside what, and who made it.

    Args:
        images: folder or run that is judged.
        real: folder or data beside which it is judged; "" = none.
        model: of a run, `model_facts`.
    """
    return {**code_facts(), "images": str(images), "real": str(real), "model": model or {}}


def code_facts() -> dict[str, Any]:
    """`versions` and `commit` of a card: of the code that evaluates."""
    found = dict(versions())
    for name in ("torchmetrics", "torch-fidelity", "pillow"):
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return {"versions": found, "commit": git_commit()}


def model_facts(run: Run, supports: SupportSet | None = None) -> dict[str, str]:
    """`model` of a card: SHA-256 of each weight file of the run's model and of its supports, commit of the training."""
    facts = weights_of(run.model)
    if supports is not None and supports.categories:
        facts["supports"] = supports_hash(supports)
    return {**facts, "training commit": str(run.info.get("commit") or "unknown")}


def weights_of(folder: Path) -> dict[str, str]:
    """SHA-256 of each weight file of a model folder, by what cards call it."""
    return {name: sha256_of_file(folder / file) for name, file in WEIGHT_FILES.items() if (folder / file).is_file()}
