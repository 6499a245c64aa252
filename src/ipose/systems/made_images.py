"""A folder of generated images: what they were made by and of. So images that stand are kept, and no others.

`made-from.json` in the folder says which model, split, size and code made the images, and in which state the maps of
each scene were. It is written before the first image, and each image is written whole: so a kill leaves a folder that
the next call goes on with.
"""

import hashlib
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import Any

import ipose
from ipose.errors import DataError
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.judges import EvaluateOptions
from ipose.model_folder import sha256_of
from ipose.training.config import Precision
from ipose.training.provenance import git_commit
from ipose.whole_files import read_json, write_text_whole, write_whole

MADE_FROM, FORMAT = "made-from.json", "ipose-made-images-1"

_IMAGE = re.compile(r"(.+_)?seed\d+(_\d+)?\.png$")

_CHANGES = {
    "model": "by another model",
    "split": "of another split",
    "spec": "under another spec",
    "size": "at another size",
    "precision": "in another precision",
    "code": "by another version of ipose",
}
"""What can be different, in the words of the sentence that says so."""


class MadeImages:
    """A folder of images that are made one after the other, or stand already.

    Images that were made otherwise are removed, and a line on standard error says why.

    Args:
        folder: made if it is not there.
        made_by: model, split, spec, size and (if it is not float32) precision, in words: other words = other images.
        states: of what each scene's images are made of, by the scene's name; another state = other images.
    Raises:
        DataError: the folder holds other files.
    """

    def __init__(self, folder: Path, made_by: Mapping[str, str], states: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        facts = {**made_by, "code": _code()}
        folder.mkdir(parents=True, exist_ok=True)
        known = _made_from(folder)
        changed = [words for name, words in _CHANGES.items() if known.get(name) != facts.get(name)]
        if changed and (images := _images(folder)):
            why = " and ".join(changed) if known else "by an earlier version of ipose"
            _say(f"{folder}: the {len(images)} images in it were made {why}. They are made anew.")
            (folder / MADE_FROM).unlink(missing_ok=True)
            for path in images:
                path.unlink()
        old: dict[str, str] = {} if changed else known.get("scenes", {})
        new = dict(states or {})
        self._remove({name for name, state in new.items() if old.get(name, state) != state})
        content = {"format": FORMAT, **facts, "scenes": {**old, **new}}
        write_text_whole(folder / MADE_FROM, json.dumps(content, indent=1) + "\n")

    def place(self, name: str) -> Path:
        """Path of an image."""
        return self.folder / name

    def say_what_stands(self, standing: int, count: int) -> None:
        """Say how many images need not be made, if there are some."""
        if standing:
            _say(f"{self.folder}: {standing} of {count} images stand already.")

    def write(self, name: str, write: Callable[[Path], object]) -> None:
        """Let `write` write an image, and put it into the folder whole."""
        write_whole(self.folder / name, write, sync=False)

    def _remove(self, scenes: set[str]) -> None:
        for scene in sorted(scenes):
            for path in self.folder.glob(f"{escape(file_stem(scene))}_seed*.png"):
                path.unlink()
        if scenes:
            count = f"{len(scenes)} scene{'s' if len(scenes) > 1 else ''}"
            _say(f"{self.folder}: the maps of {count} were changed. Their images are made anew.")


def facts_of(size: tuple[int, int], made_by: str, options: EvaluateOptions) -> dict[str, str]:
    """What images of a model were made by, in words; of no split and spec."""
    facts = {"model": made_by, "size": f"{size[0]}x{size[1]}", "split": "", "spec": ""}
    return facts | ({} if options.precision == "no" else {"precision": options.precision})


def in_precision(cards: Sequence[EvalCard], precision: Precision) -> list[EvalCard]:
    """The cards, with a note if their images were not made in float32."""
    if precision == "no":
        return list(cards)
    return [replace(card, notes=(*card.notes, f"images made in {precision}")) for card in cards]


def file_stem(scene: str) -> str:
    """Name of a scene in its images' names."""
    return scene.replace("/", "__")


def hash_of_model(folder: Path) -> str:
    """One hash over all files of a model folder but its model card, 16 digits: another one = another model."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "README.md")
    lines = [f"{path.relative_to(folder).as_posix()} {sha256_of(path)}" for path in files]
    return _hash("\n".join(lines))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _code() -> str:
    return f"ipose {ipose.__version__} {git_commit() or ''}".strip()


def _images(folder: Path) -> list[Path]:
    """All images in the folder. Raises DataError for anything else in it."""
    paths = [path for path in sorted(folder.iterdir()) if path.name != MADE_FROM and not path.name.startswith(".")]
    if strangers := [path.name for path in paths if not _IMAGE.match(path.name)]:
        message, mend = "the folder for generated images holds other files", "Name another folder with --out."
        found = ", ".join(strangers[:4])
        raise DataError(message, file=folder, found=found, expected="images of ipose evaluate, or nothing", mend=mend)
    return paths


def _made_from(folder: Path) -> dict[str, Any]:
    """What `made-from.json` says; nothing where it is missing, or damaged."""
    try:
        found = read_json(folder / MADE_FROM)
        return dict(found) if found.pop("format") == FORMAT else {}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
