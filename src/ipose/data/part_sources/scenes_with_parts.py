"""Part pairs from a scene folder with part maps: `{train,val}_part/` beside `{train,val}_label/`."""

from dataclasses import dataclass
from pathlib import Path

from ipose.data.faults import raise_faults
from ipose.data.part_names import part_names_for
from ipose.data.part_pairs import pairs_from_scenes
from ipose.data.part_sources.source import PartSource, SourceItem
from ipose.data.scene_files import find_scene_folder, scene_folder_splits
from ipose.data.scene_maps import check_scene
from ipose.data.specs import DATASET_FILE, load_dataset_spec
from ipose.errors import DataError, SpecError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import PartPair

SCENES = "scenes"


@dataclass(frozen=True)
class ScenesReader:
    """Cuts the objects out of one scene, by its instance map.

    Args:
        spec: of the ids.
    """

    spec: LabelSpec

    def read(self, item: SourceItem) -> list[PartPair]:
        """See `ItemReader`."""
        return pairs_from_scenes([check_scene(item.payload, self.spec)], self.spec)


def open_scenes_with_parts(root: Path, spec: str | Path | None = None) -> PartSource:
    """The objects of all splits that have part maps.

    Args:
        root: of the scene folder.
        spec: a built-in spec's name or a dataset.toml; None = the folder's own.
    Raises:
        DataError: no split with part maps; files without partners.
        SpecError: no spec.
    """
    if spec is None and not (root / DATASET_FILE).is_file():
        mend = "Name a built-in spec with --spec, or write a dataset.toml (see the docs of ipose.data.specs)."
        what = "the scene folder does not say what its label ids mean"
        raise SpecError(what, file=root, expected=DATASET_FILE, mend=mend)
    dataset = load_dataset_spec(root if spec is None else spec)
    items = []
    for split in scene_folder_splits(root):
        if (root / f"{split}_part").is_dir():
            scenes, faults = find_scene_folder(root, split)
            raise_faults(faults, f"scene folder {root}")
            items += [SourceItem(f"{split}/{files.name}", split, files) for files in scenes]
    if not items:
        expected, mend = "train_part/ and val_part/ beside train_label/, val_label/", "Add part maps, one file a scene."
        raise DataError("no scenes with part maps", file=root, expected=expected, mend=mend)
    names = part_names_for(dataset.labels.part_categories, dataset.part_names)
    return PartSource(SCENES, root, names, tuple(items), ScenesReader(dataset.labels), rule=repr(dataset))
