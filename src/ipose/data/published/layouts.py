"""Which layout a data folder has: a scene folder, or a published one: Cityscapes or ADE20K.

Its folders tell. In both the files of one scene lie in folders of their own, told apart by their endings.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ipose.data.faults import Fault
from ipose.data.file_lists import folders_in, key_of, list_files, names_in
from ipose.data.scene_files import FOLDER_ENDINGS, SceneFiles, find_scene_folder, one_name_faults, scene_folder_splits

Files = Mapping[str, Path]


@dataclass(frozen=True)
class FileKind:
    """One kind of file that every scene of a split has.

    Args:
        name: "img", "label" or "inst".
        folder: of the split; files may lie in folders within it, one a city.
        ending: what follows the part of the path that all files of a scene share.
        source: what a user downloads to have the folder.
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


def find_partners(root: Path, layout: str, kinds: Sequence[FileKind]) -> tuple[list[SceneFiles], list[Fault]]:
    """The complete scenes of a split, by place and name, and what is missing.

    Reads folders only, no files. Files of other endings are passed over: the published folders hold more than is read.

    Args:
        kinds: the label maps' first.
    """
    absent = [kind for kind in kinds if not kind.folder.is_dir() and not kind.optional]
    if absent:
        return [], [_missing_folder(root, layout, kind) for kind in absent]
    kinds = [kind for kind in kinds if kind.folder.is_dir()]
    tables = [_by_key(kind) for kind in kinds]
    keys = sorted(set().union(*tables))
    if not keys:
        return [], [_empty(layout, kinds[0])]
    scenes, faults = [], []
    for key in keys:
        found = {kind.name: table[key] for kind, table in zip(kinds, tables, strict=True) if key in table}
        missing = list(_missing_files(key, kinds, found))
        faults += missing
        if not missing:
            scenes.append(_scene(key, layout, found))
    return scenes, [*faults, *one_name_faults(scenes)]


def _by_key(kind: FileKind) -> Files:
    found = list_files(kind.folder, (kind.ending.lower(),), beside=kind.beside)
    return {key_of(path, kind.folder, kind.ending): path for path in found}


def _scene(key: str, layout: str, found: Files) -> SceneFiles:
    name = key.rpartition("/")[2]
    return SceneFiles(name, found["label"], found.get("img"), found.get("inst"), layout=layout)


def _missing_folder(root: Path, layout: str, kind: FileKind) -> Fault:
    message, expected = f"{layout} without {kind.folder.relative_to(root)}/", f"*{kind.ending} files there"
    return Fault(str(root), message, names_in(root), expected, f"Unpack {kind.source} here.")


def _empty(layout: str, kind: FileKind) -> Fault:
    expected, mend = f"*{kind.ending} files", f"Unpack {kind.source} again."
    return Fault(str(kind.folder), f"empty {layout} split", "no file of a scene", expected, mend)


def _missing_files(key: str, kinds: Sequence[FileKind], found: Files) -> Iterator[Fault]:
    there = next(iter(found.values()))
    for kind in kinds:
        if kind.name in found:
            continue
        wanted = kind.folder / f"{key}{kind.ending}"
        others = [path.name for ending in kind.instead if (path := kind.folder / f"{key}{ending}").is_file()]
        mend = f"Unpack {kind.source} again, or remove the files of this scene."
        yield Fault(str(there), f"missing partner in {wanted.parent.name}", ", ".join(others), str(wanted), mend)


ADE20K = "ADE20K"
ADE20K_FOLDERS = {"train": "training", "val": "validation"}
"""What ADE20K calls the splits."""


def is_ade20k(root: Path) -> bool:
    """Whether one of the folders of annotations or photographs is there; a lack of the other is then a fault."""
    return bool(ade20k_splits(root))


def ade20k_splits(root: Path) -> tuple[str, ...]:
    """Those of train and val that have a folder of annotations or photographs."""
    tops = root / "annotations", root / "images"
    return tuple(split for split, name in ADE20K_FOLDERS.items() if any((top / name).is_dir() for top in tops))


def find_ade20k(root: Path, split: str) -> tuple[list[SceneFiles], list[Fault]]:
    """All scenes of a split, by name, and what is missing."""
    folder, benchmark = ADE20K_FOLDERS.get(split, split), "ADEChallengeData2016.zip"
    return find_partners(
        root,
        ADE20K,
        (
            FileKind("label", root / "annotations" / folder, ".png", benchmark),
            FileKind("img", root / "images" / folder, ".jpg", benchmark),
            FileKind("inst", root / "annotations_instance" / folder, ".png", "annotations_instance.tar", optional=True),
        ),
    )


CITYSCAPES = "Cityscapes"

_PHOTOS, _MAPS = "leftImg8bit", "gtFine"
_OTHER_MAPS = ("_gtFine_labelTrainIds.png", "_gtFine_color.png", "_gtFine_polygons.json")
_PUBLISHED_MAPS = tuple(map(str.lower, ("_gtFine_labelIds.png", "_gtFine_instanceIds.png", *_OTHER_MAPS)))


def is_cityscapes(root: Path) -> bool:
    """Whether one of the two folders is there; a lack of the other is then a fault."""
    return (root / _MAPS).is_dir() or (root / _PHOTOS).is_dir()


def cityscapes_splits(root: Path) -> tuple[str, ...]:
    """Those of train and val that have a folder. (The test split is published without annotations.)"""
    tops = root / _MAPS, root / _PHOTOS
    return tuple(split for split in ("train", "val") if any((top / split).is_dir() for top in tops))


def find_cityscapes(root: Path, split: str) -> tuple[list[SceneFiles], list[Fault]]:
    """All scenes of a split, by city and name, and what is missing."""
    photos, maps = root / _PHOTOS / split, root / _MAPS / split
    fine = "gtFine_trainvaltest.zip"
    return find_partners(
        root,
        CITYSCAPES,
        (
            FileKind("label", maps, "_gtFine_labelIds.png", fine, instead=_OTHER_MAPS, beside=_PUBLISHED_MAPS),
            FileKind("img", photos, "_leftImg8bit.png", "leftImg8bit_trainvaltest.zip"),
            FileKind("inst", maps, "_gtFine_instanceIds.png", fine, beside=_PUBLISHED_MAPS),
        ),
    )


Found = tuple[list[SceneFiles], list[Fault]]


@dataclass(frozen=True)
class Layout:
    """A published folder layout.

    Args:
        spec: built-in spec of its ids, which serves unless the user names another.
        folders: its own, of which the first one holds the photographs, and the last one the instance maps.
        splits: names of the splits that a folder has, train first.
    """

    name: str
    spec: str
    folders: tuple[str, ...]
    recognises: Callable[[Path], bool]
    splits: Callable[[Path], tuple[str, ...]]
    find: Callable[[Path, str], Found]


PUBLISHED_LAYOUTS = (
    Layout(CITYSCAPES, "cityscapes", ("leftImg8bit", "gtFine"), is_cityscapes, cityscapes_splits, find_cityscapes),
    Layout(ADE20K, "ade20k", ("images", "annotations", "annotations_instance"), is_ade20k, ade20k_splits, find_ade20k),
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
