"""`ipose convert`: the authors' weights in and out. Every system adds options of its own."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.errors import ConfigError
from ipose.systems.record import ReleaseOptions
from ipose.systems.registry import systems


@dataclass(frozen=True, kw_only=True)
class ConvertCommand:
    """What `ipose convert` takes for every system."""

    file: Positional[Path]
    """What the authors' training saved: iPOSE's generator (best its averaged copy, EMA) or PartNet; GroupDNet's
    generator; GANSeg's generator, with its discriminator or alone, or segmenter; .pth, .safetensors.
    With --to-release: a run or model folder."""
    out: Positional[Path]
    """Folder to write, new or empty. With --to-release: a new .pth or .safetensors file; of GroupDNet, whose encoder is
    written beside (NAME_E.pth), its generator's: NAME_G.pth."""
    preset: str | None = None
    """What the network was trained as: cityscapes-release, ade20k-release, coco-stuff-release, ... (iPOSE);
    deepfashion, cityscapes, ade20k, ... (GroupDNet); celeba-wild, taichi, cub, flowers, ... (GANSeg). None = told from
    the number of classes, or from the blocks."""
    spec: str | None = None
    """iPOSE, GroupDNet: what the class ids mean, a spec's name or a dataset.toml. None = the preset's data set."""
    to_release: FlagCreatePairsOff[bool] = False
    """The other way: write a model as the authors' code reads it."""

    def run(self) -> None:
        """Convert and say what was made."""
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
    made: Any = dataclass(frozen=True, kw_only=True)(type("Convert", (ConvertCommand, *options), {}))
    made.__doc__ = (
        "Turn weights of the authors' releases (iPOSE, GroupDNet, GANSeg) into a model folder for ipose generate, "
        "parts and segment; or a model back into a file with their names. A file's names tell which network it holds. "
        "Files are read as data: a pickle that would run code is refused."
    )
    return made


def _own_options() -> list[str]:
    return [item.name for system in systems() for item in fields(system.release_options)]


def _refuse(hints: dict[str, Any]) -> None:
    for name, value in hints.items():
        if value is not None:
            raise ConfigError(
                "nothing for this way back, which takes all from the model",
                field=name,
                found=value,
                mend="Leave it out, or leave out --to-release.",
            )
