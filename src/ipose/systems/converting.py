"""`ipose convert`: the authors' weights to a model folder, and a model back to a file with their names.

Which network a file is of, the names of its tensors tell; the system that it belongs to does the rest.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ipose.errors import ConfigError, RunError
from ipose.interop.release.recognise import network_of
from ipose.interop.weight_files import refuse_weights
from ipose.model_folder import open_model
from ipose.systems.converted_files import Converted, Hints, read_network, refuse_occupied, write_new
from ipose.systems.record import Released, function_named
from ipose.systems.registry import system_of_model, systems


def convert_from_release(file: Path, out: Path, **hints: Any) -> list[str]:
    """Write the model folder of a network that the authors' training saved. On failure, nothing.

    Args:
        file: of `torch.save`, or safetensors: of a network that some record's `released` makes a model of; with its
            discriminator beside it in the file, or alone.
        out: a new or empty folder.
        hints: what the user says of the file: `preset` (None = told from its classes and layers), `spec` (None = the
            preset's data set), and the systems' own (`ReleaseOptions` in their records).
    Returns:
        what to tell the user, a sentence each.
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
    write_new(out, converted.save)
    return converted.notes


def convert_to_release(model: Path, out: Path) -> list[str]:
    """Write a run or model folder as one file with the authors' names; a system of two networks as two, as they do.

    Args:
        model: run or model folder, of any system that has a form there.
        out: a new .pth, .pt or .safetensors file.
    Returns:
        what to tell the user, a sentence each.
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
        return RunError(
            "this is no network of the releases",
            file=file,
            found=f"{len(state)} tensors, the first named {next(iter(state), None)!r}",
            expected=", ".join(name for name, one in released.items() if one.making is not None),
            mend="Take a file that the authors' training saved; no other has these layers.",
        )
    known = released.get(network, Released())
    return RunError(
        f"this is the release's {network}, which makes no images alone",
        file=file,
        mend=known.instead or "Convert the generator's file (its averaged copy, EMA, where there is one).",
    )
