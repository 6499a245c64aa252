"""Which kind of part annotations a folder holds, by its layout; and opening it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ipose.data.file_lists import folders_in, list_files, names_in
from ipose.data.part_sources.panoptic_parts import (
    CITYSCAPES_ENDING,
    CITYSCAPES_PPS,
    PASCAL_PPS,
    TIFF_ENDINGS,
    open_cityscapes_pps,
    open_pascal_pps,
)
from ipose.data.part_sources.part_tree import PART_TREE, SCENES, open_part_tree, open_scenes_with_parts
from ipose.data.part_sources.partimagenet import JSON_SPLITS, PARTIMAGENET, open_partimagenet
from ipose.data.part_sources.release_tree import RELEASE, SUPPORT_FOLDER, open_release
from ipose.data.part_sources.source import PartSource
from ipose.data.published.layouts import published_layout, splits_of
from ipose.errors import ConfigError, DataError

SOURCE_KINDS: Mapping[str, str] = {
    CITYSCAPES_PPS: f"TIFFs named <image>{CITYSCAPES_ENDING}.tif below train/ and val/",
    PASCAL_PPS: "other TIFFs, in any folders",
    PARTIMAGENET: "train.json, val.json, in any folders",
    RELEASE: "<number>/{train,val}/<name>_part.png and _label.png, support_shape/",
    SCENES: "{train,val}_part/ beside {train,val}_label/",
    PART_TREE: "<category>/{train,val}/<name>_part.png",
}
"""The kinds of sources, and what their folders look like."""


def open_part_source(
    root: str | Path, kind: str | None = None, *, table: str | Path | None = None, spec: str | Path | None = None
) -> PartSource:
    """Open part annotations: of the named kind, or of the one that the folder's layout shows.

    Args:
        kind: a key of `SOURCE_KINDS`; None = look.
        table: merge table of a panoptic parts source, in place of the built-in one.
        spec: what the label ids of a scene folder mean; None = its own dataset.toml.
    Raises:
        DataError: no such folder; nothing in it that a source could be; what the source itself finds wrong.
        ConfigError: no such kind, several, or an option that belongs to another kind.
    """
    root = Path(root)
    if not root.is_dir():
        raise DataError("no such folder", file=root, expected="a folder of part annotations", mend="Check the path.")
    if kind is not None and kind not in SOURCE_KINDS:
        raise ConfigError("no such kind of source", field="kind", found=kind, expected=", ".join(SOURCE_KINDS))
    kind = kind or recognise(root)
    for name, value, owners in (("table", table, (CITYSCAPES_PPS, PASCAL_PPS)), ("spec", spec, (SCENES,))):
        if value is not None and kind not in owners:
            found, mend = f"a source of kind {kind}", f"Leave it out, or say --kind {owners[0]}."
            raise ConfigError(f"--{name} is for {' and '.join(owners)}", field=name, found=found, mend=mend)
    opening: dict[str, Callable[[], PartSource]] = {
        CITYSCAPES_PPS: lambda: open_cityscapes_pps(root, table),
        PASCAL_PPS: lambda: open_pascal_pps(root, table),
        PARTIMAGENET: lambda: open_partimagenet(root),
        RELEASE: lambda: open_release(root),
        SCENES: lambda: open_scenes_with_parts(root, spec),
        PART_TREE: lambda: open_part_tree(root),
    }
    return opening[kind]()


def recognise(root: Path) -> str:
    """The kind of a folder.

    Raises:
        DataError: it has the layout of no kind.
        ConfigError: of several.
    """
    kinds = [kind for kind, looks in _LOOKS_LIKE.items() if looks(root)]
    if not kinds:
        layouts, mend = "; ".join(f"{layout} ({kind})" for kind, layout in SOURCE_KINDS.items()), "Check the path."
        if published_layout(root) is not None or splits_of(root):
            mend = "These are scenes; part annotations are a download of their own (Cityscapes-PPS, Pascal-VOC-PPS)."
        raise DataError("no part annotations here", file=root, found=names_in(root), expected=layouts, mend=mend)
    if len(kinds) > 1:
        what, mend = "folder with the layouts of several kinds of sources", "Say which with --kind."
        raise ConfigError(what, file=root, found=", ".join(kinds), mend=mend)
    return kinds[0]


def _tiffs(root: Path, *, cityscapes: bool) -> bool:
    tiffs = list_files(root, TIFF_ENDINGS, tell=False)
    return bool(tiffs) and tiffs[0].stem.endswith(CITYSCAPES_ENDING) == cityscapes


def _has_parts(root: Path, *, numbered: bool) -> bool:
    maps = list_files(root, ("_part.png",), tell=False)
    folders = {path.relative_to(root).parts[0] for path in maps if len(path.relative_to(root).parts) == 3}
    return any(name.isdecimal() == numbered for name in folders - {SUPPORT_FOLDER})


def _has_json(root: Path) -> bool:
    names = ({path.stem, path.parent.name} for path in list_files(root, (".json",), tell=False))
    return any(name & {*JSON_SPLITS} for name in names)


def _has_scenes(root: Path) -> bool:
    return all(
        any(list_files(folder, (".png",), tell=False) for folder in folders_in(root) if folder.name.endswith(kind))
        for kind in ("_part", "_label")
    )


_LOOKS_LIKE: Mapping[str, Callable[[Path], bool]] = {
    CITYSCAPES_PPS: lambda root: _tiffs(root, cityscapes=True),
    PASCAL_PPS: lambda root: _tiffs(root, cityscapes=False),
    PARTIMAGENET: _has_json,
    RELEASE: lambda root: _has_parts(root, numbered=True),
    SCENES: _has_scenes,
    PART_TREE: lambda root: _has_parts(root, numbered=False),
}
