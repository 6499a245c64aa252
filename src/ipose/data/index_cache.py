"""The object index of a whole split: built once, in parallel, and kept beside the data.

It is keyed by what it was built from (the spec, the size, every label and instance file with its length and time of
change), so that an index of other data is never used; where the data folder cannot be written, it is kept in the
user's cache folder. The environment variable `IPOSE_CACHE` names another place for all data.
"""

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

import numpy as np

from ipose.data.progress_bar import progress_bar
from ipose.data.scene_files import SceneFiles
from ipose.data.scene_maps import load_scene
from ipose.types import Box, LabelSpec, SceneObject

FORMAT = 1
"""Raise when the rule of the index changes: older caches are then built anew."""

CACHE_FOLDER = ".ipose-cache"

SceneObjects = tuple[SceneObject, ...]
Item = TypeVar("Item")
Result = TypeVar("Result")


def object_index(
    root: Path,
    split: str,
    scenes: Sequence[SceneFiles],
    spec: LabelSpec,
    size: tuple[int, int] | None,
    *,
    progress: bool = True,
    workers: int | None = None,
) -> list[SceneObjects]:
    """The objects of every scene, from the cache or built now.

    Raises:
        DataError: a scene that cannot be read or breaks the spec.
    """
    key = fingerprint(scenes, spec, size)
    for folder in cache_folders(root):
        cached = _read(folder / f"objects-{split}-{key}.npz", spec, len(scenes))
        if cached is not None:
            return cached

    def find(files: SceneFiles) -> SceneObjects:
        return load_scene(files, spec, size, photo=False).objects

    index = list(in_parallel(find, scenes, f"object index of {split}", progress=progress, workers=workers))
    write_cache(root, f"objects-{split}-{key}.npz", lambda path: _write(path, index))
    return index


def in_parallel(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    what: str,
    *,
    progress: bool = True,
    workers: int | None = None,
) -> Iterator[Result]:
    """`map` over threads (decoding images sets Python free), in order, with a progress bar that names what it does."""
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        try:
            yield from progress_bar(pool.map(work, items), what, shown=progress, total=len(items))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)  # after an error, do not read on


def fingerprint(scenes: Sequence[SceneFiles], spec: LabelSpec, *more: object) -> str:
    """What a result on these files depends on, as a short hash."""
    digest = hashlib.sha256(repr((FORMAT, spec, *more)).encode())
    for files in scenes:
        for path in files.paths:
            try:
                status = path.stat()
                state = f"{status.st_size} {status.st_mtime_ns}"
            except OSError:  # whoever reads it will say what is wrong with it
                state = "unreadable"
            digest.update(f"{path.parent.name}/{path.name} {state}\n".encode())
    return digest.hexdigest()[:16]


def cache_folders(root: Path) -> tuple[Path, ...]:
    """Where results on a data set are kept: `$IPOSE_CACHE` if set; else beside the data, else in the user's cache."""
    place = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    if os.environ.get("IPOSE_CACHE"):
        return (Path(os.environ["IPOSE_CACHE"]) / place,)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / CACHE_FOLDER, home / "ipose" / place


def write_cache(root: Path, name: str, write: Callable[[Path], object]) -> None:
    """Write a cache file beside the data, or else in the user's cache; where neither can be written, go without."""
    for folder in cache_folders(root):
        beside = folder / f".{os.getpid()}-{name}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write(beside)
            beside.replace(folder / name)
            return
        except OSError:
            with suppress(OSError):
                beside.unlink()


def _write(path: Path, index: Sequence[SceneObjects]) -> None:
    rows = [
        (number, item.class_id, item.instance_id, *item.box, *item.original_size)
        for number, objects in enumerate(index)
        for item in objects
    ]
    with path.open("wb") as stream:
        np.savez_compressed(stream, rows=np.array(rows, dtype=np.int64).reshape(-1, 9))


def _read(path: Path, spec: LabelSpec, count: int) -> list[SceneObjects] | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            rows = content["rows"].tolist()
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):  # no cache, or a damaged one
        return None
    index: list[list[SceneObject]] = [[] for _ in range(count)]
    for number, class_id, instance_id, *place in rows:
        box, original = Box(*place[:4]), (place[4], place[5])
        category = spec.classes[class_id].part_category
        index[number].append(SceneObject(class_id, instance_id, category, box, original))
    return [tuple(objects) for objects in index]
