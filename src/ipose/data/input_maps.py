"""Maps that a user hands to a trained model: one PNG, or a folder of them; no photographs, no data set."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from ipose.data.file_lists import files_by_name, name_of, named_file, names_in
from ipose.data.png import read_index
from ipose.data.scene_files import SceneFiles
from ipose.data.scene_maps import check_scene
from ipose.errors import DataError
from ipose.label_spec import LabelSpec
from ipose.types import Scene


def find_maps(path: Path, *, out: Path | None = None) -> list[Path]:
    """The PNG itself, or all PNGs of a folder and of the folders within it (`ipose.data.file_lists`), sorted.

    Args:
        path: the PNG, or the folder.
        out: the folder to write to; what is in it is no input.

    Raises:
        DataError: no such path, a folder without a PNG, or two maps of one name.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        expected = "a PNG or a folder of PNGs"
        raise DataError("no such file or folder", file=path, expected=expected, mend="Check the path.")
    found = list(files_by_name(path, (".png",), "maps", skip=out).values())
    if not found:
        mend = "Name another folder."
        raise DataError("no map in this folder", file=path, found=names_in(path), expected="PNG files", mend=mend)
    return found


def read_map(
    path: Path,
    spec: LabelSpec,
    *,
    root: Path | None = None,
    instances: Path | None = None,
    parts: Path | None = None,
    size: tuple[int, int] | None = None,
) -> Scene:
    """A label map as a scene without a photograph.

    Args:
        path: index PNG of label ids.
        spec: what they mean.
        root: the folder that the map was found in, which names the scene (`name_of`). None = the map's stem does.
        instances: index PNG of instance ids, or a folder that holds one of the same name. None = the connected pieces
            of each thing class are its objects.
        parts: index PNG of true part ids, or a folder that holds one of the same name. None = not known.
        size: (height, width) to resize to, nearest. None = as it is.
    Raises:
        DataError: a file that cannot be read, an id outside the spec, sizes that differ.
    """
    name = name_of(path, root or path)
    instance, part = _partner(instances, name, "instance map"), _partner(parts, name, "part map")
    return check_scene(SceneFiles(name, path, instance=instance, part=part), spec, size)


def _partner(place: Path | None, name: str, kind: str) -> Path | None:
    """The map that goes with the map of this name: the file itself, or the one of the same name in the folder."""
    if place is None:
        return None
    partner = named_file(place, f"{name}.png") if place.is_dir() else place
    if partner is None or not partner.is_file():
        raise DataError(f"no such {kind}", file=partner or place / f"{name}.png", expected=f"the partner of {name}.png")
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
