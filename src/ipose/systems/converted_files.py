"""What all conversions share: the file and hints about it, errors that name it, folders that appear whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from ipose.data.file_lists import is_free
from ipose.errors import ConfigError, IposeError, RunError
from ipose.interop.release.recognise import without_prefix
from ipose.interop.weight_files import read_weights
from ipose.training.folders import what_is
from ipose.whole_files import replace_folder

Made = TypeVar("Made")


@dataclass(frozen=True)
class Hints:
    """What the user says about a file, by the option's name; None = nothing. Each network has use for some of it.

    Args:
        given: `preset`, `spec`, and the options of the systems (`ipose.systems.record.ReleaseOptions`).
    """

    given: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        """What is said under this name; None = nothing."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.given.get(name)

    def refuse_all_but(self, *names: str, file: Path, network: str) -> None:
        """Raises ConfigError for the first hint that this network has no use for."""
        for name, value in self.given.items():
            if value is not None and name not in names:
                raise ConfigError(
                    f"of no use to {network}",
                    file=file,
                    field=name,
                    found=value,
                    mend=f"Leave out --{name.replace('_', '-')}.",
                )


@dataclass(frozen=True, eq=False)
class Converted:
    """What came of a file.

    Args:
        save: fills a model folder.
        notes: what to tell the user, a sentence each.
    """

    save: Callable[[Path], object]
    notes: list[str]


def read_network(file: Path) -> dict[str, Tensor]:
    """The state dict to convert: of a file with a generator and its discriminator, the generator's.

    Raises:
        RunError: a folder, or a file that is not one of weights.
    """
    if file.is_dir():
        raise RunError(
            "a folder, where a file of weights is needed",
            file=file,
            mend="Name the file itself; or add --to-release to write this model as one.",
        )
    if file.suffix == ".safetensors" and (file.parent / "config.json").is_file():
        raise RunError(
            "this is a part of a model folder, which needs no converting",
            file=file,
            mend=f"Use {file.parent} as it is; --to-release writes it as one file with the authors' names.",
        )
    return at_home(file, lambda: without_prefix(read_weights(file, leave=("discriminator",))))


def at_home(file: Path, make: Callable[[], Made]) -> Made:
    """What `make` makes; its complaints about a state name the file."""
    try:
        return make()
    except IposeError as error:
        if error.file is not None:
            raise
        raise type(error)(
            error.message, file=file, field=error.field, found=error.found, expected=error.expected, mend=error.mend
        ) from error


def refuse_occupied(out: Path) -> None:
    """Raises RunError unless the folder is new or empty."""
    if not is_free(out):
        raise RunError(
            "the folder to write must be new or empty", file=out, found=what_is(out), mend="Choose another folder."
        )


def write_new(out: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a folder beside, and rename it into place; nothing is left of one that failed."""
    replace_folder(out, write)
