"""The doctor reads a whole data set and says what is wrong with it, file by file, before a training finds out.

`examine_scenes` reads everything and reports every fault. `check_scenes` does the same before a training and raises.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ipose.data.faults import Fault, counted_faults, note_lines, raise_faults
from ipose.data.index_cache import cache_folders, fingerprint, state_of_files, write_cache
from ipose.data.object_index import index_objects
from ipose.data.parallel import in_parallel
from ipose.data.png import TURNED, photo_notes
from ipose.data.published.layouts import find_scenes, splits_of
from ipose.data.published.maps import PUBLISHED_READERS
from ipose.data.scene_checks import scene_faults
from ipose.data.scene_files import SceneFiles
from ipose.data.scene_maps import class_ids, component_instances, instance_ids, read_arrays
from ipose.data.specs import DatasetSpec, load_dataset_spec
from ipose.data.support_folder import read_supports, unused_drawings
from ipose.errors import SpecError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import SupportSet
from ipose.tables import text_table

FEW = 20
"""Objects of a class: fewer are told."""

SpecLike = LabelSpec | DatasetSpec | str | Path
"""A spec, or the name or path of one."""


@dataclass(frozen=True)
class ClassCount:
    """How much of one class a data set holds: scenes it appears in, its share of all pixels, its objects, and how many
    objects there would be without instance maps, as those that touch become one."""

    scenes: int = 0
    pixels: int = 0
    objects: int = 0
    pieces: int = 0


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor found in scenes.

    Args:
        spec: that it was read with; None where the spec itself is at fault.
        counts: one per class of the spec, over all splits; empty where no scene was read.
        notes: names of photographs by what reading does to them (`ipose.data.png.photo_notes`).
    """

    root: str
    spec: LabelSpec | None
    faults: tuple[Fault, ...]
    scenes: Mapping[str, int] = field(default_factory=dict)
    counts: tuple[ClassCount, ...] = ()
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without_instances: int = 0
    drawn: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    def table(self) -> str:
        """Classes and objects as plain text: one line for each class that occurs."""
        if self.spec is None or not self.counts:
            return f"no table: the {'spec is' if self.spec is None else 'supports are'} at fault"
        total = sum(count.pixels for count in self.counts) or 1
        rows = []
        for item, count in zip(self.spec.classes, self.counts, strict=True):
            if count.pixels:
                numbers = [str(item.file_id), str(count.scenes), f"{100 * count.pixels / total:.2f}"]
                objects = str(count.objects) if item.thing else "-"
                rows.append([item.name, *numbers, objects, item.part_category or "-"])
        splits = ", ".join(f"{count} in {split}" for split, count in self.scenes.items()) or "no scenes"
        last = f"{splits}; {sum(count.objects for count in self.counts)} objects"
        if len(rows) < len(self.counts):
            last += f"; {len(self.counts) - len(rows)} classes of {self.spec.name!r} do not occur"
        table = text_table(["class", "id", "scenes", "pixels %", "objects", "parts as"], rows)
        notes = note_lines(self.notes)
        notes += ["A map belongs to the upright photograph: draw it on that."] if TURNED in self.notes else []
        return "\n".join([table, *notes, last])

    def advice(self) -> list[str]:
        """What is no fault and may surprise: objects that touch, and classes with few objects."""
        classes = () if self.spec is None else zip(self.spec.classes, self.counts, strict=False)
        things = [(item.name, count) for item, count in classes if item.thing and count.objects]
        merged = [
            f"{count.objects} of {name} are {count.pieces}" for name, count in things if count.pieces < count.objects
        ]
        few = [f"{name} ({count.objects})" for name, count in things if count.objects < FEW]
        lines = []
        if self.without_instances and things:
            lines.append(
                f"{self.without_instances} scenes have no instance map: each connected piece of a thing is one object, "
                "so that objects that touch are one."
            )
        if merged:
            lines.append(
                f"Objects touch. Without instance maps {', '.join(merged)}: so keep the instance maps, and name them "
                "where a command takes --instances."
            )
        if few:
            lines.append(
                f"Few objects: {', '.join(few)}. A generator learns little of so few. For their parts three drawings "
                "are enough (ipose train synthesis --supports)."
            )
        if self.drawn and self.spec is not None and (line := unused_drawings(self.spec, self.drawn)):
            lines.append(line)
        return lines

    def summary(self) -> str:
        """One line."""
        said = counted_faults(self.faults) if self.faults else f"no faults in {sum(self.scenes.values())} scenes"
        return f"{self.root}: {said}"


@dataclass(frozen=True)
class _SceneReport:
    faults: list[Fault]
    pixels: NDArray[np.int64]
    objects: NDArray[np.int64]
    pieces: NDArray[np.int64]
    notes: tuple[str, ...]


def examine_scenes(
    root: str | Path,
    spec: SpecLike,
    *,
    splits: Sequence[str] | None = None,
    supports: SupportSet | str | Path | None = None,
) -> Diagnosis:
    """Read all files of a data set and report every fault. A spec or supports at fault end it before a scene is read.

    Args:
        root: a scene folder, or a published folder as downloaded.
        spec: of its ids; a spec that contradicts itself is a fault like any other.
        splits: to read. None = all that are there.
        supports: where given, every part category that the data use must be among them.
    """
    root = Path(root)
    try:
        dataset = _dataset_spec(spec)
    except SpecError as error:
        return Diagnosis(str(root), None, (Fault.of(error, str(spec)),))
    labels = dataset.labels
    if supports is not None and not isinstance(supports, SupportSet):
        supports, wrong = read_supports(supports)
        if wrong:
            return Diagnosis(str(root), labels, tuple(wrong))
    labels = labels.with_parts(() if supports is None else supports.categories)  # as in training
    faults: list[Fault] = []
    totals = np.zeros((4, labels.num_classes), dtype=np.int64)  # scenes, pixels, objects, pieces
    scenes, notes, bare = {}, defaultdict[str, list[str]](list), 0
    for split in splits or splits_of(root) or ("train",):
        files, found = find_scenes(root, split)
        faults += found
        scenes[split] = len(files)
        bare += sum(item.instance is None for item in files)
        reports = in_parallel(lambda item: _examine_scene(item, dataset), files, f"reading {split}")
        for scene, report in zip(files, reports, strict=True):
            faults += report.faults
            for note in report.notes:
                notes[note].append(scene.name)
            totals += np.stack([report.pixels > 0, report.pixels, report.objects, report.pieces])
    counts = tuple(ClassCount(*map(int, column)) for column in totals.T)
    if supports is not None:
        faults += _missing_supports(labels, counts, supports)
    return Diagnosis(
        str(root), labels, tuple(faults), scenes, counts, notes, bare, () if supports is None else supports.categories
    )


def check_scenes(root: str | Path, spec: SpecLike) -> None:
    """Let a data set pass only without faults. One that has passed is not read again until a file or the spec changes.

    Missing files are looked for first: they are an error before any file is read.

    Raises:
        DataError: the first ten faults, and how many more there are.
        SpecError: the spec contradicts itself.
    """
    root, dataset = Path(root), _dataset_spec(spec)
    found = [find_scenes(root, split) for split in splits_of(root) or ("train",)]
    raise_faults([fault for _, faults in found for fault in faults], f"data set {root}")
    states = [state_of_files(files) for scenes, _ in found for files in scenes]
    passed = f"checked-{fingerprint(states, dataset.labels, sorted(dataset.part_names.items()))}.txt"
    if any((folder / passed).is_file() for folder in cache_folders(root)):
        return
    raise_faults(examine_scenes(root, dataset).faults, f"data set {root}")
    write_cache(root, passed, lambda path: path.write_bytes(b"All scenes were read and have no faults.\n"))


def _dataset_spec(spec: SpecLike) -> DatasetSpec:
    if isinstance(spec, DatasetSpec):
        return spec
    return DatasetSpec(spec) if isinstance(spec, LabelSpec) else load_dataset_spec(spec)


def _examine_scene(files: SceneFiles, dataset: DatasetSpec) -> _SceneReport:
    spec = dataset.labels
    arrays, faults = read_arrays(files)
    faults += scene_faults(files, arrays, spec, dataset.part_names)
    pixels = objects = pieces = np.zeros(spec.num_classes, dtype=np.int64)
    if "label" in arrays:
        by_file_id = np.bincount(arrays["label"].reshape(-1), minlength=256)
        pixels = by_file_id[[item.file_id for item in spec.classes]]
    if not faults:
        label = class_ids(arrays["label"], spec)
        instance = instance_ids(files, arrays, label, spec)
        objects = pieces = _objects(label, instance, spec)
        if "inst" in arrays and (objects > 1).any():
            pieces = _objects(label, component_instances(label, spec), spec)
    upright = files.layout not in PUBLISHED_READERS
    notes = photo_notes(files.image, upright=upright) if files.image is not None and "img" in arrays else ()
    return _SceneReport(faults, pixels, objects, pieces, notes)


def _objects(label: NDArray[np.int64], instance: NDArray[np.int32], spec: LabelSpec) -> NDArray[np.int64]:
    """Number of objects by class."""
    found = index_objects(torch.from_numpy(label), torch.from_numpy(instance), spec)
    return np.bincount(np.array([item.class_id for item in found], dtype=np.int64), minlength=spec.num_classes)


def _missing_supports(spec: LabelSpec, counts: Sequence[ClassCount], supports: SupportSet) -> list[Fault]:
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
