"""The doctor: reads a whole data set and says what is wrong with it, file by file, before training finds out.

`examine` reads everything and reports; `guard` does the same at the door of training and stops there.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ipose.data.faults import ClassCount, Diagnosis, Fault, raise_faults
from ipose.data.index_cache import cache_folders, fingerprint, in_parallel, write_cache
from ipose.data.object_index import index_objects
from ipose.data.published.layouts import find_scenes, splits_of
from ipose.data.scene_files import SceneFiles
from ipose.data.scene_maps import class_ids, instance_ids, read_arrays, scene_faults
from ipose.data.specs import DatasetSpec, load_dataset_spec
from ipose.data.support_folder import load_supports
from ipose.errors import IposeError, SpecError
from ipose.types import LabelSpec, SupportSet

__all__ = ["ClassCount", "Diagnosis", "examine", "guard"]

SpecLike = LabelSpec | DatasetSpec | str | Path
"""A spec, or the name or path of one."""


@dataclass(frozen=True)
class _SceneReport:
    faults: list[Fault]
    pixels: NDArray[np.int64]
    objects: NDArray[np.int64]


def examine(
    root: str | Path,
    spec: SpecLike,
    *,
    splits: Sequence[str] | None = None,
    supports: SupportSet | str | Path | None = None,
    progress: bool = True,
    workers: int | None = None,
) -> Diagnosis:
    """Read all files of a data set and report every fault.

    Args:
        root: a scene folder, or a published folder as downloaded.
        spec: of its ids; a spec that contradicts itself is a fault like any other.
        splits: to read; None = all that are there.
        supports: where given, every part category that the data uses must be among them.
        progress: show a bar.
        workers: threads; None = one a CPU core.
    """
    root = Path(root)
    try:
        dataset = _dataset_spec(spec)
    except SpecError as error:
        return Diagnosis(str(root), None, (Fault.of(error, str(spec)),))
    labels = dataset.labels
    faults: list[Fault] = []
    totals = np.zeros((3, labels.num_classes), dtype=np.int64)  # scenes, pixels, objects
    scenes = {}
    for split in splits or splits_of(root) or ("train",):
        files, found = find_scenes(root, split)
        faults += found
        scenes[split] = len(files)
        for report in in_parallel(
            lambda item: _examine_scene(item, dataset), files, f"reading {split}", progress=progress, workers=workers
        ):
            faults += report.faults
            totals += np.stack([report.pixels > 0, report.pixels, report.objects])
    counts = tuple(ClassCount(*map(int, column)) for column in totals.T)
    faults += _support_faults(labels, counts, supports)
    return Diagnosis(str(root), labels, tuple(faults), scenes, counts)


def guard(
    root: str | Path,
    spec: SpecLike,
    *,
    splits: Sequence[str] | None = None,
    supports: SupportSet | str | Path | None = None,
    progress: bool = True,
    workers: int | None = None,
) -> None:
    """Let a data set pass only without faults: the door of training. What has passed once is not read again.

    Raises:
        DataError: the first ten faults, and how many more there are.
    """
    root = Path(root)
    passed = _passed_name(root, spec, splits)
    if passed is not None and supports is None and any((folder / passed).is_file() for folder in cache_folders(root)):
        return
    diagnosis = examine(root, spec, splits=splits, supports=supports, progress=progress, workers=workers)
    raise_faults(diagnosis.faults, f"data set {root}")
    if passed is not None:
        content = json.dumps({"passed": True, "scenes": dict(diagnosis.scenes)})
        write_cache(root, passed, lambda path: path.write_bytes(content.encode()))


def _dataset_spec(spec: SpecLike) -> DatasetSpec:
    if isinstance(spec, DatasetSpec):
        return spec
    return DatasetSpec(spec) if isinstance(spec, LabelSpec) else load_dataset_spec(spec)


def _passed_name(root: Path, spec: SpecLike, splits: Sequence[str] | None) -> str | None:
    """Name of the note that this very data set has passed; None where its folders are at fault."""
    names = tuple(splits or splits_of(root))
    found = [find_scenes(root, split) for split in names]
    if not names or any(faults for _, faults in found):
        return None
    try:
        dataset = _dataset_spec(spec)
    except SpecError:
        return None
    scenes = [files for scenes, _ in found for files in scenes]
    return f"passed-{fingerprint(scenes, dataset.labels, sorted(dataset.part_names.items()))}.json"


def _examine_scene(files: SceneFiles, dataset: DatasetSpec) -> _SceneReport:
    spec = dataset.labels
    arrays, faults = read_arrays(files)
    faults += scene_faults(files, arrays, spec, dataset.part_names)
    pixels = objects = np.zeros(spec.num_classes, dtype=np.int64)
    if "label" in arrays:
        by_file_id = np.bincount(arrays["label"].reshape(-1), minlength=256)
        pixels = by_file_id[[item.file_id for item in spec.classes]]
    if not faults:
        label = class_ids(arrays["label"], spec)
        instance = instance_ids(files, arrays, label, spec)
        found = index_objects(torch.from_numpy(label), torch.from_numpy(instance), spec)
        objects = np.bincount(np.array([item.class_id for item in found], dtype=np.int64), minlength=spec.num_classes)
    return _SceneReport(faults, pixels, objects)


def _support_faults(
    spec: LabelSpec, counts: Sequence[ClassCount], supports: SupportSet | str | Path | None
) -> list[Fault]:
    if supports is None:
        return []
    if not isinstance(supports, SupportSet):
        try:
            supports = load_supports(supports)
        except IposeError as error:
            return [Fault.of(error)]
    wanted = {
        item.part_category: item.name
        for item, count in zip(spec.classes, counts, strict=True)
        if item.part_category is not None and count.objects
    }
    return [
        Fault(
            f"spec {spec.name}",
            f"part category {category!r} (of class {name!r}) without supports",
            ", ".join(supports.categories) or "an empty support set",
            "supports of every part category in use",
            f"Draw part maps in a folder named {category} of the supports, or remove part_category from the class.",
        )
        for category, name in wanted.items()
        if category not in supports.categories
    ]
