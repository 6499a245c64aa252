"""`ipose edit`: another texture or another structure, for one scene of a trained model."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional, UseAppendAction


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
    instances: Path | None = None
    """Instance map, or folder of them. None = the connected pieces of each thing class are its objects."""
    seed: int = 0
    """Of the noise, before and after."""
    keep_size: FlagCreatePairsOff[bool] = False
    """Keep the map's size, else resize it to the size that the model was trained at."""
    out: Path = Path("edited")
    """Folder to write images, part maps, the sheet and the record to."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Edit and write, or list the objects."""
        from ipose.editing.edit import Edits
        from ipose.editing.noise_edits import Blend
        from ipose.editing.words import drop_from, rename_from, replace_from, resample_from
        from ipose.pipeline import IPose
        from ipose.workflows.door import check_device
        from ipose.workflows.edit import edit_files, object_table, read_scene

        edit = Edits(
            (
                *([] if self.blend is None else [Blend(*self.blend)]),
                *map(drop_from, self.drop),
                *map(rename_from, self.rename),
                *map(replace_from, self.replace),
                *(resample_from(words, self.new_seed) for words in self.resample),
            )
        )
        check_device(self.device)
        model = IPose.from_pretrained(self.model).to(self.device)
        scene = read_scene(model, self.scene, instances=self.instances, keep_size=self.keep_size)
        if not edit.edits:
            print(object_table(model, scene, self.seed))
            return
        for path in edit_files(model, scene, edit, self.out, seed=self.seed):
            print(path)
