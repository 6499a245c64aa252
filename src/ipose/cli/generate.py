"""`ipose generate`: images of a trained model of any system. Every system adds its own options."""

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import FlagCreatePairsOff, Positional, arg

from ipose.cli.printing import beside_older, print_files
from ipose.systems.record import MakeOptions
from ipose.systems.registry import systems


@dataclass(frozen=True, kw_only=True)
class GenerateCommand:
    """What `ipose generate` takes for every system."""

    inputs: Annotated[Path | None, Positional, arg(metavar="[MAPS]")] = None
    """Index PNG of label ids, a folder of them (folders within it are read, too), or a data set: a scene folder, or
    Cityscapes, ADE20K or COCO-Stuff as downloaded. A system that makes images from noise has no inputs."""
    model: Path
    """Run, or its model folder."""
    system: str | None = None
    """Not needed. The model folder names its system."""
    split: str | None = None
    """Split of a data set. None = val, or else the first one that is there."""
    instances: Path | None = None
    """Instance map, or a folder of them. None = the data set's own. If there is none, each connected piece of a thing
    class is one object."""
    seed: int = 0
    """Random seed of the first image. The next ones have seed + 1, ..."""
    count: int = 1
    """Number of images for each map, or in all if there are no maps."""
    keep_size: FlagCreatePairsOff[bool] = False
    """Keep the size of the map. Otherwise it is resized to the model's training size."""
    out: Path = Path("generated")
    """Folder to write images, part maps and sheets to."""
    device: str = "cpu"
    """cpu, cuda, ..."""
    precision: Literal["no", "bf16"] = "no"
    """"bf16" is faster, and colours differ a little. Norms, positions and parts stay float32."""

    def run(self) -> None:
        """Make the images and print the files."""
        from ipose.systems.generating import Request, make_images

        if self.system is not None:
            print("--system is not needed: the model folder names its system.", file=sys.stderr)
        names = ("inputs", "split", "instances", "seed", "count", "keep_size", "out")
        request = Request(**{name: getattr(self, name) for name in names})
        given = {item.name: getattr(self, item.name) for system in systems() for item in fields(system.make_options)}
        made = make_images(self.model, request, device=self.device, precision=self.precision, given=given)
        print_files(beside_older(self.out, made))


def generate_command() -> Any:
    """The command with the options of all systems, after those that every system has."""
    options = dict.fromkeys(system.make_options for system in systems() if system.make_options is not MakeOptions)
    bases = (*reversed(options), GenerateCommand)  # a dataclass lists the fields of its last base first
    made: Any = dataclass(frozen=True, kw_only=True)(type("Generate", bases, {}))
    made.__doc__ = "Make images with a trained model: from label maps, or from noise where the system needs none."
    return made
