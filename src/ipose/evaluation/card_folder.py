"""Folders of cards. `cards/` of a run holds cards of its present weights, `cards/earlier/` those of earlier weights."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from ipose.data.file_lists import is_free, list_files
from ipose.errors import DataError
from ipose.evaluation.eval_card import EvalCard, card_file_name, read_card, write_card
from ipose.evaluation.part_cards import supports_hash
from ipose.model_folder import sha256_of
from ipose.part_annotations import SupportSet
from ipose.training.provenance import git_commit, versions
from ipose.training.run import Run

EARLIER = "earlier"


def write_run_cards(cards: Sequence[EvalCard], folder: Path) -> list[Path]:
    """Write a JSON file for each card, all of one model. One of the same name is replaced. Cards of other weights are
    moved away. Returns the files, in the cards' order."""
    folder.mkdir(parents=True, exist_ok=True)
    if cards:
        _move_earlier(folder, cards[0].model)
    return _write(cards, folder, replace=True)


def write_new_cards(cards: Sequence[EvalCard], folder: Path) -> list[Path]:
    """Write one JSON file for each card to a new folder. Raises DataError if the folder is not empty."""
    check_new(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return _write(cards, folder, replace=False)


def _write(cards: Sequence[EvalCard], folder: Path, *, replace: bool) -> list[Path]:
    files = [folder / card_file_name(card) for card in cards]
    for card, file in zip(cards, files, strict=True):
        write_card(card, file, replace=replace)
    return files


def check_new(folder: Path) -> None:
    """Raises DataError if the folder is not empty. Called before the work begins."""
    if not is_free(folder):
        what = "there is something already"
        raise DataError(what, file=folder, expected="a new or empty folder", mend="Name another with --out.")


def _move_earlier(folder: Path, model: Mapping[str, str]) -> None:
    """Move cards of other weights to `earlier/<hash>/`: the run was trained further since."""
    for file in list_files(folder, (".json",), depth=1, tell=False):
        try:
            old = read_card(file).model
        except DataError:  # not a card
            continue
        other = [old[name] for name in WEIGHT_FILES if name in old and old[name] != model.get(name)]
        if other:
            place = folder / EARLIER / other[0][:12]
            place.mkdir(parents=True, exist_ok=True)
            file.replace(place / file.name)


def described(file: Path) -> str:
    """A short line about a file that a command wrote. A card has its number there, and the rest in the file."""
    return f"{file}: {read_card(file).number}" if file.parent.name == "cards" else str(file)


WEIGHT_FILES = {
    "generator": "model.safetensors",
    "PartNet": "partnet.safetensors",
    "segmenter": "segmenter.safetensors",
}
"""Weight files of a model folder, by their names in cards."""


def card_facts(images: Path | str, real: Path | str = "", model: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Fields that all cards of one evaluation share: versions, commit, images, real, model.

    Args:
        real: folder or data that it is compared with; "" = none.
        model: `model_facts` of a run; None = unknown.
    """
    return {**code_facts(), "images": str(images), "real": str(real), "model": model or {}}


def code_facts() -> dict[str, Any]:
    """Fields `versions` and `commit` of a card, for the code that evaluates."""
    found = dict(versions())
    for name in ("torchmetrics", "torch-fidelity", "pillow"):
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return {"versions": found, "commit": git_commit()}


def model_facts(run: Run, supports: SupportSet | None = None) -> dict[str, str]:
    """Field `model` of a card: hashes of the run's weight files and of its supports, and the training's commit."""
    facts = weights_of(run.model)
    if supports is not None and supports.categories:
        facts["supports"] = supports_hash(supports)
    return {**facts, "training commit": str(run.info["commit"] or "unknown")} if "commit" in run.info else facts


def weights_of(folder: Path) -> dict[str, str]:
    """SHA-256 of each weight file of a model folder, by its name in cards."""
    return {name: sha256_of(folder / file) for name, file in WEIGHT_FILES.items() if (folder / file).is_file()}
