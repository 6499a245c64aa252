"""Maps that a user hands to a trained model: one PNG, or a folder of them; no photographs, no data set."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from ipose.data.png import read_index
from ipose.data.scene_files import SceneFiles
from ipose.data.scene_maps import check_scene
from ipose.errors import DataError
from ipose.label_spec import LabelSpec
from ipose.types import Scene


def find_maps(path: Path) -> list[Path]:
    """The PNG itself, or all PNGs of a folder, sorted by name.

    Raises:
        DataError: no such path, or a folder without a PNG.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        expected = "a PNG or a folder of PNGs"
        raise DataError("no such file or folder", file=path, expected=expected, mend="Check the path.")
    found = sorted(path.glob("*.png"))
    if not found:
        there = ", ".join(sorted(item.name for item in path.iterdir())[:8]) or "an empty folder"
        mend = "Name another folder."
        raise DataError("no map in this folder", file=path, found=there, expected="PNG files", mend=mend)
    return found


def read_map(
    path: Path,
    spec: LabelSpec,
    *,
    instances: Path | None = None,
    parts: Path | None = None,
    size: tuple[int, int] | None = None,
) -> Scene:
    """A label map as a scene without a photograph.

    Args:
        path: index PNG of label ids.
        spec: what they mean.
        instances: index PNG of instance ids, or a folder that holds one of the same name. None = the connected pieces
            of each thing class are its objects.
        parts: index PNG of true part ids, or a folder that holds one of the same name. None = not known.
        size: (height, width) to resize to, nearest. None = as it is.
    Raises:
        DataError: a file that cannot be read, an id outside the spec, sizes that differ.
    """
    instance, part = _partner(instances, path, "instance map"), _partner(parts, path, "part map")
    return check_scene(SceneFiles(path.stem, path, instance=instance, part=part), spec, size)


def _partner(place: Path | None, path: Path, kind: str) -> Path | None:
    """The map that goes with `path`: the file itself, or the one of the same name in the folder."""
    partner = place / path.name if place is not None and place.is_dir() else place
    if partner is not None and not partner.is_file():
        raise DataError(f"no such {kind}", file=partner, expected=f"the partner of {path.name}")
    return partner


def read_silhouette(path: Path) -> Bool[Tensor, "h w"]:
    """A drawn object: index or greyscale PNG, the object where it is not 0.

    Raises:
        DataError: cannot be read, or nothing is drawn.
    """
    shape = torch.from_numpy(np.ascontiguousarray(read_index(path) != 0))
    if not bool(shape.any()):
        raise DataError("nothing drawn here", file=path, found="0 everywhere", expected="the object's pixels not 0")
    return shape
