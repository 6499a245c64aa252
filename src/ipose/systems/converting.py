"""`ipose convert`: the authors' weights to a model folder, and a model back to a file with their names.

Which network a file is of, the names of its tensors tell; the system that it belongs to does the rest, with what all
conversions share: hints about the file, and errors that name it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from ipose.data.file_lists import is_free
from ipose.errors import ConfigError, IposeError, RunError
from ipose.interop.release.recognise import network_of, without_prefix
from ipose.interop.weight_files import read_weights, refuse_weights
from ipose.model_folder import open_model
from ipose.systems.record import Released, function_named
from ipose.systems.registry import system_of_model, systems
from ipose.training.folders import what_is
from ipose.whole_files import replace_folder

Made = TypeVar("Made")


@dataclass(frozen=True)
class Hints:
    """What the user says about a file, by the option's name; None = nothing. Each network has use for some of it."""

    given: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        """The hint that was given under this name; None = not given."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.given.get(name)

    def refuse_all_but(self, *names: str, file: Path, network: str) -> None:
        """Raises ConfigError for the first hint that this network has no use for."""
        for name, value in self.given.items():
            if value is not None and name not in names:
                mend = f"Leave out --{name.replace('_', '-')}."
                raise ConfigError(f"of no use to {network}", file=file, field=name, found=value, mend=mend)


@dataclass(frozen=True, eq=False)
class Converted:
    """What came of a file. `notes`: what to tell the user, a sentence each."""

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


def refuse_occupied(out: Path, what: str = "the folder to write") -> None:
    """Raises RunError unless the folder is new or empty."""
    if not is_free(out):
        raise RunError(f"{what} must be new or empty", file=out, found=what_is(out), mend="Choose another folder.")


def convert_from_release(file: Path, out: Path, **hints: Any) -> list[str]:
    """Write the model folder of a network that the authors' training saved. On failure, nothing. Returns what to
    tell the user, a sentence each.

    Args:
        file: of `torch.save`, or safetensors: of a network that some record's `released` makes a model of; with its
            discriminator beside it in the file, or alone.
        hints: what the user says of the file: `preset` (None = told from its classes and layers), `spec` (None = the
            preset's data set), and the systems' own (`ReleaseOptions` in their records).
    Raises:
        RunError: the file or its names are at fault, or `out` is taken.
        ConfigError, SpecError: a hint contradicts the weights, or is of no use to them.
        SupportError: the supports are at fault.
    """
    refuse_occupied(out)
    state = read_network(file)
    released = {network: one for system in systems() for network, one in system.released.items()}
    network = network_of(state, {name: one.names for name, one in released.items() if one.names})
    making = None if network is None or network not in released else released[network].making
    if making is None:
        raise _useless(file, state, network, released)
    converted: Converted = function_named(making)(file, state, Hints(hints))
    replace_folder(out, converted.save)
    return converted.notes


def convert_to_release(model: Path, out: Path) -> list[str]:
    """Write a run or model folder as one file with the authors' names; a system of two networks as two, as they do.
    Returns what to tell the user, a sentence each.

    Raises:
        RunError: no model there, or a file at `out`.
        ConfigError: layers or settings that the release does not have, or a system that was never released.
    """
    refuse_weights(out)
    if model.is_file():
        raise RunError(
            "a file, where --to-release takes a run or model folder", file=model, mend="Leave out --to-release."
        )
    saved = open_model(model)
    system = system_of_model(saved)
    if system.to_release is None:
        raise ConfigError(f"no release of {system.title}", file=saved.path)
    notes: list[str] = function_named(system.to_release)(saved.path, out)
    return notes


def _useless(
    file: Path, state: Mapping[str, Tensor], network: str | None, released: Mapping[str, Released]
) -> RunError:
    if network is None:
        mend = "Take a file that the authors' training saved; no other has these layers."
        found = f"{len(state)} tensors, the first named {next(iter(state), None)!r}"
        expected = ", ".join(name for name, one in released.items() if one.making is not None)
        return RunError("this is no network of the releases", file=file, found=found, expected=expected, mend=mend)
    known = released.get(network, Released())
    return RunError(
        f"this is the release's {network}, which makes no images alone",
        file=file,
        mend=known.instead or "Convert the generator's file (its averaged copy, EMA, where there is one).",
    )
