"""What a model folder holds, and the one reader of it, for every system. Imports torch only where tensors are read.

    config.json                 `format` says which system the model is of; the rest is that system's
    *.safetensors               weights
    release_extras.safetensors  what a file of the authors held and no layer uses
    dataset.toml                what label ids mean, where the system reads label maps
    supports/                   support part maps, where the system has a PartNet
    README.md, ...              files of the system's own

`ipose.model_writing` writes them.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

import ipose
from ipose.data.file_lists import list_files
from ipose.errors import ConfigError, RunError
from ipose.weights import BUNDLED, bundled
from ipose.whole_files import read_json, recover_folder

if TYPE_CHECKING:
    from ipose.label_spec import LabelSpec
    from ipose.part_annotations import SupportSet

CONFIG, EXTRAS, SPEC, SUPPORTS = "config.json", "release_extras.safetensors", "dataset.toml", "supports"

SUPPORT_MAPS, NONE = "support_maps", "none"
"""Field and value in config.json of a model that reads supports and was saved without any."""

_COPY = "Copy the model folder again, whole."


@dataclass(frozen=True)
class ModelKind:
    """A kind of model folder, as errors speak of it.

    Args:
        format: its name in config.json.
        title: its name for people.
        command: that trains one.
    """

    format: str
    title: str
    command: str


@dataclass(frozen=True, eq=False)
class ModelFolder:
    """A model folder whose config.json was read. `open_model` makes it.

    Args:
        path: of the folder.
        config: what config.json holds.
    """

    path: Path
    config: Mapping[str, Any]

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def format(self) -> str:
        """What config.json calls the kind of the model."""
        return str(self.config["format"])

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return (self.path / name).is_file()

    def weights(self, name: str) -> dict[str, Any]:
        """The tensors of a safetensors file by name, on the CPU. Raises RunError for a missing or damaged file."""
        from safetensors.torch import load_file

        with self.reading("weights", name):
            return load_file(self.path / name)

    def checked_weights(self, name: str, field: str) -> dict[str, Any]:
        """The tensors of a file whose SHA-256 is that of a field of config.json. RunError: another one, or damaged."""
        expected, found = str(self.config[field]), self.sha256(name)
        if found != expected:
            message = "not the weights that the model was saved with"
            raise RunError(
                message, file=self.path / name, found=f"sha256 {found[:12]}", expected=expected[:12], mend=_COPY
            )
        return self.weights(name)

    def extras(self) -> dict[str, Any]:
        """What a file of the authors held and no layer uses; empty where there is nothing. Raises as `weights`."""
        return self.weights(EXTRAS) if self.has(EXTRAS) else {}

    def sha256(self, name: str) -> str:
        """Of a file. Raises RunError where it is missing."""
        with self.reading("weights", name):
            return sha256_of(self.path / name)

    def spec(self) -> "LabelSpec":
        """What label ids mean to the model. Raises SpecError where dataset.toml is missing or damaged."""
        from ipose.data.specs import read_labels

        return read_labels(self.path / SPEC)

    def supports(self) -> "SupportSet":
        """The supports; an empty set where the model was saved without any, and nobody has put any there since.

        Raises:
            SupportError: they are damaged, or gone.
        """
        from ipose.data.support_folder import load_supports
        from ipose.part_annotations import SupportSet

        folder = self.path / SUPPORTS
        if self.config.get(SUPPORT_MAPS) == NONE and not list_files(folder, ("_part.png",), tell=False):
            return SupportSet({}, {})
        return load_supports(folder)

    @contextmanager
    def reading(self, what: str, name: str = "") -> Iterator[None]:
        """Whatever a damaged file leads to is raised as one RunError.

        Args:
            what: is read, in words.
            name: of the file; "" = the whole folder is named.
        """
        try:
            yield
        except RunError:
            raise
        except (KeyError, TypeError, ValueError, ConfigError, OSError, SafetensorError, RuntimeError) as error:
            words = " ".join(str(error).split())
            reason = words if len(words) < 200 else f"{words[:200]} ..."
            raise RunError(f"the {what} cannot be read ({reason})", file=self.path / name, mend=_COPY) from error


def open_model(path: str | Path | ModelFolder, *kinds: ModelKind) -> ModelFolder:
    """The model folder of a run, or the folder itself; its config.json is read here and nowhere else.

    Args:
        path: a run, its model/, a bundled model's name (`ipose.weights`), or a folder that was opened already.
        kinds: that will do; none = all.
    Raises:
        RunError: no model there, a config.json that cannot be read, or a model of another kind.
    """
    model = path if isinstance(path, ModelFolder) else _opened(_find(Path(path), kinds))
    if kinds and model.format not in {kind.format for kind in kinds}:
        mend, expected = f"Name a run of {_commands(kinds)}.", " or ".join(kind.format for kind in kinds)
        raise RunError("a model of another system", file=model.path, found=model.format, expected=expected, mend=mend)
    return model


def _find(path: Path, kinds: tuple[ModelKind, ...]) -> Path:
    for folder in (path, path / "model"):
        recover_folder(folder)
        if (folder / CONFIG).is_file():
            return folder
    if not path.exists() and (known := bundled(path)):
        return known
    mend = f"Train one with {_commands(kinds) or 'ipose train'}, or check the path."
    if not path.exists():
        raise RunError("no such run or model folder", file=path, mend=f"{mend} Bundled models: {', '.join(BUNDLED)}.")
    message = f"no {' or '.join(kind.title for kind in kinds)} here" if kinds else "no model in here"
    found = "a run that has saved no model yet" if (path / "run.json").is_file() else f"no {CONFIG}"
    raise RunError(message, file=path, found=found, expected="a run folder or its model/", mend=mend)


def _opened(folder: Path) -> ModelFolder:
    try:
        config = read_json(folder / CONFIG)
        if not isinstance(config, dict) or not isinstance(config.get("format"), str):
            raise ValueError("it names no format")
    except (OSError, ValueError) as error:
        raise RunError(f"{CONFIG} cannot be read ({error})", file=folder, mend=_COPY) from error
    made_by = str(config.get("ipose_version", "0"))
    if _release(made_by) > _release(ipose.__version__):
        mend = "Upgrade: pip install -U ipose."
        raise RunError(f"made by ipose {made_by}; this is ipose {ipose.__version__}", file=folder, mend=mend)
    return ModelFolder(folder, config)


def _release(version: str) -> tuple[int, ...]:
    """ "1.10.2" as (1, 10): files stay readable within a minor release."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _commands(kinds: tuple[ModelKind, ...]) -> str:
    return " or ".join(kind.command for kind in kinds)


def sha256_of(file: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal digits."""
    with file.open("rb") as bytes_of_it:
        return hashlib.file_digest(bytes_of_it, "sha256").hexdigest()
