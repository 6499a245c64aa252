"""State dicts in files that others wrote, `.pth` of torch or `.safetensors`; reading one never runs code in it."""

import pickle
import pickletools
import re
import warnings
import zipfile
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ipose.errors import ConfigError, RunError

SUFFIXES = (".pth", ".pt", ".safetensors")


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The state dict in a file, on the CPU.

    Args:
        path: what `torch.save` of a state dict wrote (any suffix), or a `.safetensors` file.
    Raises:
        RunError: no such file, a damaged one, one that holds something else, or one that would run code.
    """
    path = Path(path)
    if not path.is_file():
        raise RunError(
            "a folder, where a file of weights is needed" if path.is_dir() else "no such file",
            file=path,
            expected=" or ".join(SUFFIXES),
            mend="Name the file itself." if path.is_dir() else "Check the path.",
        )
    return _state_of(_read(path), path)


def write_weights(path: str | Path, state: Mapping[str, Tensor]) -> None:
    """Write a state dict beside and rename it into place: `.safetensors` by that suffix, else as torch does.

    Raises:
        RunError: there is such a file already.
        ConfigError: another suffix.
    """
    path = Path(path)
    refuse_weights(path)
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".unfinished-{path.name}")
    try:
        if path.suffix == ".safetensors":
            save_file(plain, beside)
        else:
            torch.save(plain, beside)
        beside.rename(path)
    finally:
        beside.unlink(missing_ok=True)


def refuse_weights(path: Path) -> None:
    """Raises RunError where there is something already, ConfigError for a suffix that no file of weights has."""
    if path.exists():
        raise RunError("there is something here already", file=path, mend="Name a new file, or remove this one.")
    if path.suffix not in SUFFIXES:
        raise ConfigError("no file of weights by its name", file=path, expected=" or ".join(SUFFIXES))


def _read(path: Path) -> Any:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if (code := code_in(path)) is not None:
            raise RunError(
                "reading this file would run code, so it is not read",
                file=path,
                found=f"a pickle that calls {code}",
                expected="tensors alone",
                mend="Ask its author for a plain state dict: torch.save(network.state_dict(), FILE).",
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's on pickles of others
            return torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError, OSError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(
            "no weights can be read from this file",
            file=path,
            found=f"{path.stat().st_size} bytes that are not what its name says",
            expected="a state dict by torch.save, or safetensors",
            mend="Download or copy it again, whole.",
        ) from error


def _state_of(found: Any, path: Path) -> dict[str, Tensor]:
    """The one state dict of what a file holds."""
    if isinstance(found, Mapping) and found and all(isinstance(value, Tensor) for value in found.values()):
        return {str(name): tensor for name, tensor in found.items()}
    items = found.items() if isinstance(found, Mapping) else ()
    inside = [str(name) for name, value in items if isinstance(value, Mapping)]
    raise RunError(
        "the file holds more than a state dict" if inside else "the file holds no state dict",
        file=path,
        found=_in_words(found),
        expected="tensors by name",
        mend=f"Save the one that you mean alone: torch.save(checkpoint[{inside[0]!r}], FILE)."
        if inside
        else "Save one: torch.save(network.state_dict(), FILE).",
    )


def _in_words(found: Any) -> str:
    if not isinstance(found, Mapping):
        return f"a {type(found).__name__}"
    if not found:
        return "nothing"
    kinds = [f"{name} ({type(value).__name__})" for name, value in found.items() if not isinstance(value, Tensor)]
    return ", ".join(kinds[:6]) + (", ..." if len(kinds) > 6 else "")


_PLAIN = re.compile(
    r"collections OrderedDict|torch\._utils _rebuild_\w+|torch\.(storage|nn\.parameter|_tensor|serialization) \w+"
    r"|torch (\w*Storage|\w*Tensor|Size|device|dtype|b?float\w*|u?int\d+|bool)|_codecs encode"
)
"""What the pickle of a state dict calls."""

_PICKLES = 5
"""As many as torch wrote one behind the other before it wrote zip archives."""


def code_in(path: Path) -> str | None:
    """The first thing that a pickle would call and no state dict does, as "module.name"; None where there is none.

    Only looks: the pickle's instructions are listed, not followed.
    """
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as stream:
                return next(_calls(stream), None)
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".pkl"):
                    with archive.open(name) as stream:
                        return next(_calls(stream), None)
    except (ValueError, IndexError, zipfile.BadZipFile, OSError):  # no pickle at all: for torch to say
        pass
    return None


def _calls(stream: Any) -> Iterator[str]:
    strings = deque[str](maxlen=2)
    for _ in range(_PICKLES):
        for operation, value, _ in pickletools.genops(stream):
            if operation.name.endswith("UNICODE") or operation.name == "BINUNICODE8":
                strings.append(str(value))
            elif operation.name in ("GLOBAL", "INST", "STACK_GLOBAL"):
                called = " ".join(strings) if value is None else str(value)
                if not _PLAIN.fullmatch(called):
                    yield called.replace(" ", ".")
