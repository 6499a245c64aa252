"""Cityscapes as downloaded: photographs in `leftImg8bit/`, fine annotations in `gtFine/`, a folder a city.

`leftImg8bit/<split>/<city>/<city>_<sequence>_<frame>_leftImg8bit.png` with, in `gtFine/<split>/<city>/`,
`..._gtFine_labelIds.png` (8 bits, label ids) and `..._gtFine_instanceIds.png` (16 bits: label id * 1000 + number where
an object is, else the label id; a group of things is no object). Source: Cordts et al., CVPR 2016; the authors' release
of iPOSE, SPADE and OASIS read these files. Colours, polygons, train ids and the test split are passed over.
"""

from pathlib import Path

from ipose.data.faults import Fault
from ipose.data.published.partners import Kind, find_partners
from ipose.data.scene_files import SceneFiles

CITYSCAPES = "Cityscapes"
SPLITS = ("train", "val")

_PHOTOS, _MAPS = "leftImg8bit", "gtFine"
_OTHER_MAPS = ("_gtFine_labelTrainIds.png", "_gtFine_color.png", "_gtFine_polygons.json")


def is_cityscapes(root: Path) -> bool:
    """Whether one of the two folders is there; a lack of the other is then a fault."""
    return (root / _MAPS).is_dir() or (root / _PHOTOS).is_dir()


def cityscapes_splits(root: Path) -> tuple[str, ...]:
    """Those of train and val that have a folder. (The test split is published without annotations.)"""
    return tuple(split for split in SPLITS if any((root / part / split).is_dir() for part in (_MAPS, _PHOTOS)))


def find_cityscapes(root: Path, split: str) -> tuple[list[SceneFiles], list[Fault]]:
    """All scenes of a split, by city and name, and what is missing."""
    photos, maps = root / _PHOTOS / split, root / _MAPS / split
    fine = "gtFine_trainvaltest.zip"
    return find_partners(
        root,
        CITYSCAPES,
        (
            Kind("label", maps, "_gtFine_labelIds.png", fine, instead=_OTHER_MAPS),
            Kind("img", photos, "_leftImg8bit.png", "leftImg8bit_trainvaltest.zip"),
            Kind("inst", maps, "_gtFine_instanceIds.png", fine),
        ),
    )
