"""Which tool wrote a source, and where its photographs are."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ipose.data.file_lists import list_files
from ipose.data.importing.coco import CocoInstances, CocoPanoptic
from ipose.data.importing.labelme import LabelMe
from ipose.data.importing.masks import Masks, read_legend
from ipose.data.importing.source import ImportSource, Photos
from ipose.data.part_sources.coco_json import read_json_file
from ipose.data.photo_layouts import photo_layout
from ipose.data.published.layouts import published_layout, splits_of
from ipose.errors import DataError, IposeError

MASK_FOLDERS = ("SegmentationClass", "masks", "mask", "labels", "label", "annotations")
OBJECT_FOLDER = "SegmentationObject"
PHOTO_FOLDERS = ("JPEGImages", "images", "image", "img", "photos")
MASK_WORDS = ("_mask", "-mask", "_label", "_labels", "_seg", "_labelIds")
LEGENDS = ("labelmap.txt", "legend.txt", "classes.txt")


def open_import_source(
    path: Path,
    *,
    images: Path | None = None,
    masks: Path | None = None,
    legend: Path | None = None,
    things: Sequence[str] | None = None,
) -> ImportSource:
    """The export in `path`: a JSON, or a folder.

    Args:
        path: COCO JSON (instances or panoptic); or a folder with one, with LabelMe's JSONs, or with masks.
        images: folder of the photographs. None = the source's own folder.
        masks: folder of the masks. None = one of the usual names, or beside the photographs.
        legend: what the masks' colours or ids mean. None = labelmap.txt, legend.txt or classes.txt of the folder.
        things: masks: names of the classes whose regions are objects.
    Raises:
        DataError: nothing that can be read.
    """
    if not path.exists():
        raise DataError("no such file or folder", file=path, mend="Check the path.")
    files = [path] if path.is_file() else list_files(path, (".json",), tell=False)
    folder = path.parent if path.is_file() else path
    content = read_json_file(files[0]) if files and masks is None else None
    if content is not None:
        photos = Photos(images or folder)
        if isinstance(content, dict) and "shapes" in content:
            return LabelMe(files, photos)
        if len(files) > 1:
            found = ", ".join(file.name for file in files[:5])
            raise DataError("several JSONs", file=path, found=found, mend="Name the one to import.")
        entries = content.get("annotations") if isinstance(content, dict) else None
        if isinstance(entries, list) and entries and "segments_info" in entries[0]:
            return CocoPanoptic(files[0], photos)
        return CocoInstances(files[0], photos)
    return _open_masks(path, images, masks, legend, things)


def export_in_words(path: Path) -> str:
    """What `ipose doctor` says of an export that is no data set yet; "" = it is none, or a known data set."""
    if not path.exists() or (path.is_dir() and (splits_of(path) or photo_layout(path) or published_layout(path))):
        return ""
    if path.is_file() and path.suffix.lower() != ".json":
        return ""
    try:
        source = open_import_source(path)
    except IposeError as error:
        coloured = isinstance(error, DataError) and error.field == "legend"
        return f"{path}: {error}\nThen: ipose data import {path} OUT --legend FILE" if coloured else ""
    what = f"{len(source.items)} photographs with annotations ({source.kind}), which no training reads as they are"
    return f"{path}: {what}.\nNext: ipose data import {path} OUT"


def _open_masks(
    path: Path, images: Path | None, masks: Path | None, legend: Path | None, things: Sequence[str] | None
) -> Masks:
    images = images or _first(path, PHOTO_FOLDERS) or path
    masks = masks or _first(path, MASK_FOLDERS) or path
    legend = legend or next((path / name for name in LEGENDS if (path / name).is_file()), None)
    known = {_stem(file): file for file in list_files(masks, (".png",), tell=False)} if masks != images else {}
    if masks == images:  # beside each other: a mask is a PNG with a word in its name, or a PNG beside a JPEG
        pngs = list_files(masks, (".png",), tell=False)
        jpegs = {file.stem for file in Photos(images).all if file.suffix.lower() != ".png"}
        known = {_stem(file): file for file in pngs if _stem(file) != file.stem or file.stem in jpegs}
    ignored = Counter[str]()
    rows = []
    for photo in Photos(images).all:
        if photo in known.values():
            continue
        if photo.stem not in known:
            ignored["photographs without a mask"] += 1
            continue
        objects = path / OBJECT_FOLDER / known[photo.stem].name
        rows.append((photo, known[photo.stem], objects if objects.is_file() else None))
    if not rows:
        expected = "a COCO or LabelMe JSON, or photographs with masks of the same names (--images, --masks)"
        raise DataError("nothing to import", file=path, found=f"{len(known)} masks, no pair", expected=expected)
    ignored["masks without a photograph"] += len(known) - len(rows)
    return Masks(rows, read_legend(legend) if legend else (), things, ignored)


def _first(root: Path, names: Sequence[str]) -> Path | None:
    return next((root / name for name in names if (root / name).is_dir()), None)


def _stem(file: Path) -> str:
    """The photograph's stem that a mask belongs to."""
    word = next((word for word in MASK_WORDS if file.stem.endswith(word)), "")
    return file.stem.removesuffix(word)
