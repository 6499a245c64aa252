"""Part pairs from panoptic part TIFFs: Cityscapes-PPS and Pascal-VOC-PPS, the sources of iPOSE's part data.

Source: iPOSE sec. 4.1 and suppl. A: every object with parts is cropped by its box and resized to 64 x 64. Cityscapes
keeps its official split, Pascal's images are pooled, 80 % train and 20 % val. Which source parts make which of ours is
in `tables/`.
"""

import hashlib
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int32
from numpy import ndarray

from ipose.data.faults import Fault, raise_faults
from ipose.data.file_lists import list_files
from ipose.data.object_index import index_objects
from ipose.data.part_pairs import pairs_from_scenes
from ipose.data.part_sources.merge_table import UNKNOWN_PID, MergeTable, load_merge_table
from ipose.data.part_sources.source import PartSource, SourceItem
from ipose.data.png import decode_image, open_image
from ipose.errors import DataError
from ipose.label_spec import LabelClass, LabelSpec
from ipose.part_annotations import PartPair
from ipose.types import Scene

TIFF_ENDINGS = (".tif", ".tiff")

_EXPECTED = "a TIFF with one 32-bit whole number a pixel"


def read_int32_tiff(path: Path) -> Int32[ndarray, "h w"]:
    """The ids of an image."""
    # Pillow warns of odd tags; ids that cannot be read are an error all the same
    with warnings.catch_warnings(action="ignore", category=UserWarning), open_image(path, _EXPECTED) as image:
        if image.format != "TIFF" or image.mode != "I":
            what, found = "not a map of panoptic part ids", f"a {image.format} of mode {image.mode}"
            mend = "Take the published TIFFs as they are; nothing else holds parts."
            raise DataError(what, file=path, found=found, expected=_EXPECTED, mend=mend)
        return np.array(decode_image(image, path), dtype=np.int32)


NO_INSTANCE = -1
"""`iid` of a pixel that belongs to no instance."""

LARGEST_UID = 9_999_999


class PanopticParts(NamedTuple):
    """What the uids of an image say, a map each.

    Args:
        sid: class of each pixel, 0..99.
        iid: instance number within the class, 0..999, or `NO_INSTANCE`.
        pid: part number as it stands in the file (not yet folded), 0..99; 0 = no part is labelled.
    """

    sid: Int32[ndarray, "h w"]
    iid: Int32[ndarray, "h w"]
    pid: Int32[ndarray, "h w"]


def decode_uids(uids: Int32[ndarray, "h w"]) -> PanopticParts:
    """Take uids apart.

    Raises:
        DataError: a value that none of the three forms has (negative, of three digits, or above 9999999).
    Example:
        >>> decode_uids(np.array([[7, 26001, 2600103]], dtype=np.int32)).sid.tolist()
        [[7, 26, 26]]
    """
    strange = (uids < 0) | ((uids > 99) & (uids < 1000)) | (uids > LARGEST_UID)
    if strange.any():
        row, col = map(int, np.argwhere(strange)[0])
        found = f"{uids[row, col]} at row {row}, column {col}"
        expected = "sid, sid*1000 + iid, or sid*100000 + iid*100 + pid (1-2, 4-5 or 6-7 digits)"
        mend = "Get the file again; maps of other ids, such as Cityscapes instanceIds, cannot be used here."
        raise DataError("not a panoptic part id", found=found, expected=expected, mend=mend)
    part, instance = uids > 99_999, uids > 99
    sid = np.where(part, uids // 100_000, np.where(instance, uids // 1000, uids))
    iid = np.where(part, uids // 100 % 1000, np.where(instance, uids % 1000, NO_INSTANCE))
    pid = np.where(part, uids % 100, 0)
    return PanopticParts(*(ids.astype(np.int32) for ids in (sid, iid, pid)))


CITYSCAPES_PPS, PASCAL_PPS = "cityscapes-pps", "pascal-pps"

CITYSCAPES_ENDING = "_gtFinePanopticParts"
"""What the names of Cityscapes' part maps end in, before the dot."""

SPLIT_FOLDERS = ("train", "val", "test")


@dataclass(frozen=True)
class PanopticPartsReader:
    """Cuts the objects out of one TIFF."""

    root: Path
    table: MergeTable

    @cached_property
    def spec(self) -> LabelSpec:
        """Class 0 is everything without parts; the table's classes follow."""
        rest = LabelClass("everything else", 0, (0, 0, 0))
        things = (LabelClass(c.name, c.sid, (0, 0, 0), True, c.category) for c in self.table.classes.values())
        return LabelSpec(self.table.name, (rest, *things))

    def read(self, item: SourceItem) -> list[PartPair]:
        """See `ItemReader`."""
        path = self.root / item.name
        uids = read_int32_tiff(path)
        try:
            return pairs_from_scenes([self.scene(uids, image_name(item.name))], self.spec)
        except DataError as error:
            raise Fault.of(error, path).error() from error

    def scene(self, uids: Int32[ndarray, "h w"], name: str) -> Scene:
        """The objects and parts of an image, in our classes and part ids.

        Raises:
            DataError: a uid of no known form, or a part that the table does not have.
        """
        source = decode_uids(uids)
        part = self.table.lookup[source.sid, source.pid]
        if (part == UNKNOWN_PID).any():
            raise self._unknown(source, part == UNKNOWN_PID)
        position = np.zeros(100, dtype=np.int64)
        position[list(self.table.classes)] = np.arange(1, len(self.table.classes) + 1)
        single = source.iid != NO_INSTANCE  # a group of things, told apart by nobody, is no object
        label = torch.from_numpy(np.where(single, position[source.sid], 0))
        instance = torch.from_numpy(np.where(single, source.iid, 0).astype(np.int32))
        parts = torch.from_numpy(np.where(single, part, 0).astype(np.uint8))
        return Scene(name, None, label, instance, index_objects(label, instance, self.spec), parts)

    def _unknown(self, source: PanopticParts, where: ndarray) -> DataError:
        met = Counter(zip(source.sid[where].tolist(), source.pid[where].tolist(), strict=True))
        classes = self.table.classes
        found = [
            f"pid {pid} of class {sid} ({classes[sid].name if sid in classes else 'without parts'}) on {count} pixels"
            for (sid, pid), count in sorted(met.items())
        ]
        expected = f"a pid in table {self.table.name}"
        mend = "Say in a copy of the table what it is, and name the copy with --table; or get the file again."
        what = "a part that the merge table does not have"
        return DataError(what, found="; ".join(found), expected=expected, mend=mend)


def image_name(file: str) -> str:
    """What an image is called: its file's stem, without what all Cityscapes part maps end in."""
    return Path(file).stem.removesuffix(CITYSCAPES_ENDING)


def open_cityscapes_pps(root: Path, table: str | Path | None = None) -> PartSource:
    """Cityscapes Panoptic Parts: `.../{train,val}/<city>/<image>_gtFinePanopticParts.tif`, with its own split.

    Raises:
        DataError: no TIFF; one that lies in no split's folder; two of one name.
        SpecError: a merge table that contradicts itself.
    """
    return _open_tiffs(CITYSCAPES_PPS, root, table, _official_split)


def open_pascal_pps(root: Path, table: str | Path | None = None) -> PartSource:
    """PASCAL Panoptic Parts: TIFFs in any folders, pooled; 80 % of the images train, 20 % validate."""
    return _open_tiffs(PASCAL_PPS, root, table, lambda root, files: pooled_split(map(image_name, files)))


def _open_tiffs(
    kind: str, root: Path, table: str | Path | None, split: Callable[[Path, Sequence[str]], dict[str, str]]
) -> PartSource:
    files = sorted(path.relative_to(root).as_posix() for path in list_files(root, TIFF_ENDINGS))
    if not files:
        mend = "Unpack the published archive there, or check the path."
        raise DataError("no panoptic part maps", file=root, expected="TIFFs (.tif), in any folders below", mend=mend)
    names = Counter(map(image_name, files))
    doubled = [file for file in files if names[image_name(file)] > 1]
    raise_faults(
        [Fault(str(root / file), "image there twice", expected="one", mend="Remove the copy.") for file in doubled],
        f"source {root}",
    )
    splits = split(root, files)
    merge = load_merge_table(table or kind)
    items = tuple(SourceItem(file, splits[image_name(file)]) for file in files)
    return PartSource(kind, root, merge.part_names, items, PanopticPartsReader(root, merge), rule=repr(merge))


def _official_split(root: Path, files: Sequence[str]) -> dict[str, str]:
    splits, faults = {}, []
    for file in files:
        named = [part for part in (*root.parts[-1:], *Path(file).parts[:-1]) if part in SPLIT_FOLDERS]
        if named:
            splits[image_name(file)] = named[-1]
        else:
            mend = "Keep the published folders, or give a source of pooled images with --kind pascal-pps."
            expected = "a folder train or val above it"
            faults.append(Fault(str(root / file), "part map in no split", expected=expected, mend=mend))
    raise_faults(faults, f"source {root}")
    return splits


VALIDATION_SHARE = 0.2
"""iPOSE suppl. A: the images of Pascal are pooled, 80 % to train on and 20 % to validate."""


def pooled_split(names: Iterable[str], *, share: float = VALIDATION_SHARE) -> dict[str, str]:
    """ "train" or "val" for each name: the `share` of names whose hashes are lowest validates.

    It does not depend on the order of the names, nor on the machine. The paper does not say which images its fifth is.

    Example:
        >>> pooled_split(["a", "b", "c", "d", "e"])
        {'a': 'train', 'b': 'train', 'c': 'train', 'd': 'val', 'e': 'train'}
    """
    names = list(names)
    ranked = sorted(names, key=lambda name: hashlib.sha256(os.fsencode(name)).digest())
    validating = set(ranked[: round(share * len(ranked))])
    return {name: "val" if name in validating else "train" for name in names}
