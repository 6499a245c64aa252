"""Part pairs from one's own part maps: any part tree, or a scene folder.

A part tree holds `<category>/<split>/<name>_part.png`, optionally `<name>_label.png`, of any size. A
`parts.json` beside the categories ({"part_names": {"robot": ["head", "body"]}}) names the parts of categories that the
paper's table lacks; without it they are called "part 1" to "part 8". A scene folder has `{train,val}_part/`
beside `{train,val}_label/`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ipose.data.faults import Fault, raise_faults
from ipose.data.file_lists import key_of, list_files, names_in
from ipose.data.part_manifest import tree_part_names
from ipose.data.part_names import part_names_for
from ipose.data.part_pairs import pairs_from_scenes, read_pair
from ipose.data.part_sources.source import PartSource, SourceItem, names_or_numbers
from ipose.data.scene_files import find_scene_folder, scene_folder_splits
from ipose.data.scene_maps import check_scene
from ipose.data.specs import DATASET_FILE, load_dataset_spec
from ipose.errors import DataError, SpecError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import PartPair

PART_TREE = "part-tree"


@dataclass(frozen=True)
class PartTreeReader:
    """Reads one pair."""

    root: Path
    part_names: Mapping[str, tuple[str, ...]]

    def read(self, item: SourceItem) -> list[PartPair]:
        """See `ItemReader`."""
        category = item.name.split("/")[0]
        stem = Path(item.name).name.removesuffix(PART_ENDING)
        return [read_named_pair(self.root / item.name, category, self.part_names[category], stem)]


def open_part_tree(root: Path) -> PartSource:
    """The pairs of a part tree."""
    items = find_pairs(root)
    named = tree_part_names(root)
    categories = sorted({item.name.split("/")[0] for item in items})
    names = {category: named.get(category) or names_or_numbers(category) for category in categories}
    return PartSource(PART_TREE, root, names, tuple(items), PartTreeReader(root, names))


PART_ENDING, LABEL_ENDING = "_part.png", "_label.png"


def find_pairs(root: Path, *, shapes_required: bool = False) -> list[SourceItem]:
    """An item for every part map, by folder, split and name.

    Args:
        shapes_required: whether a part map without a shape beside it is a fault.
    Raises:
        DataError: lists the shapes without part maps (and the part maps without shapes); or there is no part map.
    """
    parts = _stems(root, PART_ENDING)
    shapes = _stems(root, LABEL_ENDING)
    faults = [_without_partner(root, stem, LABEL_ENDING, PART_ENDING) for stem in sorted(shapes.keys() - parts)]
    if shapes_required:
        faults += [_without_partner(root, stem, PART_ENDING, LABEL_ENDING) for stem in sorted(parts.keys() - shapes)]
    raise_faults(faults, f"part tree {root}")
    if not parts:
        expected = "<category>/{train,val}/<name>_part.png"
        raise DataError("no part pairs", file=root, found=names_in(root), expected=expected, mend="Check the path.")
    return [SourceItem(parts[stem], stem.split("/")[1]) for stem in sorted(parts)]


def _stems(root: Path, ending: str) -> dict[str, str]:
    """Paths below `root` by what a part map and its shape share."""
    found = list_files(root, (ending,), depth=3, beside=(PART_ENDING, LABEL_ENDING))
    return {key_of(path, root, ending): path.relative_to(root).as_posix() for path in found}


def _without_partner(root: Path, stem: str, ending: str, partner: str) -> Fault:
    name = Path(stem + partner).name
    file, mend = str(root / (stem + ending)), "Add it, or remove this one."
    return Fault(file, f"without {name}", expected="both side by side", mend=mend)


def read_named_pair(path: Path, category: str, part_names: Sequence[str], name: str) -> PartPair:
    """One pair of files as a pair of `category`."""
    pair = read_pair(path)
    highest = int(pair.part_map.max())
    if highest > len(part_names):
        what, expected = f"part id that category {category!r} does not have", f"0..{len(part_names)}"
        expected += f" ({', '.join(part_names)})"
        mend = "Merge or renumber the parts, or name more of them in parts.json."
        raise DataError(what, file=path, found=highest, expected=expected, mend=mend)
    return PartPair(category, pair.shape, pair.part_map, name)


SCENES = "scenes"


@dataclass(frozen=True)
class ScenesReader:
    """Cuts the objects out of one scene, by its instance map."""

    spec: LabelSpec

    def read(self, item: SourceItem) -> list[PartPair]:
        """See `ItemReader`."""
        return pairs_from_scenes([check_scene(item.payload, self.spec)], self.spec)


def open_scenes_with_parts(root: Path, spec: str | Path | None = None) -> PartSource:
    """The objects of all splits that have part maps.

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
