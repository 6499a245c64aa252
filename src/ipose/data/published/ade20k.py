"""ADE20K's scene parsing benchmark as downloaded: `images/`, `annotations/` and, apart, `annotations_instance/`.

Each holds `training/` and `validation/`; a scene is one file stem: a photograph (jpg), a label map (8 bits, 0 = other,
1..150), an instance map (colours: the instance class, 1..100, in the first channel and the object's number in the
second; 0 = no object). Without `annotations_instance` (a download of its own) objects are connected pieces.
Source: Zhou et al., CVPR 2017; SPADE and OASIS read the first two, the authors' release of iPOSE all three.
"""

from pathlib import Path

from ipose.data.faults import Fault
from ipose.data.published.partners import Kind, find_partners
from ipose.data.scene_files import SceneFiles

ADE20K = "ADE20K"
FOLDERS = {"train": "training", "val": "validation"}
"""What ADE20K calls the splits."""


def is_ade20k(root: Path) -> bool:
    """Whether one of the folders of annotations or photographs is there; a lack of the other is then a fault."""
    return any((root / part / folder).is_dir() for part in ("annotations", "images") for folder in FOLDERS.values())


def ade20k_splits(root: Path) -> tuple[str, ...]:
    """Those of train and val that have a folder."""
    return tuple(
        split
        for split, folder in FOLDERS.items()
        if any((root / part / folder).is_dir() for part in ("annotations", "images"))
    )


def find_ade20k(root: Path, split: str) -> tuple[list[SceneFiles], list[Fault]]:
    """All scenes of a split, by name, and what is missing."""
    folder, benchmark = FOLDERS.get(split, split), "ADEChallengeData2016.zip"
    return find_partners(
        root,
        ADE20K,
        (
            Kind("label", root / "annotations" / folder, ".png", benchmark),
            Kind("img", root / "images" / folder, ".jpg", benchmark),
            Kind("inst", root / "annotations_instance" / folder, ".png", "annotations_instance.tar", optional=True),
        ),
    )
