"""`ipose edit`, `ipose figures`: another texture, structure or layout of the scenes of a trained model."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tyro.conf import FlagCreatePairsOff, Positional, UseAppendAction

from ipose.errors import ConfigError

if TYPE_CHECKING:
    from ipose.editing.edit import Edit


@dataclass(frozen=True)
class EditScene:
    """Edit one scene: before, after, difference and parts on a sheet. Without an edit, lists the scene's objects."""

    scene: Positional[Path]
    """Index PNG of label ids."""
    model: Path = field(kw_only=True)
    """Synthesis run or its model folder."""
    resample: UseAppendAction[tuple[str, ...]] = ()
    """New texture: everything, object=2 or part=2:wheel. Give it again for more."""
    new_seed: int | None = None
    """Of the new texture. None = the one after --seed."""
    blend: tuple[int, int, float] | None = None
    """Noise between two seeds, A B T: 0 is the first seed's, 1 the second's."""
    drop: UseAppendAction[tuple[str, ...]] = ()
    """A part that no object of a category shall have: car:license. Give it again for more."""
    rename: UseAppendAction[tuple[str, ...]] = ()
    """A part that counts as another one: car:light:chassis."""
    replace: UseAppendAction[tuple[str, ...]] = ()
    """A drawn part map (64x64 index PNG) in place of a category's supports: car:drawn.png."""
    move: UseAppendAction[tuple[str, ...]] = ()
    """An object, pixels down and right: 2:10:-4. Its old place is filled with the nearest stuff."""
    remove: UseAppendAction[tuple[str, ...]] = ()
    """An object to take out of the scene: 2."""
    add: UseAppendAction[tuple[str, ...]] = ()
    """A new object: class, drawn silhouette and TOP,LEFT,HEIGHT,WIDTH: car:shape.png:10,20,16,24."""
    label: UseAppendAction[tuple[str, ...]] = ()
    """A class for a drawn region: grass:region.png."""
    paint: UseAppendAction[tuple[str, ...]] = ()
    """A part map for one object, index PNG at the scene's place: 2:parts.png."""
    instances: Path | None = None
    """Instance map, or folder of them. None = the connected pieces of each thing class are its objects."""
    parts: Path | None = None
    """True part map, or folder of them, for a model that was trained on true parts. Others predict theirs."""
    seed: int = 0
    """Of the noise, before and after."""
    keep_size: FlagCreatePairsOff[bool] = False
    """Keep the map's size, else resize it to the size that the model was trained at."""
    out: Path = Path("edited")
    """Folder to write images, part maps, the sheet, the record and eval cards of the change (cards/) to."""
    features: str | None = None
    """Feature network for cards of the change inside and outside the region, beside L1: random, inception or a file."""
    lpips: Path | None = None
    """File of torchvision's AlexNet (alexnet-owt-7be5be79.pth): such cards by LPIPS, too."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Edit and write, or list the objects."""
        from ipose.evaluation.card_folder import described, weights_of
        from ipose.model_folder import open_model
        from ipose.pipeline import IPose
        from ipose.systems.checks import check_device
        from ipose.systems.ipose.edit import edit_files, object_table, read_scene

        check_device(self.device)
        saved = open_model(self.model) if self.model.exists() else None  # else an id of the hub
        model = IPose.from_pretrained(saved or self.model).to(self.device)
        scene = read_scene(model, self.scene, instances=self.instances, parts=self.parts, keep_size=self.keep_size)
        edit = self._edit(scene.size)
        if not edit.steps:
            print(object_table(model, scene, self.seed))
            return
        weights = None if saved is None else weights_of(saved.path)
        networks: dict[str, Any] = {"features": self.features, "lpips": self.lpips}
        for path in edit_files(model, scene, edit, self.out, seed=self.seed, weights=weights, **networks):
            print(described(path))

    def _edit(self, size: tuple[int, int]) -> "Edit":
        """All that was asked for: layout, structure, texture, in this order."""
        from ipose.editing import words
        from ipose.editing.edit import Edits
        from ipose.editing.noise_edits import Blend

        return Edits(
            (
                *(words.label_from(said, size) for said in self.label),
                *map(words.add_from, self.add),
                *map(words.move_from, self.move),
                *(words.paint_from(said, size) for said in self.paint),
                *map(words.remove_from, self.remove),
                *map(words.drop_from, self.drop),
                *map(words.rename_from, self.rename),
                *map(words.replace_from, self.replace),
                *([] if self.blend is None else [Blend(*self.blend)]),
                *(words.resample_from(said, self.new_seed) for said in self.resample),
            )
        )


@dataclass(frozen=True)
class Figures:
    """The paper's editing figures for a run: new textures (fig. 5), parts taken away (fig. 6), and how local; of a
    GroupDNet, one class resampled, and mixture, manipulation and morphing (its fig. 6)."""

    folder: Positional[Path]
    """A synthesis run, or a GroupDNet run."""
    scenes: int = 4
    """Validation scenes to show."""
    seed: int = 0
    """Of the noise before the edits."""
    out: Path | None = None
    """Folder to write to. None = figures/ and, for the eval cards, cards/ in the run."""
    features: str | None = None
    """Feature network for cards of the change inside and outside the region, beside L1: random, inception or a file."""
    lpips: Path | None = None
    """File of torchvision's AlexNet (alexnet-owt-7be5be79.pth): such cards by LPIPS, too."""

    def run(self) -> None:
        """Draw, and print the changes inside and outside the edited regions."""
        from ipose.systems.record import function_named
        from ipose.systems.registry import system_of_run
        from ipose.training.run import Run

        system = system_of_run(Run.open(self.folder))
        if system.figures is None:
            raise ConfigError(f"no figures are drawn of a {system.title}", file=self.folder, mend=system.instead)
        networks: dict[str, Any] = {"features": self.features, "lpips": self.lpips}
        draw = function_named(system.figures)
        print("\n".join(draw(self.folder, self.out, scenes=self.scenes, seed=self.seed, **networks)))
