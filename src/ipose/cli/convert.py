"""`ipose convert`: weights of the releases to model folders and back. `ipose export`: models for torch.export, ONNX."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import FlagCreatePairsOff, Positional, arg

from ipose.errors import ConfigError
from ipose.systems.record import ReleaseOptions
from ipose.systems.registry import systems

FILE = (
    "File that the authors' training saved: .pth, .pt or .safetensors. It is read as data. A pickle that would run "
    "code is refused. Of several files, take the one with averaged weights (EMA). With --to-release: a run or a model "
    "folder."
)


@dataclass(frozen=True, kw_only=True)
class ConvertCommand:
    """What `ipose convert` takes for every system."""

    file: Path
    out: Positional[Path]
    """Folder to write; it must be new or empty. With --to-release: file to write, .pth or .safetensors; it must be new.
    A system of two networks asks for a name that ends in _G, and writes the second one with _E."""
    preset: str | None = None
    """Preset of the system that the network was trained with. None = found by the number of classes or the layers."""
    spec: str | None = None
    """What the class ids mean: name of a spec, or a dataset.toml. None = the preset's data set."""
    to_release: FlagCreatePairsOff[bool] = False
    """Convert back: write a model in the form that the authors' code reads."""

    def run(self) -> None:
        """Convert and print what was made."""
        from ipose.systems.converting import convert_from_release, convert_to_release

        hints = {name: getattr(self, name) for name in ("preset", "spec", *_own_options())}
        if self.to_release:
            _refuse(hints)
            notes = convert_to_release(self.file, self.out)
        else:
            notes = convert_from_release(self.file, self.out, **hints)
        print(*notes, self.out, sep="\n")


def convert_command() -> Any:
    """The command with the options of all systems."""
    options = tuple(dict.fromkeys(s.release_options for s in systems() if s.release_options is not ReleaseOptions))
    networks = ", ".join(name for system in systems() for name in system.released)
    told = f"{FILE} Known by the names in the file: {networks}."
    file = {"__annotations__": {"file": Annotated[Path, Positional, arg(help=told)]}}
    made: Any = dataclass(frozen=True, kw_only=True)(type("Convert", (ConvertCommand, *options), file))
    made.__doc__ = "Convert weights of the authors' releases to a model folder, or a model back to a file of theirs."
    return made


def _own_options() -> list[str]:
    return [item.name for system in systems() for item in fields(system.release_options)]


def _refuse(hints: dict[str, Any]) -> None:
    for name, value in hints.items():
        if value is not None:
            message = "--to-release takes everything from the model"
            mend = "Leave it out, or leave out --to-release."
            raise ConfigError(message, field=name, found=value, mend=mend)


@dataclass(frozen=True)
class Export:
    """Export a model as programs: torch.export files (.pt2) and ONNX, which run without ipose. Batch, height and width
    are free. export.json says what the inputs are."""

    model: Positional[Path]
    """A run, or a model folder, of iPOSE (generator, PartNet, and the whole way from label map to image) or of
    PartNet."""
    out: Positional[Path]
    """Folder to write; it must be new or empty."""
    forms: tuple[Literal["onnx", "pt2"], ...] = ("onnx", "pt2")
    """Files to write. onnx needs the extra `export`. pt2 is read by torch alone."""
    only: tuple[str, ...] = ()
    """Programs to write: generator, partnet, scene_to_image. No name = all."""

    def run(self) -> None:
        """Export and print the files."""
        from ipose.systems.exporting import export_model

        print(*export_model(self.model, self.out, self.forms, self.only), sep="\n")
