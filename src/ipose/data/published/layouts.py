"""Which layout a data folder has: a scene folder, or one of the published ones. Its folders tell."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ipose.data.faults import Fault
from ipose.data.file_lists import folders_in
from ipose.data.published.partners import (
    ADE20K,
    CITYSCAPES,
    ade20k_splits,
    cityscapes_splits,
    find_ade20k,
    find_cityscapes,
    is_ade20k,
    is_cityscapes,
)
from ipose.data.scene_files import FOLDER_ENDINGS, SceneFiles, find_scene_folder, scene_folder_splits

Found = tuple[list[SceneFiles], list[Fault]]


@dataclass(frozen=True)
class Layout:
    """A published folder layout.

    Args:
        name: as people call the data set.
        spec: built-in spec of its ids, which serves unless the user names another.
        folders: its own, of which the first one holds the photographs, and the last one the instance maps.
        recognises: whether a folder is laid out so.
        splits: names of the splits that a folder has, train first.
        find: scenes of a split, and what is missing.
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
