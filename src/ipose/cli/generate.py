"""`ipose generate`: images of a trained model, of any system. Every system adds options of its own."""

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.systems.record import MakeOptions
from ipose.systems.registry import systems


@dataclass(frozen=True, kw_only=True)
class GenerateCommand:
    """What `ipose generate` takes for every system."""

    inputs: Positional[Path | None] = None
    """Index PNG of label ids, or a folder of them. None for a system that makes images from noise."""
    model: Path
    """Run or its model folder."""
    system: str | None = None
    """Not needed: the model says which system it is of."""
    instances: Path | None = None
    """Instance map, or folder of them. None = the connected pieces of each thing class are its objects."""
    seed: int = 0
    """Of the first image; the next ones have seed + 1, ..."""
    count: int = 1
    """Images a map."""
    keep_size: FlagCreatePairsOff[bool] = False
    """Keep the map's size, else resize it to the size that the model was trained at."""
    out: Path = Path("generated")
    """Folder to write images, part maps and sheets to."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Generate and write."""
        from ipose.systems.generating import Request, make_images

        if self.system is not None:
            print("--system is not needed: the model says which system it is of.", file=sys.stderr)
        names = ("inputs", "instances", "seed", "count", "keep_size", "out")
        request = Request(**{name: getattr(self, name) for name in names})
        given = {item.name: getattr(self, item.name) for system in systems() for item in fields(system.make_options)}
        for path in make_images(self.model, request, device=self.device, given=given):
            print(path)


def generate_command() -> Any:
    """The command with the options of all systems."""
    options = tuple(
        dict.fromkeys(system.make_options for system in systems() if system.make_options is not MakeOptions)
    )
    made: Any = dataclass(frozen=True, kw_only=True)(type("Generate", (GenerateCommand, *options), {}))
    made.__doc__ = "Make images with a trained model: from label maps, or from noise where the system needs none."
    return made
