"""The cards of a run: `cards/` holds those of its present weights, `cards/earlier/` keeps those of earlier ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ipose.errors import DataError
from ipose.evaluation.eval_card import EvalCard, card_file_name, read_card, write_card

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
