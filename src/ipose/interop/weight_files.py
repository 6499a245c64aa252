"""State dicts in files of others, `.pth` of torch or `.safetensors`. Reading a file never runs code in it."""

import pickletools
import re
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ipose.errors import ConfigError, RunError
from ipose.whole_files import give_usual_mode, write_whole

SUFFIXES = (".pth", ".pt", ".safetensors")


def read_weights(path: str | Path, *, leave: Collection[str] = ()) -> dict[str, Tensor]:
    """The state dict in a file, on the CPU. `leave`: names of state dicts to skip, if the file holds several.

    Raises:
        RunError: no such file, a damaged file, no state dict or several in it, weights that are not finite, or a pickle
            that would run code.
    """
    path = Path(path)
    if not path.is_file():
        message = "a folder, where a file of weights is needed" if path.is_dir() else "no such file"
        mend = "Name the file itself." if path.is_dir() else "Check the path."
        raise RunError(message, file=path, expected=" or ".join(SUFFIXES), mend=mend)
    return _state_of(_load_file(path), path, leave)


def write_weights(path: str | Path, state: Mapping[str, Tensor], *, inside: str | None = None) -> None:
    """Write a state dict, as safetensors or as `torch.save` does. The file appears only when it is whole. The suffix
    decides. `inside`: key of the state in a file of torch; None = no key.

    Raises:
        RunError: there is such a file already.
        ConfigError: another suffix.
    """
    path = Path(path)
    refuse_weights(path)
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}

    def write(beside: Path) -> None:
        if path.suffix == ".safetensors":
            save_file(plain, beside)
            give_usual_mode(beside)
        else:
            torch.save(plain if inside is None else {inside: plain}, beside)

    write_whole(path, write)


def refuse_weights(path: Path) -> None:
    """Raises RunError where `path` exists, and ConfigError where its suffix is not one of `SUFFIXES`."""
    if path.exists():
        raise RunError("there is something here already", file=path, mend="Name a new file, or remove this one.")
    if path.suffix not in SUFFIXES:
        raise ConfigError("no suffix of a file of weights", file=path, expected=" or ".join(SUFFIXES))


def _load_file(path: Path) -> Any:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if (code := code_in(path)) is not None:
            raise _would_run(path, f"a pickle that calls {code}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's warnings about pickles of others
            return torch.load(path, map_location="cpu", weights_only=True)
    except RunError:
        raise
    except Exception as error:  # a damaged pickle makes torch raise almost anything
        if re.search(r"GLOBAL \w", str(error)):  # torch's word for anything but tensors
            raise _would_run(path, "more than tensors") from error
        if "Unsupported operand" in str(error) and zipfile.is_zipfile(path):
            message = "saved with a pickle protocol that torch reads only by running code, so it is not read"
            mend = "Save it again without pickle_protocol=..., or as safetensors."
            raise RunError(message, file=path, mend=mend) from error
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
        expected="only tensors",
        mend="Ask its author for a plain state dict. If you trust the file, make one: "
        "torch.save(network.state_dict(), FILE).",
    )


def _state_of(found: Any, path: Path, leave: Collection[str] = ()) -> dict[str, Tensor]:
    """The only state dict in a file. It can be one of several values of a checkpoint."""
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
        mend=f"Save only the one you need: torch.save(checkpoint[{inside[0]!r}], FILE)."
        if inside
        else "Save one: torch.save(network.state_dict(), FILE).",
    )


def _is_state(found: Any) -> bool:
    return isinstance(found, Mapping) and bool(found) and all(isinstance(value, Tensor) for value in found.values())


def _finite(state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    bad = [name for name, tensor in state.items() if not _wide(tensor).isfinite().all()]
    if bad:
        found = "NaN or infinity" + (f", as in {len(bad) - 1} more tensors" if len(bad) > 1 else "")
        mend = "Its training went wrong before it was saved; take an earlier checkpoint."
        raise RunError("weights that are no finite numbers", file=path, field=bad[0], found=found, mend=mend)
    return state


def _wide(tensor: Tensor) -> Tensor:
    """The tensor in a type that torch can compare: it cannot ask floats of 8 bits whether they are finite."""
    return tensor.float() if tensor.is_floating_point() and tensor.dtype.itemsize == 1 else tensor


def _in_words(found: Any) -> str:
    if not isinstance(found, Mapping):
        return f"a {type(found).__name__}"
    if not found:
        return "nothing"
    others = [f"{name} ({type(value).__name__})" for name, value in found.items() if not isinstance(value, Tensor)]
    return ", ".join(others[:6]) + (", ..." if len(others) > 6 else "")


_PLAIN = re.compile(
    r"collections OrderedDict|torch\._utils _rebuild_\w+|torch\.(storage|nn\.parameter|_tensor|serialization) \w+"
    r"|torch (\w*Storage|\w*Tensor|Size|device|dtype|b?float\w*|u?int\d+|bool)|_codecs encode"
)
"""Everything that the pickle of a state dict calls."""

_PICKLES = 5
"""Number of pickles in a file of old torch versions, which wrote no zip archives."""


def code_in(path: Path) -> str | None:
    """The first "module.name" that a pickle would call and that no state dict calls. None = there is none.

    The pickle's instructions are only listed. They are not run.
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
    except (ValueError, IndexError, zipfile.BadZipFile, OSError):  # no pickle: torch will say so
        pass
    return None


def _calls(stream: Any) -> Iterator[str]:
    for _ in range(_PICKLES):
        strings, memo, last = list[str](), dict[int, str](), None  # `last`: the last string, if nothing came after it
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
