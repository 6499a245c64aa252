"""What the ids of a data set mean: built-in specs by name, own ones as a `dataset.toml`.

An own data set needs no code, only this file beside its folders:

    name = "street"
    unknown = "void"              # class without annotation, ignored by the losses; leave out where there is none
    instance_layout = "pairs"     # or "cityscapes": instance ids are class id * 1000 + number

    [[classes]]                   # in the order of their ids; the order is the model's
    id = 0                        # what stands for the class in the label PNGs, 0..255
    name = "void"
    color = [0, 0, 0]             # for pictures only; leave out to get one

    [[classes]]
    id = 3
    name = "car"
    thing = true                  # countable: its pixels belong to objects
    part_category = "car"         # whose support part maps serve it; leave out where objects have no parts

    [parts]                       # names of parts 1, 2, ...; only for categories that the paper's table lacks
    robot = ["head", "body", "arm"]

Ids must ascend, each once; the unknown class alone may stand anywhere (COCO-Stuff's is id 255, class 0).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipose.data.part_names import PART_NAMES, part_names_for
from ipose.data.spec_entries import parse_class, parse_parts, read_toml, refuse_rest, take
from ipose.errors import SpecError
from ipose.label_spec import LabelClass, LabelSpec

SPEC_FOLDER = Path(__file__).parent / "specs"
DATASET_FILE = "dataset.toml"


@dataclass(frozen=True)
class DatasetSpec:
    """A label spec with the part names that its file adds to the paper's.

    Args:
        part_names: names of parts 1, 2, ... of each part category of `labels` that has some here or in the paper. The
            others have theirs beside their drawings (supports.json).
    """

    labels: LabelSpec
    part_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def spec_names() -> tuple[str, ...]:
    """Names of the built-in specs."""
    return tuple(sorted([*(file.stem for file in SPEC_FOLDER.glob("*.toml")), "partworld"]))


def load_spec(name_or_path: str | Path) -> LabelSpec:
    """The spec of a built-in data set, of a `dataset.toml`, or of a folder that holds one.

    Raises:
        SpecError: no such spec, or the file contradicts itself; says the entry and how to mend it.
    Example:
        >>> load_spec("coco-stuff").num_classes
        183
    """
    return load_dataset_spec(name_or_path).labels


def load_dataset_spec(name_or_path: str | Path) -> DatasetSpec:
    """`load_spec` with the part names of the spec's part categories."""
    if str(name_or_path) == "partworld":
        from ipose.partworld.categories import PARTWORLD
        from ipose.partworld.config import PART_NAMES as OWN

        return DatasetSpec(PARTWORLD, part_names_for(PARTWORLD.part_categories, OWN))
    return read_dataset_toml(_spec_file(name_or_path))


def _spec_file(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.name == str(name_or_path) and (SPEC_FOLDER / f"{name_or_path}.toml").is_file():
        return SPEC_FOLDER / f"{name_or_path}.toml"
    if path.is_dir() and (path / DATASET_FILE).is_file():
        return path / DATASET_FILE
    if path.is_file():
        return path
    expected = f"one of {', '.join(spec_names())}, or the path of a {DATASET_FILE}"
    mend = f"Name a built-in spec, or write a {DATASET_FILE} (the docs of ipose.data.specs show one)."
    raise SpecError("no such spec", found=repr(str(name_or_path)), expected=expected, mend=mend)


def read_dataset_toml(path: Path) -> DatasetSpec:
    """Read one spec file, in the format shown above."""
    return read_toml(path, _parse_spec, mend="Check its permissions.")


def read_labels(path: Path) -> LabelSpec:
    """The classes of a spec file alone: a saved model may know part categories whose part names it never needed.

    Raises:
        SpecError: as `read_dataset_toml`.
    """
    return read_toml(path, lambda rest: _parse_labels(rest)[0], mend="Check its permissions.")


def _parse_spec(rest: dict[str, Any]) -> DatasetSpec:
    spec, own_parts = _parse_labels(rest)
    known = {**PART_NAMES, **own_parts}
    return DatasetSpec(spec, {name: known[name] for name in spec.part_categories if name in known})


def _parse_labels(rest: dict[str, Any]) -> tuple[LabelSpec, dict[str, tuple[str, ...]]]:
    name = take(rest, "name", str, where="")
    unknown = take(rest, "unknown", str, where="", default=None)
    layout = take(rest, "instance_layout", str, where="", default="pairs")
    entries = take(rest, "classes", list, where="")
    own_parts = parse_parts(take(rest, "parts", dict, where="", default={}))
    refuse_rest(rest, "name, unknown, instance_layout, [[classes]], [parts]")
    classes = tuple(parse_class(entry, number) for number, entry in enumerate(entries, start=1))
    spec = LabelSpec(name, classes, _unknown_class(classes, unknown), layout)
    _check_ids_ascend(classes, spec.unknown)
    return spec, own_parts


def _unknown_class(classes: Sequence[LabelClass], unknown: str | None) -> int | None:
    names = [item.name for item in classes]
    if unknown is None:
        return None
    if unknown not in names:
        mend = "Write the name of the class that stands for pixels without annotation, or leave the key out."
        found, expected = repr(unknown), "the name of a class"
        raise SpecError("no such unknown class", field="unknown", found=found, expected=expected, mend=mend)
    return names.index(unknown)


def _check_ids_ascend(classes: Sequence[LabelClass], unknown: int | None) -> None:
    last = -1
    for number, item in enumerate(classes):
        if number == unknown:
            continue
        if item.file_id <= last:
            field, found = f"classes, entry {number + 1} ({item.name!r})", f"id {item.file_id} after id {last}"
            mend = "Sort the [[classes]] entries by id."
            raise SpecError("class ids out of order", field=field, found=found, expected="ascending ids", mend=mend)
        last = item.file_id


def dataset_toml(spec: LabelSpec, part_names: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """The text of a `dataset.toml` that reads back as `spec`: what a written data set carries with it."""
    lines = [f"name = {_quoted(spec.name)}"]
    if spec.unknown is not None:
        lines.append(f"unknown = {_quoted(spec.classes[spec.unknown].name)}")
    lines.append(f"instance_layout = {_quoted(spec.instance_layout)}")
    for item in spec.classes:
        lines += ["", "[[classes]]", f"id = {item.file_id}", f"name = {_quoted(item.name)}"]
        lines.append(f"color = [{', '.join(map(str, item.color))}]")
        if item.thing:
            lines.append("thing = true")
        if item.part_category is not None:
            lines.append(f"part_category = {_quoted(item.part_category)}")
    if part_names:
        lines += ["", "[parts]"]
        lines += [f"{_quoted(key)} = [{', '.join(map(_quoted, names))}]" for key, names in part_names.items()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
