"""Which layout a data folder has: a scene folder, or a published one: Cityscapes or ADE20K.

Its folders tell. In both the files of one scene lie in folders of their own, told apart by their endings.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ipose.data.faults import Fault
from ipose.data.file_lists import folders_in, key_of, list_files, names_in
from ipose.data.scene_files import FOLDER_ENDINGS, SceneFiles, find_scene_folder, one_name_faults, scene_folder_splits

ADE20K, CITYSCAPES = "ADE20K", "Cityscapes"

Found = tuple[list[SceneFiles], list[Fault]]


@dataclass(frozen=True)
class FileKind:
    """One kind of file that every scene of a split has.

    Args:
        folder: of the split; files may lie in folders within it, one a city.
        ending: what follows the part of the path that all files of a scene share.
        source: what a user downloads to have the folder.
        optional: the folder as a whole may be missing.
        instead: endings of files that people keep in the place of this one; named where it is missing.
        beside: endings, in lower case, of the published files that lie in the folder and are not read.
    """

    name: str
    folder: Path
    ending: str
    source: str
    optional: bool = False
    instead: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def files(self) -> dict[str, Path]:
        """Its files, by what all files of a scene share."""
        found = list_files(self.folder, (self.ending.lower(),), beside=self.beside)
        return {key_of(path, self.folder, self.ending): path for path in found}


@dataclass(frozen=True)
class Layout:
    """A published folder layout.

    Args:
        spec: built-in spec of its ids, which serves unless the user names another.
        folders: its own: that of the photographs, that of the label maps; the last one holds the instance maps.
        splits_as: how it calls the splits train and val.
        kinds: of (root, its name of a split), the kinds of files, the label maps' first.
        telling: its folders' names alone tell it. False = others have such folders, too: a split's folder tells it.
    """

    name: str
    spec: str
    folders: tuple[str, ...]
    splits_as: Mapping[str, str]
    kinds: Callable[[Path, str], tuple[FileKind, ...]]
    telling: bool

    def recognises(self, root: Path) -> bool:
        """Whether one of the folders of photographs or label maps is there; a lack of the other is then a fault."""
        return bool(self.splits(root)) or (self.telling and any((root / top).is_dir() for top in self.folders[:2]))

    def splits(self, root: Path) -> tuple[str, ...]:
        """Those of train and val that have a folder. (Cityscapes' test split is published without annotations.)"""
        tops = [root / top for top in self.folders[:2]]
        return tuple(split for split, name in self.splits_as.items() if any((top / name).is_dir() for top in tops))

    def find(self, root: Path, split: str) -> Found:
        """The complete scenes of a split, by place and name, and what is missing.

        Reads folders only, no files. Files of other endings are passed over: published folders hold more than is read.
        """
        kinds = self.kinds(root, self.splits_as.get(split, split))
        if absent := [kind for kind in kinds if not kind.folder.is_dir() and not kind.optional]:
            return [], [self._without(root, kind) for kind in absent]
        tables = {kind.name: kind.files() for kind in kinds if kind.folder.is_dir()}
        kinds = tuple(kind for kind in kinds if kind.name in tables)
        scenes, faults = list[SceneFiles](), list[Fault]()
        for key in sorted(set[str]().union(*tables.values())):
            found = {name: table[key] for name, table in tables.items() if key in table}
            if missing := list(_missing_files(key, kinds, found)):
                faults += missing
            else:
                name = key.rpartition("/")[2]
                files = SceneFiles(name, found["label"], found.get("img"), found.get("inst"), layout=self.name)
                scenes.append(files)
        if not scenes and not faults:
            what, mend = f"empty {self.name} split", f"Unpack {kinds[0].source} again."
            return [], [Fault(str(kinds[0].folder), what, "no file of a scene", f"*{kinds[0].ending} files", mend)]
        return scenes, [*faults, *one_name_faults(scenes)]

    def _without(self, root: Path, kind: FileKind) -> Fault:
        what, expected = f"{self.name} without {kind.folder.relative_to(root)}/", f"*{kind.ending} files there"
        return Fault(str(root), what, names_in(root), expected, f"Unpack {kind.source} here.")


def _missing_files(key: str, kinds: Sequence[FileKind], found: Mapping[str, Path]) -> Iterator[Fault]:
    there = next(iter(found.values()))
    for kind in kinds:
        if kind.name in found:
            continue
        wanted = kind.folder / f"{key}{kind.ending}"
        others = [path.name for ending in kind.instead if (path := kind.folder / f"{key}{ending}").is_file()]
        mend = f"Unpack {kind.source} again, or remove the files of this scene."
        yield Fault(str(there), f"missing partner in {wanted.parent.name}", ", ".join(others), str(wanted), mend)


def _ade20k_kinds(root: Path, split: str) -> tuple[FileKind, ...]:
    benchmark, instances = "ADEChallengeData2016.zip", "annotations_instance.tar"
    return (
        FileKind("label", root / "annotations" / split, ".png", benchmark),
        FileKind("img", root / "images" / split, ".jpg", benchmark),
        FileKind("inst", root / "annotations_instance" / split, ".png", instances, optional=True),
    )


_OTHER_MAPS = ("_gtFine_labelTrainIds.png", "_gtFine_color.png", "_gtFine_polygons.json")
_PUBLISHED_MAPS = tuple(map(str.lower, ("_gtFine_labelIds.png", "_gtFine_instanceIds.png", *_OTHER_MAPS)))


def _cityscapes_kinds(root: Path, split: str) -> tuple[FileKind, ...]:
    photos, maps, fine = root / "leftImg8bit" / split, root / "gtFine" / split, "gtFine_trainvaltest.zip"
    return (
        FileKind("label", maps, "_gtFine_labelIds.png", fine, instead=_OTHER_MAPS, beside=_PUBLISHED_MAPS),
        FileKind("img", photos, "_leftImg8bit.png", "leftImg8bit_trainvaltest.zip"),
        FileKind("inst", maps, "_gtFine_instanceIds.png", fine, beside=_PUBLISHED_MAPS),
    )


_ADE20K_FOLDERS = ("images", "annotations", "annotations_instance")
_CITYSCAPES_SPLITS = {"train": "train", "val": "val"}
_ADE20K_SPLITS = {"train": "training", "val": "validation"}

PUBLISHED_LAYOUTS = (
    Layout(CITYSCAPES, "cityscapes", ("leftImg8bit", "gtFine"), _CITYSCAPES_SPLITS, _cityscapes_kinds, telling=True),
    Layout(ADE20K, "ade20k", _ADE20K_FOLDERS, _ADE20K_SPLITS, _ade20k_kinds, telling=False),
)


def published_layout(root: Path) -> Layout | None:
    """The published layout that a folder has; None for a scene folder, and for anything else."""
    if scene_folder_splits(root):
        return None
    return next((layout for layout in PUBLISHED_LAYOUTS if layout.recognises(root)), None)


def splits_of(root: Path) -> tuple[str, ...]:
    """Names of the splits that a data folder of any layout has; train first."""
    layout = published_layout(root)
    return layout.splits(root) if layout else scene_folder_splits(root)


def find_scenes(root: Path, split: str) -> Found:
    """The complete scenes of a split in any layout, and what is wrong with it. Reads folders only, no files."""
    layout = published_layout(root)
    if layout is not None:
        return layout.find(root, split)
    scenes, faults = find_scene_folder(root, split)
    near = way_to_data_set(root)
    return scenes, [replace(fault, mend=near) if near and fault.file == str(root) else fault for fault in faults]


def way_to_data_set(root: Path) -> str | None:
    """How to mend a path that is a level too high or too low, or a data set that is known but not read."""
    if not root.is_dir() or splits_of(root):
        return None
    if (root / "images" / "ADE").is_dir():
        return "This is the full ADE20K; unpack its benchmark, ADEChallengeData2016.zip, and name that folder."
    inside = folders_in(root)
    for folder in (*inside, *list(root.resolve().parents)[:3]):
        layout = published_layout(folder)
        known = layout is not None or bool(scene_folder_splits(folder))
        if known and (folder in inside or _is_part_of(root, folder, layout)):
            return f"Name {folder}, which holds {layout.name if layout else 'a scene folder'}."
    return None


def lies_in_photographs(root: Path) -> bool:
    """Whether a folder is, or lies within, the one that a data set with label maps keeps its photographs in."""
    for folder in list(root.resolve().parents)[:3]:
        layout = published_layout(folder)
        if layout is not None or scene_folder_splits(folder):
            first = root.resolve().relative_to(folder).parts[0]
            return first == layout.folders[0] if layout else first.endswith("_img")
    return False


def _is_part_of(root: Path, around: Path, layout: Layout | None) -> bool:
    """Whether `root` is one of the layout's own folders, or within one; not just anything beside them."""
    first = root.resolve().relative_to(around).parts[0]
    return first in layout.folders if layout else first.endswith(tuple(f"_{kind}" for kind in FOLDER_ENDINGS))
