"""The layout of a scene folder: which files belong to one scene.

`<root>/{train,val}_{img,label,inst,part}/`, one file stem across the folders (SPADE, OASIS and iPOSE keep COCO-Stuff
so). Only `label` must be there. Without `img` scenes have no photograph, without `inst` their objects are connected
pieces, without `part` they have no true part maps. A folder that is there must have a file for every label map.

Files may lie in folders within these, the same ones in each: the scene of `train_label/a/1.png` is called "a_1".

`ipose.data.published.layouts` finds scenes of any layout, this one among them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ipose.data.faults import Fault
from ipose.data.file_lists import PHOTO_ENDINGS, folders_in, key_of, list_files, names_in

MAP_ENDINGS = (".png",)
FOLDER_ENDINGS = {"img": PHOTO_ENDINGS, "label": MAP_ENDINGS, "inst": MAP_ENDINGS, "part": MAP_ENDINGS}
"""The folders of a split, and what their files end in."""

SCENE_FOLDER = "scene folder"
"""The name of this layout."""


@dataclass(frozen=True)
class SceneFiles:
    """The files of one scene.

    Args:
        layout: whose rules the files obey: this one's, or a published data set's.
    """

    name: str
    label: Path
    image: Path | None = None
    instance: Path | None = None
    part: Path | None = None
    layout: str = SCENE_FOLDER

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those that exist for this scene."""
        return tuple(path for path in (self.label, self.image, self.instance, self.part) if path is not None)


def scene_folder_splits(root: Path) -> tuple[str, ...]:
    """Names of the splits of a scene folder: all NAME that have a folder NAME_label; train first."""
    names = [folder.name.removesuffix("_label") for folder in folders_in(root) if folder.name.endswith("_label")]
    return tuple(sorted(names, key=lambda name: (name != "train", name)))


def find_scene_folder(root: Path, split: str) -> tuple[list[SceneFiles], list[Fault]]:
    """The complete scenes of a split, by name, and what is wrong with its layout. Reads folders only, no files."""
    missing = _root_faults(root, split)
    if missing:
        return [], missing
    faults: list[Fault] = []
    tables = {
        kind: _by_stem(root / f"{split}_{kind}", endings, faults)
        for kind, endings in FOLDER_ENDINGS.items()
        if (root / f"{split}_{kind}").is_dir()
    }
    stems = sorted(set().union(*tables.values()))
    if not stems:
        folder, mend = str(root / f"{split}_label"), "Put the label maps there."
        return [], [*faults, Fault(folder, "empty data set", "no label map", "PNG files", mend)]
    scenes = []
    for stem in stems:
        partners = list(_missing_partners(root, split, stem, tables))
        faults += partners
        if not partners:
            found = {kind: table[stem] for kind, table in tables.items()}
            name = stem.replace("/", "_")
            scenes.append(SceneFiles(name, found["label"], found.get("img"), found.get("inst"), found.get("part")))
    return scenes, [*faults, *one_name_faults(scenes)]


def one_name_faults(scenes: Sequence[SceneFiles]) -> Iterator[Fault]:
    """Scenes in different folders whose names are the same: images of them would replace one another."""
    first: dict[str, SceneFiles] = {}
    for files in scenes:
        if (other := first.setdefault(files.name, files)) is not files:
            found = f"{other.label.parent.name}/{other.label.name}"
            yield Fault(str(files.label), f"two scenes named {files.name!r}", found, "one", "Rename one of them.")


def _root_faults(root: Path, split: str) -> list[Fault]:
    if not root.is_dir():
        return [Fault(str(root), "no such folder", expected="a scene folder", mend="Check the path.")]
    if (root / f"{split}_label").is_dir():
        return []
    there = names_in(root)
    expected = f"{split}_label/ (and {split}_img/, {split}_inst/, {split}_part/)"
    mend = "Name the folders so, one file stem across them."
    return [Fault(str(root), f"not a scene folder with a split {split!r}", there, expected, mend)]


def _by_stem(folder: Path, endings: tuple[str, ...], faults: list[Fault]) -> dict[str, Path]:
    found = defaultdict(list)
    for path in list_files(folder, ("",)):
        if path.suffix.lower() in endings:
            found[key_of(path, folder, path.suffix)].append(path)
        else:
            wanted = " or ".join(endings)
            faults.append(Fault(str(path), "file that does not belong here", path.name, wanted, "Move it away."))
    for stem, paths in found.items():
        if len(paths) > 1:
            names = ", ".join(path.name for path in paths)
            faults.append(Fault(str(folder / stem), "several files of one stem", names, "one", "Remove the others."))
    return {stem: paths[0] for stem, paths in found.items()}


def _missing_partners(root: Path, split: str, stem: str, tables: dict[str, dict[str, Path]]) -> Iterator[Fault]:
    there = next(tables[kind][stem] for kind in ("label", "img", "inst", "part") if stem in tables.get(kind, {}))
    for kind, table in tables.items():
        if stem not in table:
            folder = root / f"{split}_{kind}"
            expected = " or ".join(f"{folder.name}/{stem}{ending}" for ending in FOLDER_ENDINGS[kind])
            mend = "Add it, or remove the files of this stem."
            yield Fault(str(there), f"missing partner in {folder.name}", expected=expected, mend=mend)
