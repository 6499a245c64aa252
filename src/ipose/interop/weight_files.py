"""State dicts in files that others wrote, `.pth` of torch or `.safetensors`; reading one never runs code in it."""

import pickle
import pickletools
import re
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ipose.errors import ConfigError, RunError

SUFFIXES = (".pth", ".pt", ".safetensors")


def read_weights(path: str | Path, *, leave: Collection[str] = ()) -> dict[str, Tensor]:
    """The state dict in a file, on the CPU.

    Args:
        path: what `torch.save` of a state dict wrote (any suffix), or a `.safetensors` file.
        leave: names of state dicts that are not meant where the file holds several.
    Raises:
        RunError: no such file, a damaged one, one that holds something else, numbers that are not finite, or one that
            would run code.
    """
    path = Path(path)
    if not path.is_file():
        raise RunError(
            "a folder, where a file of weights is needed" if path.is_dir() else "no such file",
            file=path,
            expected=" or ".join(SUFFIXES),
            mend="Name the file itself." if path.is_dir() else "Check the path.",
        )
    return _state_of(_read(path), path, leave)


def write_weights(path: str | Path, state: Mapping[str, Tensor], *, inside: str | None = None) -> None:
    """Write a state dict beside and rename it into place: `.safetensors` by that suffix, else as torch does.

    Args:
        path: a new file.
        state: tensors by name.
        inside: key under which the file is to hold the state; a `.safetensors` file, which cannot, holds it alone.
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
            torch.save(plain if inside is None else {inside: plain}, beside)
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
            raise _would_run(path, f"a pickle that calls {code}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's on pickles of others
            return torch.load(path, map_location="cpu", weights_only=True)
    except RunError:
        raise
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError, OSError) as error:
        if re.search(r"GLOBAL \w", str(error)):  # torch's word for what is more than tensors
            raise _would_run(path, "more than tensors") from error
        if "Unsupported operand" in str(error) and zipfile.is_zipfile(path):
            raise RunError(
                "saved with a pickle protocol that torch reads only by running what it says, so it is not read",
                file=path,
                mend="Save it anew, without pickle_protocol=..., or as safetensors.",
            ) from error
        raise RunError(
            "no weights can be read from this file",
            file=path,
            found=f"{size} bytes that are not what its name says" if (size := path.stat().st_size) else "an empty file",
            expected="a state dict by torch.save, or safetensors",
            mend="Download or copy it again, whole.",
        ) from error


def _would_run(path: Path, found: str) -> RunError:
    return RunError(
        "reading this file would run code, so it is not read",
        file=path,
        found=found,
        expected="tensors alone",
        mend="Ask its author for a plain state dict, or where you trust the file, make one: "
        "torch.save(network.state_dict(), FILE).",
    )


def _state_of(found: Any, path: Path, leave: Collection[str] = ()) -> dict[str, Tensor]:
    """The one state dict of what a file holds, on its own or in a checkpoint beside other things."""
    items = found.items() if isinstance(found, Mapping) else ()
    inside = [str(name) for name, value in items if _is_state(value)]
    meant = [name for name in inside if name not in leave] or inside
    state = found if _is_state(found) else found[meant[0]] if len(meant) == 1 else None
    if state is not None:
        return _finite({str(name): tensor for name, tensor in state.items()}, path)
    raise RunError(
        "the file holds several state dicts" if inside else "the file holds no state dict",
        file=path,
        found=_in_words(found),
        expected="tensors by name",
        mend=f"Save the one that you mean alone: torch.save(checkpoint[{inside[0]!r}], FILE)."
        if inside
        else "Save one: torch.save(network.state_dict(), FILE).",
    )


def _is_state(found: Any) -> bool:
    return isinstance(found, Mapping) and bool(found) and all(isinstance(value, Tensor) for value in found.values())


def _finite(state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    bad = [name for name, tensor in state.items() if not tensor.isfinite().all()]
    if bad:
        raise RunError(
            "weights that are no finite numbers",
            file=path,
            field=bad[0],
            found="NaN or infinity" + (f", as in {len(bad) - 1} more tensors" if len(bad) > 1 else ""),
            mend="Its training went wrong before it was saved; take an earlier checkpoint.",
        )
    return state


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
    for _ in range(_PICKLES):
        strings, memo, last = list[str](), dict[int, str](), None  # the last string, if nothing came after it
        for operation, value, _ in pickletools.genops(stream):
            name = operation.name
            if name == "MEMOIZE" or name.endswith("BINPUT"):
                memo[len(memo) if value is None else value] = last or ""
                continue
            if name in ("GLOBAL", "INST", "STACK_GLOBAL"):
                called = " ".join(strings[-2:]) if value is None else str(value)
                if not _PLAIN.fullmatch(called):
                    yield called.replace(" ", ".")
            last = memo.get(value or 0) if name.endswith("BINGET") else str(value) if "UNICODE" in name else None
            if last:
                strings.append(last)
