"""An import: scenes divided into train and val, maps painted, photographs copied as they are, a spec and a sheet."""

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int32, UInt8
from numpy import ndarray

from ipose.data.faults import Fault
from ipose.data.importing.source import ImportedClass, ImportItem, ImportSource, Region, spec_of
from ipose.data.palette import PART_COLORS
from ipose.data.parallel import progress_bar
from ipose.data.png import image_size, write_index
from ipose.data.scene_folder import refuse_split
from ipose.data.specs import DATASET_FILE, dataset_toml
from ipose.errors import DataError
from ipose.images import size_in_words
from ipose.label_spec import LabelSpec
from ipose.seeds import named_generator
from ipose.whole_files import write_text_whole

MOST_OBJECTS = 999
"""Numbers that a class has in an image (ids are file id * 1000 + number)."""


class Maps(NamedTuple):
    """What a scene's files will hold: file ids, instance ids (file id * 1000 + number), part ids."""

    label: Int32[ndarray, "h w"]
    instance: Int32[ndarray, "h w"]
    part: UInt8[ndarray, "h w"]


def paint(regions: Iterable[Region], size: tuple[int, int], things: frozenset[int], ignored: Counter[str]) -> Maps:
    """Paint regions one over the other: the last one wins. Parts are painted on objects of their class only.

    Args:
        regions: in painting order.
        size: (height, width).
        things: file ids of the classes whose regions are objects.
        ignored: what is left out is counted here.
    """
    maps = Maps(np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.uint8))
    numbers: Counter[int] = Counter()
    for region in regions:
        if not region.pixels.any():
            ignored["regions without a pixel"] += 1
        elif region.part:
            own = region.pixels & (maps.label == region.file_id) & (maps.instance >= 1000)
            if not own.any():
                ignored["parts that lie on no object of their class"] += 1
            maps.part[own] = region.part
        else:
            maps.label[region.pixels] = region.file_id
            maps.part[region.pixels] = 0
            maps.instance[region.pixels] = _instance_id(region, things, numbers, ignored)
    return maps


def _instance_id(region: Region, things: frozenset[int], numbers: Counter[int], ignored: Counter[str]) -> int:
    if region.file_id not in things:
        return 0
    if region.crowd:
        ignored["crowds: painted as their class, but no object"] += 1
        return region.file_id
    if numbers[region.file_id] == MOST_OBJECTS:
        ignored[f"objects after the first {MOST_OBJECTS} of a class in one image: painted as a group"] += 1
        return region.file_id
    numbers[region.file_id] += 1
    return region.file_id * 1000 + numbers[region.file_id]


def thing_ids(classes: Iterable[ImportedClass]) -> frozenset[int]:
    """File ids of the classes with objects."""
    return frozenset(item.file_id for item in classes if item.thing)


@dataclass(frozen=True)
class Imported:
    """What an import wrote."""

    out: Path
    kind: str
    spec: LabelSpec
    scenes: Mapping[str, int]
    ignored: Mapping[str, int]
    faults: Sequence[Fault]

    def text(self) -> str:
        """In a few lines."""
        counts = ", ".join(f"{count} {split}" for split, count in self.scenes.items())
        names = ", ".join(item.name for item in self.spec.classes)
        lines = [f"{self.kind}: {counts} scenes written to {self.out}", f"classes: {names}"]
        things = ", ".join(item.name for item in self.spec.classes if item.thing)
        lines.append(f"with objects: {things or 'none'}")
        lines += [f"left out: {count} {what}" for what, count in sorted(self.ignored.items()) if count]
        lines += [f"FAULT {fault}" for fault in self.faults]
        return "\n".join(lines)


def import_scenes(source: ImportSource, out: Path, *, val: float = 0.1, seed: int = 0, group: str = "") -> Imported:
    """Write a source as a scene folder.

    Args:
        out: a new or empty folder.
        val: share of the scenes that become validation scenes.
        group: regular expression; scenes whose names match it with the same text stay together ("frame_([0-9]+)_").
    Raises:
        DataError: `out` holds scenes already, a share outside 0..1, two photographs of one name, or no scene.
    """
    spec = spec_of(out.resolve().name, source.classes)
    if not 0 <= val < 1:
        raise DataError("not a share", file=out, field="val", found=str(val), expected="0 <= val < 1")
    _check_names(source.items, out)
    for split in ("train", "val"):
        refuse_split(out, split, spec)
    division = divide([item.name for item in source.items], val, seed, group)
    scenes, faults = Counter[str](), []
    for item in progress_bar(source.items, "importing"):
        try:
            _check_size(item)
            maps = paint(source.regions(item), item.size, thing_ids(source.classes), source.ignored)
            _write(item, maps, out, division[item.name], source, spec)
            scenes[division[item.name]] += 1
        except DataError as error:
            faults.append(Fault.of(error, item.photo))
    parts = {item.name: item.parts for item in source.classes if item.parts}
    write_text_whole(out / DATASET_FILE, dataset_toml(spec, parts))
    return Imported(out, source.kind, spec, scenes, dict(source.ignored), faults)


def divide(names: Sequence[str], val: float, seed: int, group: str = "") -> dict[str, str]:
    """The split of each scene: a function of the names and the seed. Scenes of one group stay together."""
    matches = {name: re.search(group, name) if group else None for name in names}
    together = {name: match[match.lastindex or 0] if match else name for name, match in matches.items()}
    groups = sorted(set(together.values()))
    order = torch.randperm(len(groups), generator=named_generator(seed, "split")).tolist()
    wanted = max(1, round(val * len(names))) if val and len(groups) > 1 else 0
    chosen: set[str] = set()
    for place in order:
        if sum(together[name] in chosen for name in names) >= wanted:
            break
        chosen.add(groups[place])
    return {name: "val" if together[name] in chosen else "train" for name in names}


def _check_names(items: Sequence[ImportItem], out: Path) -> None:
    if not items:
        raise DataError("no photograph with annotations", file=out, mend="Name the photographs' folder with --images.")
    doubled = [name for name, count in Counter(item.name for item in items).items() if count > 1]
    if doubled:
        files = ", ".join(str(item.photo) for item in items if item.name == doubled[0])
        raise DataError("two photographs of one name", file=out, found=files, mend="Rename one of them.")


def _check_size(item: ImportItem) -> None:
    height, width = image_size(item.photo)
    if (height, width) != item.size:
        found, expected = size_in_words(height, width), f"{size_in_words(*item.size)}, as it was annotated"
        raise DataError("sizes differ", file=item.photo, found=found, expected=expected)


def _write(item: ImportItem, maps: Maps, out: Path, split: str, source: ImportSource, spec: LabelSpec) -> None:
    def place(kind: str, ending: str = ".png") -> Path:
        (out / f"{split}_{kind}").mkdir(parents=True, exist_ok=True)
        return out / f"{split}_{kind}" / f"{item.name}{ending}"

    colors = {entry.file_id: entry.color for entry in spec.classes}
    write_index(place("label"), torch.from_numpy(maps.label), colors=colors)
    if source.has_instances:
        write_index(place("inst"), torch.from_numpy(maps.instance), bits=16)
    if any(entry.parts for entry in source.classes):
        write_index(place("part"), torch.from_numpy(maps.part.astype(np.uint8)), colors=PART_COLORS)
    shutil.copyfile(item.photo, place("img", item.photo.suffix.lower()))
