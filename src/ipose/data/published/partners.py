"""Files of one scene that lie in folders of their own, told apart by their endings: Cityscapes and ADE20K keep so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ipose.data.faults import Fault
from ipose.data.file_lists import key_of, list_files, names_in
from ipose.data.scene_files import SceneFiles, one_name_faults

Files = Mapping[str, Path]


@dataclass(frozen=True)
class FileKind:
    """One kind of file that every scene of a split has.

    Args:
        name: "img", "label" or "inst".
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


def find_partners(root: Path, layout: str, kinds: Sequence[FileKind]) -> tuple[list[SceneFiles], list[Fault]]:
    """The complete scenes of a split, by place and name, and what is missing.

    Reads folders only, no files. Files of other endings are passed over: the published folders hold more than is read.

    Args:
        root: of the data set, for messages.
        layout: its name, which the scenes remember.
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
