"""Scene folders: data sets of photographs and maps on disk, read scene by scene, and written.

`ipose.data.scene_files` describes the layout. Scenes can be read in any order; nothing here is random.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import overload

from ipose.data.faults import raise_faults
from ipose.data.file_lists import is_free
from ipose.data.index_cache import object_index, state_of_files
from ipose.data.palette import PART_COLORS
from ipose.data.parallel import progress_bar
from ipose.data.part_names import PART_NAMES
from ipose.data.png import write_index, write_photo
from ipose.data.published.layouts import find_scenes, published_layout
from ipose.data.scene_maps import check_scene, read_scene
from ipose.data.specs import DATASET_FILE, dataset_toml, load_spec
from ipose.errors import DataError
from ipose.label_spec import LabelSpec
from ipose.types import Scene, SceneObject
from ipose.whole_files import write_text_whole

log = logging.getLogger(__name__)


class SceneFolder(Sequence[Scene]):
    """A split of a data folder as a sequence of scenes, sorted by name.

    When a folder is opened for the first time, every scene is checked and its objects are found; both are kept in a
    cache (`ipose.data.index_cache`). So `objects` is known without reading, and reading a scene checks nothing but
    whether its files were changed since. A scene whose files were changed is checked again.

    Args:
        root: folder that holds `{split}_label/` and its partners, or a published data set as downloaded
            (`ipose.data.published`).
        split: "train", "val", or any other name that the folders carry.
        size: (height, width) that every scene is resized to; its objects then remember the photograph's own size.
            None = as stored.
        limit: number of scenes, from the first one; None = all. The others are not read.
    Raises:
        DataError: the folder breaks the layout (all faults listed), or a file breaks the spec.
    """

    def __init__(
        self,
        root: str | Path,
        split: str,
        spec: LabelSpec,
        *,
        size: tuple[int, int] | None = None,
        limit: int | None = None,
    ) -> None:
        self.root, self.split, self.spec, self.size = Path(root), split, spec, size
        found, faults = find_scenes(self.root, split)
        raise_faults(faults, f"scene folder {root}")
        self.files = found[:limit]
        if self.files[0].instance is None and any(item.thing for item in spec.classes):
            layout = published_layout(self.root)
            folder = layout.folders[-1] if layout else f"{split}_inst"
            log.warning("%s has no %s folder: objects are the connected pieces of thing classes", root, folder)
        self._states = [state_of_files(files) for files in self.files]
        self.objects: list[tuple[SceneObject, ...]] = object_index(
            self.root, split, self.files, self._states, spec, size
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of all scenes, in order."""
        return tuple(files.name for files in self.files)

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, index: int) -> Scene: ...
    @overload
    def __getitem__(self, index: slice) -> list[Scene]: ...
    def __getitem__(self, index: int | slice) -> Scene | list[Scene]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        files, objects = self.files[index], self.objects[index]
        if state_of_files(files) != self._states[index]:  # a file was changed since it was checked
            objects = check_scene(files, self.spec, self.size).objects
        return read_scene(files, self.spec, self.size, objects)

    def __iter__(self) -> Iterator[Scene]:
        return (self[i] for i in range(len(self)))


def write_scene_folder(
    scenes: Sequence[Scene],
    root: str | Path,
    split: str,
    spec: LabelSpec,
    *,
    part_names: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    """Write scenes as a split of a scene folder, with the spec as `dataset.toml` beside it.

    Photographs become PNGs, label and part maps palette PNGs, instance maps 8-bit PNGs (16-bit where an id needs it
    or the layout is "cityscapes"). What is read back equals what was written.

    Args:
        scenes: with names that differ; all with a photograph or none, all with a part map or none.
        part_names: of the spec's part categories, for `dataset.toml`; the paper's where left out.
    Raises:
        DataError: the split is there already; a scene whose name cannot be a file's; an id that a PNG cannot hold.
    """
    root = Path(root)
    refuse_split(root, split, spec)
    for scene in progress_bar(scenes, f"writing {split}"):
        _write_scene(scene, root, split, spec)
    known = {**PART_NAMES, **(part_names or {})}
    names = {category: known[category] for category in spec.part_categories if category in known}
    write_text_whole(root / DATASET_FILE, dataset_toml(spec, names))


def _write_scene(scene: Scene, root: Path, split: str, spec: LabelSpec) -> None:
    if Path(scene.name).name != scene.name or scene.name.startswith("."):
        raise DataError("scene name that cannot be a file name", file=root, found=repr(scene.name))

    def place(kind: str) -> Path:
        return root / f"{split}_{kind}" / f"{scene.name}.png"

    file_ids = scene.label.new_tensor([item.file_id for item in spec.classes])
    write_index(place("label"), file_ids[scene.label].int(), colors={item.file_id: item.color for item in spec.classes})
    wide = spec.instance_layout == "cityscapes" or int(scene.instance.max()) > 255
    write_index(place("inst"), scene.instance, bits=16 if wide else 8)
    if scene.image is not None:
        write_photo(place("img"), scene.image)
    if scene.part is not None:
        write_index(place("part"), scene.part, colors=PART_COLORS)


def refuse_split(root: Path, split: str, spec: LabelSpec) -> None:
    """Raise DataError where a folder holds the split already, or scenes of another spec; return for any other."""
    for kind in ("img", "label", "inst", "part"):
        folder = root / f"{split}_{kind}"
        if not is_free(folder):
            mend = "Write to another folder, or remove this one first."
            raise DataError("split is there already", file=folder, expected="a new or empty folder", mend=mend)
    file = root / DATASET_FILE
    if file.is_file() and (there := load_spec(file)) != spec:
        found, mend = repr(there.name), "Write to another folder."
        raise DataError("folder of another spec", file=file, found=found, expected=repr(spec.name), mend=mend)
