"""The one writer of model folders, for every system. A folder appears whole, or stays as it was."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

import ipose
from ipose.data.file_lists import is_left_over
from ipose.data.specs import dataset_toml
from ipose.data.support_folder import save_supports
from ipose.errors import RunError
from ipose.label_spec import LabelSpec
from ipose.model_folder import CONFIG, NONE, SPEC, SUPPORT_MAPS, SUPPORTS, ModelKind, sha256_of
from ipose.part_annotations import SupportSet
from ipose.whole_files import replace_folder, save_tensors, write_text_whole

_NO_SUPPORTS_NOTE = """These weights came without support part maps, and PartNet reads parts from nothing else.
Put them here, a folder a category, k drawings in each: <category>/<name>_part.png
(grey value 0 = no part, 1 = the first part, ...); ipose supports check tells whether they will do.
"""


def write_model(
    folder: str | Path,
    kind: ModelKind,
    config: Mapping[str, Any],
    weights: Mapping[str, Mapping[str, Tensor]],
    *,
    hashes: Mapping[str, str] | None = None,
    spec: LabelSpec | None = None,
    supports: SupportSet | None = None,
    files: Mapping[str, Callable[[Path], object]] | None = None,
) -> None:
    """Write a model folder. One that stands there is replaced when the new one is whole.

    Args:
        folder: a new or empty folder, or one that holds a model and nothing else.
        kind: of the model.
        config: the system's own fields of config.json.
        weights: for each safetensors file, its tensors by name; no file is written of no tensors.
        hashes: fields of config.json that hold the SHA-256 of a file: {field: file}.
        spec: what label ids mean; None = the system reads no label maps.
        supports: None = the system has no PartNet; an empty set leaves a note on what to put there.
        files: of the system's own, by name: each is written by its function.
    Raises:
        RunError: the folder holds something else.
    """
    _refuse_others_files(Path(folder), {*(files or {})})

    def fill(new: Path) -> None:
        _write_weights(new, weights)
        for name, write in (files or {}).items():
            write(new / name)
        described = {"format": kind.format, "ipose_version": ipose.__version__, **config}
        described |= {field: sha256_of(new / name) for field, name in (hashes or {}).items()}
        if supports is not None:
            described |= _write_supports(new / SUPPORTS, supports)
        if spec is not None:
            _write_spec(new / SPEC, spec, supports)
        write_text_whole(new / CONFIG, json.dumps(described, indent=2) + "\n")

    replace_folder(Path(folder), fill)


def _refuse_others_files(folder: Path, own: set[str]) -> None:
    """What the folder holds will be removed. Raises RunError where that is more than a model."""
    own = {CONFIG, SPEC, SUPPORTS, "README.md", *own}
    there = {item.name for item in folder.iterdir() if not is_left_over(item.name)} if folder.exists() else set()
    others = sorted(name for name in there if name not in own and not name.endswith(".safetensors"))
    if there and (others or CONFIG not in there):
        message = "a folder that holds other files is not replaced by a model"
        found, expected = ", ".join(others[:8] or sorted(there)[:8]), "a new or empty folder, or one with a model alone"
        raise RunError(message, file=folder, found=found, expected=expected, mend="Save to another folder.")


def _write_weights(folder: Path, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
    for name, state in weights.items():
        if state:  # safetensors takes no tensors that share memory
            copies = {key: value.detach().cpu().contiguous().clone() for key, value in state.items()}
            save_tensors(copies, folder / name)


def _write_supports(folder: Path, supports: SupportSet) -> dict[str, str]:
    """Write them, and return what config.json says of them."""
    if supports.categories:
        save_supports(supports, folder)
        return {}
    write_text_whole(folder / "README.txt", _NO_SUPPORTS_NOTE)
    return {SUPPORT_MAPS: NONE}


def _write_spec(file: Path, spec: LabelSpec, supports: SupportSet | None) -> None:
    names = {} if supports is None else {name: supports.part_names[name] for name in supports.categories}
    write_text_whole(file, dataset_toml(spec, names))
