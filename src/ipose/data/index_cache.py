"""The object index of a split, and the cache folder that results on a data set are kept in.

The index is built once, in parallel, and every scene is checked by that. It is keyed by what it was built from: the
spec, the size, and every file with its length and time of change. So an index of other data is never used, and an index
in the cache proves that the scenes have been checked.

The cache lies beside the data, or in the user's cache folder where the data folder cannot be written. The environment
variable `IPOSE_CACHE` names another place for all data.
"""

import hashlib
import os
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ipose.data.parallel import in_parallel
from ipose.data.scene_files import SceneFiles
from ipose.data.scene_maps import check_scene
from ipose.label_spec import LabelSpec
from ipose.types import Box, SceneObject
from ipose.whole_files import write_whole

INDEX_FORMAT = 3
"""Raise when the rules of the index or of the checks change: older caches are then not used."""

CACHE_FOLDER = ".ipose-cache"

SceneObjects = tuple[SceneObject, ...]


def object_index(
    root: Path,
    split: str,
    scenes: Sequence[SceneFiles],
    states: Sequence[str],
    spec: LabelSpec,
    size: tuple[int, int] | None,
) -> list[SceneObjects]:
    """The objects of every scene: from the cache, or found now while each scene is checked.

    Args:
        states: of their files, by `state_of_files`.
        size: (height, width) that scenes are resized to. None = as stored.
    Raises:
        DataError: a scene that cannot be read or breaks the spec.
    """
    name = f"objects-{split}-{fingerprint(states, spec, size)}.npz"
    for folder in cache_folders(root):
        cached = _read_index(folder / name, spec, len(scenes))
        if cached is not None:
            return cached

    def find(files: SceneFiles) -> SceneObjects:
        return check_scene(files, spec, size).objects

    index = list(in_parallel(find, scenes, f"object index of {split}"))
    write_cache(root, name, lambda path: _write_index(path, index))
    return index


def state_of_files(files: SceneFiles) -> str:
    """A short hash of the names, lengths and times of change of a scene's files: another one = a file was changed."""
    digest = hashlib.blake2b(digest_size=8)
    for path in files.paths:
        try:
            status = path.stat()
            state = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:  # whoever reads it will say what is wrong with it
            state = "unreadable"
        digest.update(f"{path.parent.name}/{path.name} {state}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def fingerprint(states: Sequence[str], spec: LabelSpec, *more: object) -> str:
    """A short hash of what a result on scenes depends on: the states of their files, the spec, and `more`."""
    return hashlib.sha256(repr((INDEX_FORMAT, spec, *more, "".join(states))).encode()).hexdigest()[:16]


def cache_folders(root: Path) -> tuple[Path, ...]:
    """Where results on a data set may lie: in `$IPOSE_CACHE` if set; else beside the data or in the user's cache."""
    place = hashlib.sha256(str(root.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    if os.environ.get("IPOSE_CACHE"):
        return (Path(os.environ["IPOSE_CACHE"]) / place,)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / CACHE_FOLDER, home / "ipose" / place


def write_cache(root: Path, name: str, write: Callable[[Path], object]) -> None:
    """Write a file to the first cache folder that can be written; where none can, there is no cache."""
    for folder in cache_folders(root):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / name, write)
            return
        except OSError:
            continue


def _write_index(path: Path, index: Sequence[SceneObjects]) -> None:
    rows = [
        (number, item.class_id, item.instance_id, *item.box, *item.original_size)
        for number, objects in enumerate(index)
        for item in objects
    ]
    with path.open("wb") as stream:
        np.savez_compressed(stream, rows=np.array(rows, dtype=np.int64).reshape(-1, 9))


def _read_index(path: Path, spec: LabelSpec, count: int) -> list[SceneObjects] | None:
    """The index in a file; None where there is no such file, or a damaged one."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            rows = content["rows"].tolist()
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):
        return None
    index: list[list[SceneObject]] = [[] for _ in range(count)]
    for number, class_id, instance_id, *place in rows:
        box, original = Box(*place[:4]), (place[4], place[5])
        category = spec.classes[class_id].part_category
        index[number].append(SceneObject(class_id, instance_id, category, box, original))
    return [tuple(objects) for objects in index]
