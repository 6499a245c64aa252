"""`ipose generate`, `ipose edit`, `ipose figures`: what a trained model paints. Systems add options to generate."""

import sys
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import FlagCreatePairsOff, Positional, UseAppendAction, arg

from ipose.cli.printing import beside_older, print_files
from ipose.errors import ConfigError
from ipose.systems.record import MakeOptions
from ipose.systems.registry import systems

if TYPE_CHECKING:
    from ipose.editing.edit import Edit


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


@dataclass(frozen=True)
class EditScene:
    """Edit one scene and write images and a sheet. Without an edit, list the objects of the scene."""

    scene: Positional[Path]
    """Index PNG of label ids."""
    model: Path = field(kw_only=True)
    """Synthesis run, or its model folder."""
    resample: UseAppendAction[tuple[str, ...]] = ()
    """New texture: everything, object=2 or part=2:wheel. Can be given several times."""
    new_seed: int | None = None
    """Seed of the new texture. None = --seed plus 1."""
    blend: tuple[int, int, float] | None = None
    """Noise between two seeds, given as A B T. T = 0 is the noise of seed A, T = 1 that of seed B."""
    drop: UseAppendAction[tuple[str, ...]] = ()
    """A part to remove from all objects of a category: car:license. Can be given several times."""
    rename: UseAppendAction[tuple[str, ...]] = ()
    """A part that becomes another part: car:light:chassis. Can be given several times."""
    replace: UseAppendAction[tuple[str, ...]] = ()
    """A drawn part map (64x64 index PNG) that replaces the supports of a category: car:drawn.png."""
    move: UseAppendAction[tuple[str, ...]] = ()
    """Move an object by pixels down and right: 2:10:-4. The nearest stuff fills its old place."""
    remove: UseAppendAction[tuple[str, ...]] = ()
    """Number of an object to remove: 2. Can be given several times."""
    add: UseAppendAction[tuple[str, ...]] = ()
    """A new object, given as CLASS:SILHOUETTE.png:TOP,LEFT,HEIGHT,WIDTH, for example car:shape.png:10,20,16,24."""
    label: UseAppendAction[tuple[str, ...]] = ()
    """Give a drawn region a class: grass:region.png."""
    paint: UseAppendAction[tuple[str, ...]] = ()
    """A painted part map (index PNG of the whole scene) for one object: 2:parts.png."""
    instances: Path | None = None
    """Instance map, or a folder of them. None = each connected piece of a thing class is one object."""
    parts: Path | None = None
    """True part map, or a folder of them. Only for a model that was trained on true parts."""
    seed: int = 0
    """Seed of the noise, before and after the edit."""
    keep_size: FlagCreatePairsOff[bool] = False
    """Keep the size of the map. Otherwise it is resized to the model's training size."""
    out: Path = Path("edited")
    """Folder to write images, part maps, the sheet, the record of the edit and eval cards (cards/) to."""
    features: str | None = None
    """Feature network that also measures the change inside and outside the region: random, inception or a file."""
    lpips: Path | None = None
    """File of torchvision's AlexNet (alexnet-owt-7be5be79.pth), to measure the change by LPIPS, too."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Edit the scene and write the files, or list the objects."""
        from ipose.cli.printing import beside_older
        from ipose.evaluation.card_folder import described, weights_of
        from ipose.model_folder import open_model
        from ipose.pipeline import IPose
        from ipose.systems.checks import check_device
        from ipose.systems.ipose.edit import edit_files, object_table, scene_to_edit

        check_device(self.device)
        saved = open_model(self.model) if self.model.exists() else None  # else an id of the hub
        model = IPose.from_pretrained(saved or self.model).to(self.device)
        scene = scene_to_edit(model, self.scene, instances=self.instances, parts=self.parts, keep_size=self.keep_size)
        edit = self._edit(scene.size)
        if not edit.steps:
            print(object_table(model, scene, self.seed))
            return
        weights = None if saved is None else weights_of(saved.path)
        networks: dict[str, Any] = {"features": self.features, "lpips": self.lpips}
        written = edit_files(model, scene, edit, self.out, seed=self.seed, weights=weights, **networks)
        for path in beside_older(self.out, written):
            print(described(path))

    def _edit(self, size: tuple[int, int]) -> "Edit":
        """All edits in one: first layout, then structure, then texture."""
        from ipose.editing import parsing
        from ipose.editing.edit import Edits
        from ipose.editing.noise_edits import Blend

        return Edits(
            (
                *(parsing.parse_label(words, size) for words in self.label),
                *map(parsing.parse_add, self.add),
                *map(parsing.parse_move, self.move),
                *(parsing.parse_paint(words, size) for words in self.paint),
                *map(parsing.parse_remove, self.remove),
                *map(parsing.parse_drop, self.drop),
                *map(parsing.parse_rename, self.rename),
                *map(parsing.parse_replace, self.replace),
                *([] if self.blend is None else [Blend(*self.blend)]),
                *(parsing.parse_resample(words, self.new_seed) for words in self.resample),
            )
        )


@dataclass(frozen=True)
class Figures:
    """Draw the editing figures of a system's paper, for example iPOSE's new textures (fig. 5) and parts (fig. 6)."""

    folder: Positional[Path]
    """Run of a system that has figures."""
    scenes: int = 4
    """Number of validation scenes to show."""
    seed: int = 0
    """Seed of the noise before the edits."""
    out: Path | None = None
    """Folder to write to. None = figures/ in the run, and cards/ in the run for eval cards."""
    features: str | None = None
    """Feature network that also measures the change inside and outside the region: random, inception or a file."""
    lpips: Path | None = None
    """File of torchvision's AlexNet (alexnet-owt-7be5be79.pth), to measure the change by LPIPS, too."""

    def run(self) -> None:
        """Draw the figures and print their files and numbers."""
        from ipose.systems.record import function_named
        from ipose.systems.registry import system_of_run
        from ipose.training.run import Run

        system = system_of_run(Run.open(self.folder))
        if system.figures is None:
            raise ConfigError(f"no figures are drawn for {system.title}", file=self.folder, mend=system.instead)
        networks: dict[str, Any] = {"features": self.features, "lpips": self.lpips}
        draw = function_named(system.figures)
        print("\n".join(draw(self.folder, self.out, scenes=self.scenes, seed=self.seed, **networks)))
